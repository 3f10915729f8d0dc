package update

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// userGit gives a failure of the user's git a class, and a hint where the cause is
// known. Any other error stays as it is.
func userGit(err error) error {
	failed, ok := gitcli.Failed(err)
	if !ok {
		return err
	}
	hint := ""
	// "git help config" has safe.directory, of which git before 2.35.3 speaks otherwise.
	if strings.Contains(failed.Stderr, "dubious ownership") || strings.Contains(failed.Stderr, "unsafe repository") {
		hint = "run this as the user that the repository belongs to; or, if you trust whoever can write to it, allow it with: git config --global --add safe.directory DIRECTORY"
	}
	return outcome.UncheckedError(authz.CannotCheck, err, hint)
}

// fetchError says what is known about a fetch that has failed.
func fetchError(t Target, err error) error {
	failed, ok := gitcli.Failed(err)
	if !ok {
		return err
	}
	if strings.Contains(failed.Stderr, "couldn't find remote ref") {
		return outcome.UsageError(fmt.Errorf("the remote %s has no branch %q", t.Name(), t.Branch), `"git ls-remote --heads" lists its branches`)
	}
	return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("fetching %s from %s: %w", t.Branch, t.Name(), failed),
		fmt.Sprintf(`nothing here has changed; "git ls-remote %s" shows whether the remote can be reached`, t.Name()))
}
