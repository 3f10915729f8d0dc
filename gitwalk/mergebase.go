package gitwalk

import (
	"cmp"
	"context"
	"slices"
)

// MergeBases returns the best common ancestors of a and b, as "git merge-base
// --all a b" does: all commits that are ancestors of both (or are themselves a or
// b) and not ancestors of another such commit. The newest by committer date comes
// first; there are none if the histories have nothing in common.
//
// The result is exact whatever the committer dates say, so that nobody who dates a
// commit can choose what a merge is compared with. Two facts make it so. The search
// ends only when every commit that one side alone reaches has been followed to its
// parents; so it has met all best common ancestors. And where it has met several
// commits, the same search among these shows which are ancestors of others.
// Dates decide only where to look first: if they are truthful, about as much is
// read as lies between a and b and their common ancestors. A run of commits with
// wrong dates costs some fifty times its length, not the whole history.
//
// A commit that is missing is a *MissingError, unless it is an ancestor of a
// common one. Other errors are those of Reader.Commit, and *MalformedError for a
// commit in which git itself would not find parents.
func (g *Graph) MergeBases(ctx context.Context, a, b ID) ([]ID, error) {
	bases, err := g.bases(ctx, g.node(a), g.node(b))
	var ids []ID
	for _, i := range bases {
		ids = append(ids, g.nodes[i].id)
	}
	return ids, err
}

// MergeBases is Graph.MergeBases on a graph of its own.
func MergeBases(ctx context.Context, r *Reader, a, b ID) ([]ID, error) {
	return NewGraph(r).MergeBases(ctx, a, b)
}

func (g *Graph) bases(ctx context.Context, a, b uint32) ([]uint32, error) {
	s := baseSearch{graph: g}
	defer s.clean()
	if err := s.run(ctx, a, b); err != nil {
		return nil, err
	}
	if len(s.found) < 2 {
		return s.found, nil
	}
	s.clean()
	return g.independent(ctx, s.found)
}

// independent leaves out commits that are ancestors of others.
func (g *Graph) independent(ctx context.Context, commits []uint32) ([]uint32, error) {
	var best []uint32
	for i, one := range commits {
		// What is an ancestor of a commit that has been left out is an
		// ancestor of another that has not.
		others := slices.Concat(best, commits[i+1:])
		below, err := g.isBelow(ctx, one, others)
		if err != nil {
			return nil, err
		}
		if !below {
			best = append(best, one)
		}
	}
	slices.SortFunc(best, func(i, j uint32) int {
		a, b := &g.nodes[i], &g.nodes[j]
		return cmp.Or(cmp.Compare(b.date, a.date), slices.Compare(a.id[:], b.id[:]))
	})
	return best, nil
}

// isBelow says whether a commit is an ancestor of one of the others.
func (g *Graph) isBelow(ctx context.Context, one uint32, others []uint32) (bool, error) {
	s := baseSearch{graph: g}
	defer s.clean()
	err := s.run(ctx, one, others...)
	return g.nodes[one].paint&fromRight != 0, err
}
