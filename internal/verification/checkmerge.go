package verification

import (
	"context"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// CheckMerge says what verdict a merge of head into base would have, and remembers
// base if its history is authentic. Of the head nothing is remembered: it is not
// merged yet.
func (v *Verification) CheckMerge(ctx context.Context, base, head gitwalk.ID, observe func(authz.Event)) (check *authz.MergeCheck, uncached, err error) {
	check, err = v.Verifier(observe).CheckMerge(ctx, base, head)
	if err != nil {
		return nil, nil, classify(v.Repository, err)
	}
	if check.History.Outcome() == authz.Authentic {
		uncached = v.cache.Add(base)
	}
	return check, uncached, nil
}
