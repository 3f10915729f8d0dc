package gitwalk

import (
	"fmt"
	"math/rand/v2"
)

// A dag is a small random history with what is true of it, found by the simplest
// means. Commit i has only parents with smaller numbers.
type dag struct {
	store    *memory
	ids      []ID
	number   map[ID]int
	parents  [][]int
	followed [][]int
	// above[i][j] says whether i is j or descends from it.
	above [][]bool
}

// A clock gives the date of a commit.
type clock func(number int, newestParent int64) int64

// clocks are ways of dating commits. With the honest ones no commit is older than
// its parents.
func clocks(rng *rand.Rand) (clock, bool) {
	switch rng.IntN(5) {
	case 0: // every commit is newer than its parents
		return func(_ int, newest int64) int64 { return newest + 1 + rng.Int64N(3) }, true
	case 1: // rebased: many commits have the date of their parents
		return func(_ int, newest int64) int64 { return newest + rng.Int64N(2) }, true
	case 2: // all at once
		return func(int, int64) int64 { return 5 }, true
	case 3: // one clock is wrong now and then
		return func(number int, _ int64) int64 {
			if rng.IntN(4) == 0 {
				return rng.Int64N(60)
			}
			return 10 + int64(number)
		}, false
	}
	return func(int, int64) int64 { return rng.Int64N(10) - 5 }, false
}

func randomDAG(rng *rand.Rand, size int) (d *dag, honest bool) {
	d = &dag{store: newMemory(), number: make(map[ID]int)}
	date, honest := clocks(rng)
	dates := make([]int64, size)
	for i := range size {
		var parents []int
		if i > 0 && rng.IntN(10) > 0 {
			for range []int{1, 1, 1, 1, 2, 2, 2, 3, 5}[rng.IntN(9)] {
				parents = append(parents, max(0, i-1-rng.IntN(min(i, 4)+rng.IntN(3))))
			}
		}
		newest := int64(1)
		var ids []ID
		for _, p := range parents {
			ids = append(ids, d.ids[p])
			newest = max(newest, dates[p])
		}
		dates[i] = date(i, newest)
		d.add(rng, parents, d.store.commit(dates[i], ids...))
	}
	return d, honest
}

func (d *dag) add(rng *rand.Rand, parents []int, id ID) {
	i := len(d.ids)
	d.ids = append(d.ids, id)
	d.number[id] = i
	d.parents = append(d.parents, parents)
	followed := parents
	if len(parents) > 1 {
		followed = parents[:1+rng.IntN(len(parents))]
	}
	d.followed = append(d.followed, followed)
	above := make([]bool, i+1)
	above[i] = true
	for _, p := range parents {
		for j, is := range d.above[p] {
			above[j] = above[j] || is
		}
	}
	d.above = append(d.above, above)
}

// isAbove says whether commit i is commit j or descends from it.
func (d *dag) isAbove(i, j int) bool { return j <= i && d.above[i][j] }

// below says whether commit i is one of the commits or an ancestor of one.
func (d *dag) below(i int, of []int) bool {
	for _, o := range of {
		if d.isAbove(o, i) {
			return true
		}
	}
	return false
}

// reach are the commits that can be reached from the tip by edges without coming
// to one for which stop is true.
func (d *dag) reach(tip int, edges [][]int, stop func(int) bool) map[int]bool {
	reached := make(map[int]bool)
	todo := []int{tip}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if reached[i] || stop(i) {
			continue
		}
		reached[i] = true
		todo = append(todo, edges[i]...)
	}
	return reached
}

// follow is a Follow that gives the followed parents. It checks what it is given.
func (d *dag) follow(merge ID, links Links) ([]ID, error) {
	i, ok := d.number[merge]
	if !ok || len(links.Parents) != len(d.parents[i]) || len(links.Parents) < 2 {
		return nil, fmt.Errorf("asked about %s with the parents %v", merge, links.Parents)
	}
	return links.Parents[:len(d.followed[i])], nil
}

func (d *dag) pick(rng *rand.Rand, n int) []int {
	var picked []int
	for range n {
		picked = append(picked, rng.IntN(len(d.ids)))
	}
	return picked
}

func (d *dag) idsOf(numbers []int) []ID {
	var ids []ID
	for _, i := range numbers {
		ids = append(ids, d.ids[i])
	}
	return ids
}

func (d *dag) String() string {
	s := ""
	for i, id := range d.ids {
		s += fmt.Sprintf("%d: parents %v followed %v %s\n", i, d.parents[i], d.followed[i], d.store.objects[id].content[len("tree ")+41:])
	}
	return s
}
