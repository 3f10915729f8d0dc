package gitwalk

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// A Range is the result of Walk: commits in an order in which parents come
// before their children and, as far as that allows, older commits before newer
// ones. The order depends on the history and the arguments of Walk alone.
//
// A Range is for one goroutine, that of the Reader.
type Range struct {
	walker *walker
	order  []uint32 // the nodes of the commits, parents first
	place  []uint32 // for each node 1 + its index in order, 0 outside the range
	// outside has, for each commit once it is needed, whether it is proven to
	// be no ancestor of an excluded commit.
	outside []bool
}

// Len is the number of commits in the range.
func (r *Range) Len() int { return len(r.order) }

// Commits yields the ids of all commits, parents first.
func (r *Range) Commits() iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for place := range r.order {
			if !yield(r.ID(place)) {
				return
			}
		}
	}
}

// ID is the commit at a place.
func (r *Range) ID(place int) ID { return r.walker.all[r.order[place]].id }

// Number is the number with which Found was told of the commit at a place.
func (r *Range) Number(place int) int { return int(r.order[place]) }

// Parents yields the parents of the commit at a place.
func (r *Range) Parents(place int) iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for _, p := range r.walker.parentsOf(r.order[place]) {
			if !yield(r.walker.all[p].id) {
				return
			}
		}
	}
}

// Index is the place of a commit in the order of Commits, and false for a commit
// that is not in the range.
func (r *Range) Index(id ID) (int, bool) {
	i, ok := r.walker.find(id)
	if !ok || int(i) >= len(r.place) || r.place[i] == 0 {
		return 0, false
	}
	return int(r.place[i]) - 1, true
}

// Touches says whether the walk has come upon the excluded or known commit id: whether it
// is the tip, or a parent that is followed from a commit of the range. If so, the
// tip descends from it. If not, no path of followed parents leads from the tip to
// it except through other excluded or known commits or their ancestors.
func (r *Range) Touches(id ID) bool {
	i, ok := r.walker.find(id)
	return ok && r.walker.all[i].flags&touched != 0 && r.walker.all[i].flags&(boundary|known) != 0
}

// Excluded says for certain whether a commit of the range is an ancestor of an
// excluded one after all, which wrong committer dates can hide from Walk.
//
// For a descendant of the excluded commit it costs nothing; if several are
// excluded, it first reads until it is known which of them lie below others. For
// other commits it reads, the first time, all that is left of the excluded
// closure. If a part of that is missing and the answer may depend on it, it
// returns a *MissingError.
func (r *Range) Excluded(ctx context.Context, id ID) (bool, error) {
	place, ok := r.Index(id)
	if !ok {
		return false, fmt.Errorf("commit %s is not in the range", id)
	}
	w := r.walker
	if r.outside == nil {
		if err := w.run(ctx, func() bool { return w.heads > 1 }); err != nil {
			return false, err
		}
		r.outside = r.aboveAll()
	}
	if r.outside[place] {
		return false, nil
	}
	if err := w.run(ctx, func() bool { return true }); err != nil {
		return false, err
	}
	if w.all[r.order[place]].flags&excluded != 0 {
		return true, nil
	}
	if len(w.absent) > 0 {
		return false, &MissingError{ID: w.all[w.absent[0]].id}
	}
	return false, nil
}

// aboveAll has for each commit of the range whether it descends from every
// excluded commit that is not itself below another. Such a commit is an ancestor
// of none: it would be its own ancestor.
func (r *Range) aboveAll() []bool {
	above := make([]bool, len(r.order))
	for i := range above {
		above[i] = true
	}
	for i := range r.walker.all {
		if r.walker.all[i].flags&(boundary|below) == boundary {
			r.above(uint32(i), above)
		}
	}
	return above
}

// above clears the commits that are not seen to descend from node head. Paths
// that leave the range are not seen.
func (r *Range) above(head uint32, above []bool) {
	descends := make([]bool, len(r.order))
	for place, i := range r.order {
		for _, p := range r.walker.parentsOf(i) {
			if p == head || r.walker.isAbove(p) || r.place[p] > 0 && descends[r.place[p]-1] {
				descends[place] = true
				break
			}
		}
		above[place] = above[place] && descends[place]
	}
}

// isAbove says whether node i is said to descend from every excluded commit.
func (w *walker) isAbove(i uint32) bool {
	return w.opt.KnownDescend && w.all[i].flags&known != 0
}

func newRange(w *walker) *Range {
	r := &Range{walker: w}
	r.sort()
	r.place = make([]uint32, len(w.all))
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
	for i := range w.all {
		if w.all[i].inRange() && waiting[i] == 0 {
			ready.push(queueItem{^w.all[i].date, ^uint32(i)})
		}
	}
	r.order = make([]uint32, 0, w.found)
	for len(ready) > 0 {
		i := ^ready.pop().node
		r.order = append(r.order, i)
		for _, child := range children[start[i]:start[i+1]] {
			if waiting[child]--; waiting[child] == 0 {
				ready.push(queueItem{^w.all[child].date, ^child})
			}
		}
	}
}

// edges returns for each node how many parents it has in the range, and its
// children in the range: those of node i are children[start[i]:start[i+1]].
func (w *walker) edges() (waiting, children, start []uint32) {
	waiting = make([]uint32, len(w.all))
	start = make([]uint32, len(w.all)+1)
	each := func(visit func(parent, child uint32)) {
		for i := range w.all {
			if w.all[i].inRange() {
				for _, p := range w.parentsOf(uint32(i)) {
					if w.all[p].inRange() {
						visit(p, uint32(i))
					}
				}
			}
		}
	}
	each(func(parent, child uint32) { waiting[child]++; start[parent+1]++ })
	for i := range w.all {
		start[i+1] += start[i]
	}
	children = make([]uint32, start[len(w.all)])
	next := slices.Clone(start)
	each(func(parent, child uint32) { children[next[parent]] = child; next[parent]++ })
	return waiting, children, start
}
