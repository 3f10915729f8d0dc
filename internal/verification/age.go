package verification

import (
	"context"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/movement"
)

// SignedDate is the date that vouches for the age of an authentic tip; see
// authz.Verifier. A maxAge of 0 is content with any.
func (v *Verification) SignedDate(ctx context.Context, tip gitwalk.ID, maxAge time.Duration) (time.Time, error) {
	var since time.Time
	if maxAge > 0 {
		since = time.Now().Add(-maxAge)
	}
	date, err := v.Verifier(nil).SignedDate(ctx, tip, since)
	return date, classify(v.Repository, err)
}

// CheckAge requires that the date of an authentic tip is not too old. A maxAge of 0
// allows any age. The error is of the class outcome.Stale.
func (v *Verification) CheckAge(ctx context.Context, tip gitwalk.ID, maxAge time.Duration) error {
	if maxAge == 0 {
		return nil
	}
	signed, err := v.SignedDate(ctx, tip, maxAge)
	if err != nil {
		return err
	}
	return movement.CheckAge(tip, signed, maxAge, time.Now())
}
