package gitwalk

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// forDAGs calls check with random histories, tips and excluded commits.
func forDAGs(t *testing.T, rounds int, check func(w *walkCase) (problem string)) {
	t.Helper()
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 0))
		d, honest := randomDAG(rng, 2+rng.IntN(14))
		w := &walkCase{dag: d, honest: honest, rng: rng, tip: rng.IntN(len(d.ids))}
		if rng.IntN(2) == 0 {
			w.tip = len(d.ids) - 1
		}
		w.exclude = d.pick(rng, []int{0, 1, 1, 1, 2, 2, 3, 6}[rng.IntN(8)])
		w.edges = d.parents
		if rng.IntN(2) == 0 {
			w.opt.Follow = d.follow
			w.edges = d.followed
		}
		if problem := check(w); problem != "" {
			t.Fatalf("seed %d, tip %d, exclude %v, follow %t: %s\n%s", seed, w.tip, w.exclude, w.opt.Follow != nil, problem, d)
		}
	}
}

type walkCase struct {
	*dag
	honest  bool
	rng     *rand.Rand
	tip     int
	exclude []int
	opt     Options
	edges   [][]int
}

func (w *walkCase) walk() (*Range, error) {
	return Walk(context.Background(), NewReader(w.store), w.ids[w.tip], w.idsOf(w.exclude), w.opt)
}

// wanted are the commits that the range must have.
func (w *walkCase) wanted() map[int]bool {
	return w.reach(w.tip, w.edges, func(i int) bool { return w.below(i, w.exclude) })
}

func TestWalkIsTheDifferenceOfClosures(t *testing.T) {
	exact, inexact := 0, 0
	forDAGs(t, 5_000, func(w *walkCase) string {
		r, err := w.walk()
		if err != nil {
			return err.Error()
		}
		want := w.wanted()
		for i := range want {
			if _, ok := r.Index(w.ids[i]); !ok {
				return "a commit is left out: " + w.ids[i].String()
			}
		}
		for id := range r.Commits() {
			switch i := w.number[id]; {
			case want[i]:
			case w.honest:
				return "with honest dates a commit is left in: " + id.String()
			case !w.below(i, w.exclude) || !w.isAbove(w.tip, i):
				return "a commit has no business in the range: " + id.String()
			default:
				inexact++
			}
		}
		exact += len(want)
		return w.checkOrder(r)
	})
	if exact < 5000 || inexact < 100 {
		t.Errorf("%d commits were in ranges, %d because of wrong dates: the test tests little", exact, inexact)
	}
}

// checkOrder requires parents first, the same places from Index as from Commits,
// and the same order from another walk.
func (w *walkCase) checkOrder(r *Range) string {
	place := 0
	seen := make(map[ID]bool)
	for id := range r.Commits() {
		if at, ok := r.Index(id); !ok || at != place || seen[id] {
			return "Index and Commits disagree about " + id.String()
		}
		for _, p := range w.parents[w.number[id]] {
			if _, ok := r.Index(w.ids[p]); ok && !seen[w.ids[p]] {
				return "a parent comes after its child " + id.String()
			}
		}
		seen[id] = true
		place++
	}
	if place != r.Len() {
		return "Len is not the number of commits"
	}
	for i, id := range w.ids {
		if at, ok := r.Index(id); ok != seen[id] || !ok && at != 0 {
			return "Index is wrong about commit " + w.ids[i].String()
		}
	}
	again, err := w.walk()
	if err != nil || !slices.Equal(slices.Collect(r.Commits()), slices.Collect(again.Commits())) {
		return "another walk finds another order"
	}
	return ""
}

func TestTouches(t *testing.T) {
	touches, not := 0, 0
	forDAGs(t, 5_000, func(w *walkCase) string {
		r, err := w.walk()
		if err != nil {
			return err.Error()
		}
		for _, e := range w.exclude {
			others := slices.DeleteFunc(slices.Clone(w.exclude), func(i int) bool { return i == e })
			direct := w.reach(w.tip, w.edges, func(i int) bool { return i != e && w.below(i, others) })[e]
			switch got := r.Touches(w.ids[e]); {
			case got && !w.isAbove(w.tip, e):
				return "the tip does not descend from an excluded commit and touches it: " + w.ids[e].String()
			case !got && direct:
				return "a path leads from the tip to an excluded commit that is not touched: " + w.ids[e].String()
			case got:
				touches++
			default:
				not++
			}
		}
		for i, id := range w.ids {
			if !slices.Contains(w.exclude, i) && r.Touches(id) {
				return "a commit that is not excluded is touched: " + id.String()
			}
		}
		return ""
	})
	if touches < 1000 || not < 1000 {
		t.Errorf("%d commits were touched, %d not: the test tests little", touches, not)
	}
}

