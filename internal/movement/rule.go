package movement

import (
	"fmt"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// maxSkew is how far in the future a date may be.
const maxSkew = time.Hour

// CheckContinues requires that a tip continues the last one that was found
// authentic for the same introduction, remote and branch. The error is of the class
// outcome.Downgrade.
func CheckContinues(relation Relation, remembered, tip gitwalk.ID) error {
	var what string
	switch relation {
	case Same, Forward:
		return nil
	case Backward:
		what = "is older than"
	case Diverged:
		what = "has diverged from"
	default:
		what = "comes from a history that does not have"
	}
	return &outcome.Error{
		Class: outcome.Downgrade, Reason: outcome.ReasonDowngrade,
		Err: fmt.Errorf("commit %s %s %s, the last tip that was verified", tip, what, remembered),
		Hint: "the remote withholds commits or its history was rewritten; ask the project; " +
			"if going back is what you want, add --allow-downgrade",
	}
}

// CheckAge requires that the date of a signed tip is at most maxAge before now, and
// not more than an hour after it. A maxAge of 0 allows any date. The error is of the
// class outcome.Stale.
func CheckAge(tip gitwalk.ID, signed time.Time, maxAge time.Duration, now time.Time) error {
	if maxAge == 0 {
		return nil
	}
	stale := func(format string, args ...any) error {
		return &outcome.Error{
			Class: outcome.Stale, Reason: outcome.ReasonStale, Err: fmt.Errorf(format, args...),
			Hint: "the remote may be withholding newer commits; compare with another source, or allow a greater --max-age",
		}
	}
	switch {
	case signed.IsZero():
		return stale("commit %s has no date that can be read", tip)
	case signed.Sub(now) > maxSkew:
		return stale("commit %s is dated %s, which is in the future", tip, signed.UTC().Format(time.RFC3339))
	case now.Sub(signed) > maxAge:
		return stale("commit %s is dated %s, which is longer ago than the greatest age allowed", tip, signed.UTC().Format(time.RFC3339))
	}
	return nil
}
