package update

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// userGit gives a failure of the user's git a class, and a hint where the cause is
// known. Any other error stays as it is.
func userGit(err error) error {
	failed, ok := gitcli.Failed(err)
	if !ok {
		return err
	}
	return outcome.UncheckedError(authz.CannotCheck, err, verification.HintOwner(failed))
}

// fetchError says what is known about a fetch that has failed.
func fetchError(t Target, err error) error {
	failed, ok := gitcli.Failed(err)
	if !ok {
		return err
	}
	if hint := verification.HintOwner(failed); hint != "" {
		return outcome.UncheckedError(authz.CannotCheck, err, hint)
	}
	if strings.Contains(failed.Stderr, "couldn't find remote ref") {
		return outcome.UsageError(fmt.Errorf("the remote %s has no branch %q", t.Name(), t.Branch), `"git ls-remote --heads" lists its branches`)
	}
	return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("fetching %s from %s: %w", t.Branch, t.Name(), failed),
		fmt.Sprintf(`nothing here has changed; "git ls-remote %s" shows whether the remote can be reached`, t.Name()))
}
