package hook

import (
	"context"

	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// unlessUnconfigured is the error of opening a repository, or nil if the repository
// has nothing to do with this program: hooks can be those of all repositories of a
// user, and not every one of them can be read here.
func (r *Run) unlessUnconfigured(ctx context.Context, err error) error {
	_, failure := gitcli.User{Dir: r.Dir}.Output(ctx, "config", "--get-regexp",
		`^(nix-authorize\..*(introduction|signer)|guix\.authentication\.introduction-(commit|signer))$`)
	const noneFound = 1
	if gitcli.ExitCode(failure) == noneFound {
		return nil
	}
	return err
}
