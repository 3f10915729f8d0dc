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
	return outcome.UncheckedError(authz.CannotCheck, err, hintOwner(failed))
}

// hintOwner says what to do if git refuses to work in a repository of somebody else's
// (safe.directory in git-config(1)). Git before 2.35.3 speaks of it in other words.
func hintOwner(failed *gitcli.Error) string {
	if !strings.Contains(failed.Stderr, "dubious ownership") && !strings.Contains(failed.Stderr, "unsafe repository") {
		return ""
	}
	return "run this as the user that the repository belongs to; or, if you trust whoever can write to it, allow it with: git config --global --add safe.directory DIRECTORY"
}

// fetchError says what is known about a fetch that has failed.
func fetchError(t Target, err error) error {
	failed, ok := gitcli.Failed(err)
	if !ok {
		return err
	}
	if hint := hintOwner(failed); hint != "" {
		return outcome.UncheckedError(authz.CannotCheck, err, hint)
	}
	if strings.Contains(failed.Stderr, "couldn't find remote ref") {
		return outcome.UsageError(fmt.Errorf("the remote %s has no branch %q", t.Name(), t.Branch), `"git ls-remote --heads" lists its branches`)
	}
	return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("fetching %s from %s: %w", t.Branch, t.Name(), failed),
		fmt.Sprintf(`nothing here has changed; "git ls-remote %s" shows whether the remote can be reached`, t.Name()))
}
