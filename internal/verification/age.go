package verification

import (
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/movement"
)

// CheckAge requires that the date of an authentic tip is not too old. A maxAge of 0
// allows any age. The error is of the class outcome.Stale.
func (v *Verification) CheckAge(tip gitwalk.ID, maxAge time.Duration) error {
	if maxAge == 0 {
		return nil
	}
	commit, _, err := v.CommitAt(tip)
	if err != nil {
		return err
	}
	return movement.CheckAge(tip, commit.CommitTime, maxAge, time.Now())
}
