package verification

import (
	"context"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
)

// Examine judges one commit alone and keeps what the verdict rests on.
func (v *Verification) Examine(ctx context.Context, id gitwalk.ID) (*authz.Examination, error) {
	examination, err := v.Verifier(nil).Examine(ctx, id)
	if err != nil {
		return nil, classify(v.Repository, err)
	}
	return examination, nil
}

// Exactly is the revision of a commit that no ref names.
func Exactly(id gitwalk.ID) gitrepo.Revision { return gitrepo.Revision{ID: id} }
