package authz

import (
	"sort"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// Chain implements Evidence. Below an ancestor of base all are, so that a few
// questions of ancestry find the place where the chain joins.
func (e *reading) Chain(head, base gitwalk.ID, most int) ([]gitwalk.ID, bool, error) {
	chain := []gitwalk.ID{head}
	for {
		last := chain[len(chain)-1]
		joined, err := e.isAncestor(last, base)
		if err != nil {
			return nil, false, err
		}
		if joined {
			chain, err = e.cut(chain, base)
			return chain, err == nil, err
		}
		longer, err := e.extend(chain, min(2*len(chain), most+1))
		if err != nil {
			return nil, false, err
		}
		if len(longer) == len(chain) {
			return chain[:min(len(chain), most)], false, nil
		}
		chain = longer
	}
}

// extend adds first parents until the chain has so many commits, or ends at a root.
func (e *reading) extend(chain []gitwalk.ID, length int) ([]gitwalk.ID, error) {
	for len(chain) < length {
		if err := e.ctx.Err(); err != nil {
			return nil, err
		}
		parent, err := e.firstParent(chain[len(chain)-1])
		if err != nil {
			return nil, err
		}
		if parent.IsZero() {
			break
		}
		chain = append(chain, parent)
	}
	return chain, nil
}

// firstParent is the zero ID for a root, and for what is no commit that git would
// understand.
func (e *reading) firstParent(commit gitwalk.ID) (gitwalk.ID, error) {
	raw, err := e.reader.Commit(commit)
	if isMalformed(err) {
		return gitwalk.ID{}, nil
	}
	if err != nil {
		return gitwalk.ID{}, err
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil || len(links.Parents) == 0 {
		return gitwalk.ID{}, nil
	}
	return links.Parents[0], nil
}

// cut drops from a chain the ancestors of base, of which the last commit is one.
func (e *reading) cut(chain []gitwalk.ID, base gitwalk.ID) ([]gitwalk.ID, error) {
	var failed error
	n := sort.Search(len(chain)-1, func(i int) bool {
		joined, err := e.isAncestor(chain[i], base)
		if err != nil {
			failed = err
		}
		return joined
	})
	if failed != nil {
		return nil, failed
	}
	return chain[:n], nil
}

func (e *reading) isAncestor(ancestor, descendant gitwalk.ID) (bool, error) {
	e.asked++
	bases, err := e.graph.MergeBases(e.ctx, ancestor, descendant)
	return err == nil && len(bases) == 1 && bases[0] == ancestor, err
}
