package gitwalk

import (
	"container/heap"
	"context"
	"errors"
	"iter"
	"slices"
)

// A Range is the result of Walk: commits in an order in which parents come
// before their children and, as far as that allows, older commits before newer
// ones. The order depends on the history alone.
type Range struct {
	walker *walker
	order  []uint32 // nodes in the range, parents first
	place  []uint32 // for each node 1 + its index in order, 0 outside the range
	// outside has, for each node once it is needed, whether the commit is
	// proven to be no ancestor of an excluded commit.
	outside []bool
	settled error
	settle  bool
}

// Len is the number of commits in the range.
func (r *Range) Len() int { return len(r.order) }

// Commits yields the ids of all commits, parents first.
func (r *Range) Commits() iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for _, i := range r.order {
			if !yield(r.walker.nodes[i].id) {
				return
			}
		}
	}
}

// Index is the place of a commit in the order of Commits, and false for a commit
// that is not in the range.
func (r *Range) Index(id ID) (int, bool) {
	i, ok := r.walker.index[id]
	if !ok || int(i) >= len(r.place) || r.place[i] == 0 {
		return 0, false
	}
	return int(r.place[i]) - 1, true
}

// Touches says whether the excluded commit id is the tip or a parent of a commit
// in the range. If it is, the tip descends from it. If it is not, no path leads
// from the tip to it except through other excluded commits or their ancestors.
func (r *Range) Touches(id ID) bool {
	i, ok := r.walker.index[id]
	return ok && r.walker.nodes[i].flags&(boundary|touched) == boundary|touched
}

// Excluded says for certain whether a commit of the range is an ancestor of an
// excluded one after all, which wrong committer dates can hide from Walk. It
// costs nothing for a descendant of an excluded commit; for others it reads, the
// first time, all that is left of the excluded closure. If a part of that is
// missing and the answer depends on it, it returns a *MissingError.
func (r *Range) Excluded(ctx context.Context, id ID) (bool, error) {
	i, ok := r.walker.index[id]
	if !ok {
		return false, errors.New("the commit is not in the range")
	}
	if r.outside == nil {
		r.findDescendants()
	}
	if r.outside[i] {
		return false, nil
	}
	if !r.settle {
		r.settle = true
		r.settled = r.walker.run(ctx, func() bool { return true })
	}
	if r.settled != nil {
		return false, r.settled
	}
	if r.walker.nodes[i].flags&excluded != 0 {
		return true, nil
	}
	for _, a := range r.walker.absent {
		return false, &MissingError{ID: r.walker.nodes[a].id}
	}
	return false, nil
}

// findDescendants fills outside: a commit that descends from an excluded commit
// is not its ancestor. Every such path lies within the range.
func (r *Range) findDescendants() {
	w := r.walker
	r.outside = make([]bool, len(w.nodes))
	for _, i := range r.order {
		n := w.nodes[i]
		for _, p := range w.parents[n.first : n.first+n.count] {
			if r.outside[p] || w.nodes[p].flags&boundary != 0 {
				r.outside[i] = true
				break
			}
		}
	}
}

func newRange(w *walker) *Range {
	r := &Range{walker: w}
	r.sort()
	r.place = make([]uint32, len(w.nodes))
	for place, i := range r.order {
		r.place[i] = uint32(place) + 1
	}
	return r
}

// sort is Kahn's algorithm with a heap, so that among the commits whose parents
// have all been placed the oldest comes next.
func (r *Range) sort() {
	w := r.walker
	waiting, children, start := w.edges()
	var ready dateQueue
	for i := range w.nodes {
		if w.nodes[i].inRange() && waiting[i] == 0 {
			ready = append(ready, queueItem{-w.nodes[i].date, ^uint32(i)})
		}
	}
	heap.Init(&ready)
	r.order = make([]uint32, 0, w.found)
	for len(ready) > 0 {
		i := ^heap.Pop(&ready).(queueItem).node
		r.order = append(r.order, i)
		for _, child := range children[start[i]:start[i+1]] {
			if waiting[child]--; waiting[child] == 0 {
				heap.Push(&ready, queueItem{-w.nodes[child].date, ^child})
			}
		}
	}
}

// edges returns for each node how many parents it has in the range, and its
// children in the range: those of node i are children[start[i]:start[i+1]].
func (w *walker) edges() (waiting, children, start []uint32) {
	waiting = make([]uint32, len(w.nodes))
	start = make([]uint32, len(w.nodes)+1)
	each := func(visit func(parent, child uint32)) {
		for i := range w.nodes {
			if n := &w.nodes[i]; n.inRange() {
				for _, p := range w.parents[n.first : n.first+n.count] {
					if w.nodes[p].inRange() {
						visit(p, uint32(i))
					}
				}
			}
		}
	}
	each(func(parent, child uint32) { waiting[child]++; start[parent+1]++ })
	for i := range w.nodes {
		start[i+1] += start[i]
	}
	children = make([]uint32, start[len(w.nodes)])
	next := slices.Clone(start)
	each(func(parent, child uint32) { children[next[parent]] = child; next[parent]++ })
	return waiting, children, start
}
