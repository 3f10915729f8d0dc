package signing

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// CommitError gives the error of a git that was to make a commit signed by this key
// a hint.
func (s *Signer) CommitError(err error) error {
	failed, ok := gitcli.Failed(err)
	if !ok {
		return err
	}
	hint := hintGPG
	if s.Key.IsSSH() {
		hint = hintSSH
	}
	return outcome.UsageError(fmt.Errorf("no signed commit was made: %w", failed), "if it is because of the signature: "+hint)
}
