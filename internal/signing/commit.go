package signing

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// CommitError gives the error of a git that was to make a signed commit a hint.
func CommitError(err error) error {
	failed, ok := gitcli.Failed(err)
	if !ok {
		return err
	}
	return outcome.UsageError(fmt.Errorf("no signed commit was made: %w", failed), "see whether your key can sign: "+hintGPG+"; for SSH, "+hintSSH)
}
