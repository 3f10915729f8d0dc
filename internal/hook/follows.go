package hook

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// checkFollows requires of a push that what a branch is now stays part of its history,
// as the rules for merges understand that (authz.Verifier.Continues), if it stays part
// of it as git does. The tip is authentic.
//
// A push that goes back or aside is for receive.denyNonFastForwards to stop. To that
// setting a merge is a step forward, too, if it begins at an old commit and has the
// present branch as its content alone: by it somebody whom the list has lost since
// could undo that.
func (j *judge) checkFollows(b *bench, ref protectedRef, old, tip gitwalk.ID) error {
	if old.IsZero() {
		return nil
	}
	err := j.follows(b, ref, old, tip)
	if err == nil || j.isBad(ref, old) {
		return nil
	}
	return verification.Classify(j.repository, err)
}

func (j *judge) follows(b *bench, ref protectedRef, old, tip gitwalk.ID) error {
	continues, err := b.Verifier(nil).Continues(j.ctx, old, tip)
	if err != nil || continues {
		return err
	}
	relation, err := movement.Relate(j.ctx, j.repository, old, tip)
	if err != nil || relation != movement.Forward {
		return err
	}
	return &outcome.Error{
		Class: outcome.Downgrade, Reason: outcome.ReasonDowngrade,
		Err:  fmt.Errorf("commit %s descends from %s, which %s is now, through a merge for which that is content and not history", tip, old, ref.ref),
		Hint: fmt.Sprintf("merge the other way round: check out %s, and merge into it what is new", ref.branch),
	}
}

// isBad says whether what a ref is now was found not to be authentic. The way from
// there to a good tip must be free.
func (j *judge) isBad(ref protectedRef, old gitwalk.ID) bool {
	_, report, err := j.verdict(ref, old)
	return err == nil && report.Outcome() != authz.Authentic
}
