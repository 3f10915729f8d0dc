package gitwalk

import (
	"context"
	"slices"
	"testing"
)

// forKnown is forDAGs with known commits, of which none but descendants of all
// excluded ones are said to descend from them.
func forKnown(t *testing.T, rounds int, check func(w *walkCase, known []int) string) {
	forDAGs(t, rounds, func(w *walkCase) string {
		known := w.pick(w.rng, 1+w.rng.IntN(3))
		above := func(i int) bool {
			return !slices.ContainsFunc(w.exclude, func(e int) bool { return !w.isAbove(i, e) })
		}
		w.opt.Known = w.idsOf(known)
		w.opt.KnownDescend = !slices.ContainsFunc(known, func(i int) bool { return !above(i) })
		return check(w, known)
	})
}

// settled says whether a commit is known, or can be reached from a known one by edges.
func (w *walkCase) settled(i int, known []int) bool {
	return slices.ContainsFunc(known, func(k int) bool {
		return w.reach(k, w.edges, func(int) bool { return false })[i]
	})
}

// TestWalkKnown has that what is known leaves out what is followed from it, and
// nothing else.
func TestWalkKnown(t *testing.T) {
	exact, inexact, content := 0, 0, 0
	forKnown(t, 5_000, func(w *walkCase, known []int) string {
		r, err := w.walk()
		if err != nil {
			return err.Error()
		}
		all := w.wanted()
		for i := range all {
			_, in := r.Index(w.ids[i])
			switch settled := w.settled(i, known); {
			case !settled && !in:
				return "a commit is left out: " + w.ids[i].String()
			case settled && in && w.honest:
				return "with honest dates a commit is left in: " + w.ids[i].String()
			case settled && in:
				inexact++
			case !settled:
				exact++
				if w.below(i, known) {
					content++
				}
			}
		}
		for id := range r.Commits() {
			if i := w.number[id]; !all[i] && (w.honest || !w.below(i, w.exclude)) {
				return "a commit has no business in the range: " + id.String()
			}
			got, err := r.Excluded(context.Background(), id)
			if err != nil {
				return err.Error()
			}
			if got != w.below(w.number[id], w.exclude) {
				return "Excluded is wrong about " + id.String()
			}
		}
		return w.checkOrder(r)
	})
	if exact < 1000 || inexact < 40 || content < 40 {
		t.Errorf("%d commits were in ranges, %d because of wrong dates, %d below known ones: the test tests little", exact, inexact, content)
	}
}

// TestTouchesKnown has which known commits the walk has come upon.
func TestTouchesKnown(t *testing.T) {
	touches, not := 0, 0
	forKnown(t, 5_000, func(w *walkCase, known []int) string {
		r, err := w.walk()
		if err != nil {
			return err.Error()
		}
		for _, k := range known {
			stop := func(i int) bool {
				return i != k && (w.below(i, w.exclude) || w.settled(i, known))
			}
			followed := w.reach(w.tip, w.edges, func(int) bool { return false })[k]
			switch got := r.Touches(w.ids[k]); {
			case got && !followed:
				return "no path of followed parents leads from the tip to a known commit that is touched: " + w.ids[k].String()
			case !got && w.reach(w.tip, w.edges, stop)[k]:
				return "a path leads from the tip to a known commit that is not touched: " + w.ids[k].String()
			case got:
				touches++
			default:
				not++
			}
		}
		return ""
	})
	if touches < 1000 || not < 1000 {
		t.Errorf("%d commits were touched, %d not: the test tests little", touches, not)
	}
}

// TestKnownSparesExcluded has that it costs nothing to know that a child of a known
// commit is excluded by none, if known commits descend.
func TestKnownSparesExcluded(t *testing.T) {
	m := newMemory()
	below := m.commit(1)
	for i := range 200 {
		below = m.commit(int64(i), below)
	}
	introduction := m.commit(300, below)
	known := m.commit(301, introduction)
	for i := range 200 {
		known = m.commit(int64(302+i), known)
	}
	tip := m.commit(600, known)
	for descend, most := range map[bool]int{true: 10, false: 1000} {
		reader := NewReader(m)
		r, err := Walk(context.Background(), reader, tip, []ID{introduction}, Options{Known: []ID{known}, KnownDescend: descend})
		if err != nil || r.Len() != 1 || !r.Touches(known) || r.Touches(introduction) {
			t.Fatal(r, err)
		}
		m.reads = 0
		if excluded, err := r.Excluded(context.Background(), tip); excluded || err != nil || m.reads > most || !descend && m.reads < 100 {
			t.Errorf("%v, %v after %d reads", excluded, err, m.reads)
		}
	}
}
