package authz

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// Continues says whether the history of an authentic tip goes through an earlier one:
// whether a way leads down to it along the parents that the rules for merges follow.
//
// That the tip descends from it is not enough. Where merges are not strict, somebody
// whose key an old list had can begin at an old commit, and merge the present branch
// into that with a signature that the old list allows. Such a merge descends from
// everything, is authentic, and has undone whatever came in between: the earlier tip
// is mere content of it.
func (v *Verifier) Continues(ctx context.Context, earlier, tip gitwalk.ID) (bool, error) {
	if earlier == tip {
		return true, nil
	}
	source, err := v.Objects.NewSource()
	if err != nil {
		return false, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	r := &run{
		Verifier: v, reader: reader,
		files: newFiles(v.Policy.Introduction.Format, reader),
		blind: make(map[gitwalk.ID]error),
	}
	between, err := gitwalk.Walk(ctx, reader, tip, []gitwalk.ID{earlier}, gitwalk.Options{Follow: r.follow})
	if err != nil {
		return false, r.uncheckedAt(tip, err)
	}
	if between.Touches(earlier) {
		return true, nil
	}
	for merge := range between.Commits() {
		if err := r.blind[merge]; err != nil {
			return false, err // the way may lead through a parent that was not followed
		}
	}
	return false, nil
}