func TestExcluded(t *testing.T) {
	yes, no := 0, 0
	forDAGs(t, 5_000, func(w *walkCase) string {
		r, err := w.walk()
		if err != nil {
			return err.Error()
		}
		commits := slices.Collect(r.Commits())
		w.rng.Shuffle(len(commits), func(i, j int) { commits[i], commits[j] = commits[j], commits[i] })
		for _, id := range commits {
			got, err := r.Excluded(context.Background(), id)
			if err != nil {
				return err.Error()
			}
			if got != w.below(w.number[id], w.exclude) {
				return "Excluded is wrong about " + id.String()
			}
			if got {
				yes++
			} else {
				no++
			}
		}
		for _, id := range append(w.ids, ID{1}) {
			if _, ok := r.Index(id); ok {
				continue
			}
			if _, err := r.Excluded(context.Background(), id); err == nil {
				return "Excluded answers for a commit that is not in the range: " + id.String()
			}
		}
		return w.checkOrder(r)
	})
	if yes < 50 || no < 1000 {
		t.Errorf("%d commits were excluded after all, %d not: the test tests little", yes, no)
	}
}

// In a damaged repository nothing is left out of a range that belongs there, and
// no doubt is settled without proof.
func TestWalkWithMissingCommits(t *testing.T) {
	walks, failures, doubts := 0, 0, 0
	forDAGs(t, 5_000, func(w *walkCase) string {
		missing := make(map[ID]bool)
		for _, i := range w.pick(w.rng, 1+w.rng.IntN(3)) {
			missing[w.ids[i]] = true
			delete(w.store.objects, w.ids[i])
		}
		want := w.wanted()
		r, err := w.walk()
		var lost *MissingError
		if errors.As(err, &lost) {
			failures++
			if !missing[lost.ID] || !w.reach(w.tip, w.edges, func(int) bool { return false })[w.number[lost.ID]] {
				return "the error names a commit that the tip does not need: " + lost.ID.String()
			}
			return ""
		}
		if err != nil {
			return err.Error()
		}
		walks++
		for i := range want {
			if missing[w.ids[i]] {
				return "a missing commit of the range is no error: " + w.ids[i].String()
			}
			if _, ok := r.Index(w.ids[i]); !ok {
				return "a commit is left out: " + w.ids[i].String()
			}
		}
		for id := range r.Commits() {
			got, err := r.Excluded(context.Background(), id)
			switch {
			case errors.As(err, &lost) && missing[lost.ID]:
				doubts++
			case err != nil:
				return err.Error()
			case got != w.below(w.number[id], w.exclude):
				return "Excluded is wrong about " + id.String()
			}
		}
		for _, e := range w.exclude {
			if r.Touches(w.ids[e]) && !w.isAbove(w.tip, e) {
				return "the tip does not descend from an excluded commit and touches it"
			}
		}
		return ""
	})
	if walks < 1000 || failures < 1000 || doubts < 100 {
		t.Errorf("%d walks succeeded, %d failed, %d doubts: the test tests little", walks, failures, doubts)
	}
}

func TestIsAncestor(t *testing.T) {
	ctx := context.Background()
	forDAGs(t, 300, func(w *walkCase) string {
		r := NewReader(w.store)
		for i, descendant := range w.ids {
			for j, ancestor := range w.ids {
				got, err := IsAncestor(ctx, r, ancestor, descendant)
				if err != nil {
					return err.Error()
				}
				if got != w.isAbove(i, j) {
					return "IsAncestor is wrong about " + ancestor.String() + " and " + descendant.String()
				}
			}
		}
		return ""
	})
}

func TestIsAncestorWithMissingCommits(t *testing.T) {
	ctx := context.Background()
	answers, failures := 0, 0
	forDAGs(t, 300, func(w *walkCase) string {
		lost := w.ids[w.rng.IntN(len(w.ids))]
		delete(w.store.objects, lost)
		r := NewReader(w.store)
		for i, descendant := range w.ids {
			for j, ancestor := range w.ids {
				got, err := IsAncestor(ctx, r, ancestor, descendant)
				var missing *MissingError
				switch {
				case err == nil && got == w.isAbove(i, j):
					answers++
				case err == nil:
					return "IsAncestor is wrong about " + ancestor.String() + " and " + descendant.String()
				case !errors.As(err, &missing) || missing.ID != lost || !w.isAbove(i, w.number[lost]):
					return err.Error()
				default:
					failures++
				}
			}
		}
		return ""
	})
	if answers < 1000 || failures < 1000 {
		t.Errorf("%d answers, %d failures: the test tests little", answers, failures)
	}
}
