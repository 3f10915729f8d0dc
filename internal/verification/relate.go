package verification

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/movement"
)

// Relate finds out how an authentic tip relates to an earlier one. It is movement.Relate,
// but for a tip that descends from the earlier one and does not continue it
// (authz.Verifier.Continues), which has diverged.
func (v *Verification) Relate(ctx context.Context, earlier, tip gitwalk.ID) (movement.Relation, error) {
	relation, err := movement.Relate(ctx, v.Repository, earlier, tip)
	if err != nil || relation != movement.Forward {
		return relation, Classify(v.Repository, err)
	}
	continues, err := v.Verifier(nil).Continues(ctx, earlier, tip)
	if err == nil && !continues {
		relation = movement.Diverged
	}
	return relation, Classify(v.Repository, err)
}
