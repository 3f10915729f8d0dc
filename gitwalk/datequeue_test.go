package gitwalk

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestDateQueueIsSorted(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	for range 300 {
		var queue dateQueue
		var want []queueItem
		for node := range uint32(rng.IntN(60)) {
			item := queueItem{date: rng.Int64N(12), node: node}
			queue.push(item)
			want = append(want, item)
			if rng.IntN(4) == 0 {
				want = popSorted(t, &queue, want)
			}
		}
		for len(want) > 0 {
			want = popSorted(t, &queue, want)
		}
		if len(queue) > 0 {
			t.Fatalf("%d items are left", len(queue))
		}
	}
}

// popSorted pops the item that comes first by the definition.
func popSorted(t *testing.T, queue *dateQueue, all []queueItem) []queueItem {
	t.Helper()
	slices.SortFunc(all, func(a, b queueItem) int {
		return cmp.Or(cmp.Compare(b.date, a.date), cmp.Compare(a.node, b.node))
	})
	if got := queue.pop(); got != all[0] {
		t.Fatalf("%v comes before %v", got, all[0])
	}
	return all[1:]
}
