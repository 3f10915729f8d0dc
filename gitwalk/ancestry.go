package gitwalk

import (
	"context"
)

// IsAncestor says whether ancestor is descendant or can be reached from it by
// parents. True is proven by such a path and found soon when dates are truthful;
// false means that the whole closure of descendant has been read. A missing
// commit on the way is an error unless a path is found without it.
func IsAncestor(ctx context.Context, r *Reader, ancestor, descendant ID) (bool, error) {
	if ancestor == descendant {
		return true, nil
	}
	w := &walker{reader: r, nodes: newNodes()}
	target := w.node(ancestor)
	if err := w.reach(w.node(descendant), wanted); err != nil {
		return false, err
	}
	found := func() bool { return w.all[target].flags&wanted != 0 }
	if err := w.run(ctx, func() bool { return !found() }); err != nil {
		return false, err
	}
	if found() {
		return true, nil
	}
	return false, w.checkMissing(ctx)
}
