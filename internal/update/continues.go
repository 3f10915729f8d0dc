package update

import (
	"context"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// checkMovement requires that an authentic tip continues what was seen before and is
// fresh, and finds out whether the branch can move to it.
func (p *puller) checkMovement(ctx context.Context, v *verification.Verification, tip gitwalk.ID) error {
	var err error
	if p.remembered, err = p.memory(v).Load(); err != nil {
		return err
	}
	if last := p.lastSeen(); !last.IsZero() && !p.AllowDowngrade {
		relation, err := v.Relate(ctx, last, tip)
		if err != nil {
			return err
		}
		if err := movement.CheckContinues(relation, last, tip); err != nil {
			return err
		}
	}
	in := p.result.Incoming
	if in.Signed, err = v.SignedDate(ctx, tip, p.MaxAge); err != nil {
		return err
	}
	in.Moves = in.Relation == movement.Forward ||
		in.Relation != movement.Same && p.AllowDowngrade && !p.hasOwnCommits(ctx)
	return movement.CheckAge(tip, in.Signed, p.MaxAge, time.Now())
}

// lastSeen is the tip that a new one has to continue: the one that is remembered for
// the introduction, URL and branch, or else what the tracking ref says.
func (p *puller) lastSeen() gitwalk.ID {
	if p.remembered != nil {
		return p.remembered.Tip
	}
	return p.before.tracking
}

// hasOwnCommits says whether the branch has commits that the remote never served, or
// might have: those must not be lost.
func (p *puller) hasOwnCommits(ctx context.Context) bool {
	seen := p.lastSeen()
	if seen.IsZero() {
		return true
	}
	relation, err := movement.Relate(ctx, p.repository, p.before.local, seen)
	return err != nil || relation != movement.Same && relation != movement.Forward
}
