package gitwalk

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
)

// line makes a history without merges of n commits, one second apart, oldest first.
func line(m *memory, start int64, n int, parents ...ID) []ID {
	ids := make([]ID, n)
	for i := range ids {
		ids[i] = m.commit(start+int64(i), parents...)
		parents = []ID{ids[i]}
	}
	return ids
}

func TestOrderIsOldestFirst(t *testing.T) {
	m := newMemory()
	root := m.commit(10)
	old := m.commit(30, root)
	young := m.commit(40, root)
	oldest := m.commit(20, root)
	late := m.commit(15, old) // its clock is wrong: it cannot come before its parent
	tip := m.commit(50, young, oldest, late)
	r := mustWalk(t, m, tip, []ID{root}, Options{})
	if got := slices.Collect(r.Commits()); !slices.Equal(got, []ID{oldest, old, late, young, tip}) {
		t.Errorf("order %v", got)
	}
	for id := range r.Commits() {
		if id != oldest {
			t.Error("the loop goes on after break")
		}
		break
	}
}

func TestExtremeDates(t *testing.T) {
	m := newMemory()
	root := m.commit(-1 << 63)
	a := m.commit(1<<63-1, root)
	b := m.commit(-1<<63, root)
	tip := m.commit(0, a, b)
	if got := slices.Collect(mustWalk(t, m, tip, nil, Options{}).Commits()); !slices.Equal(got, []ID{root, b, a, tip}) {
		t.Errorf("order %v", got)
	}
}

func TestTipIsExcluded(t *testing.T) {
	m := newMemory()
	ids := line(m, 1, 3)
	r := mustWalk(t, m, ids[1], []ID{ids[1]}, Options{})
	if r.Len() != 0 || !r.Touches(ids[1]) {
		t.Errorf("%d commits, touches %t", r.Len(), r.Touches(ids[1]))
	}
	older := mustWalk(t, m, ids[0], []ID{ids[1]}, Options{})
	if older.Len() != 0 || older.Touches(ids[1]) {
		t.Errorf("older tip: %d commits, touches %t", older.Len(), older.Touches(ids[1]))
	}
}

// A tip that comes upon an excluded commit only through a parent that is not
// followed does not touch it.
func TestTouchesFollowedParentsOnly(t *testing.T) {
	m := newMemory()
	root, introduction := m.commit(1), m.commit(2)
	merge := m.commit(3, root, introduction)
	first := func(_ ID, links Links) ([]ID, error) { return links.Parents[:1], nil }
	if r := mustWalk(t, m, merge, []ID{introduction}, Options{Follow: first}); r.Touches(introduction) || r.Len() != 2 {
		t.Errorf("touches %t, %d commits", r.Touches(introduction), r.Len())
	}
	if r := mustWalk(t, m, merge, []ID{introduction}, Options{}); !r.Touches(introduction) || r.Len() != 2 {
		t.Errorf("all parents: touches %t, %d commits", r.Touches(introduction), r.Len())
	}
}

func TestFollowFails(t *testing.T) {
	m := newMemory()
	a, b := m.commit(1), m.commit(2)
	failure := errors.New("no")
	_, err := Walk(context.Background(), NewReader(m), m.commit(3, a, b), nil, Options{
		Follow: func(ID, Links) ([]ID, error) { return nil, failure },
	})
	if err != failure {
		t.Errorf("error %v", err)
	}
}

// What is no commit, or no commit that Git could read, belongs to the range: its
// judge will refuse it. What is damaged ends the walk.
func TestOddObjectsInRange(t *testing.T) {
	m := newMemory()
	root := m.commit(1)
	blob := m.put(KindBlob, "no commit")
	nonsense := m.put(KindCommit, "nonsense")
	malformed := m.put(KindCommit, treeLine+"parent "+root.String()+"\n")
	tip := m.commit(2, blob, nonsense, malformed)
	r := mustWalk(t, m, tip, nil, Options{})
	for _, id := range []ID{root, blob, nonsense, malformed, tip} {
		if _, ok := r.Index(id); !ok {
			t.Errorf("%s is not in the range", id)
		}
	}
	m.objects[nonsense] = m.objects[root]
	_, err := Walk(context.Background(), NewReader(m), tip, nil, Options{})
	checkCorrupt(t, nonsense, err)
	_, err = Walk(context.Background(), NewReader(m), root, []ID{nonsense}, Options{})
	checkCorrupt(t, nonsense, err)
}

func TestMissingBelowExcluded(t *testing.T) {
	m := newMemory()
	ids := line(m, 1, 5)
	for _, lost := range [][]ID{{ids[0]}, {ids[0], ids[1]}, {ids[2]}} {
		for _, id := range lost {
			delete(m.objects, id)
		}
		r := mustWalk(t, m, ids[4], []ID{ids[2]}, Options{})
		if got := slices.Collect(r.Commits()); !slices.Equal(got, ids[3:]) || !r.Touches(ids[2]) {
			t.Errorf("range %v", got)
		}
	}
}

// A descendant of what is excluded is known to be none of its ancestors without
// any reading, also where the clone ends right below.
func TestExcludedIsCheapForDescendants(t *testing.T) {
	m := newMemory()
	ids := line(m, 1, 1000)
	introduction, known, tip := ids[500], ids[600], ids[999]
	delete(m.objects, ids[499])
	for _, tt := range []struct {
		name    string
		exclude []ID
		reads   int
	}{
		{"one", []ID{introduction}, 0},
		{"one, twice", []ID{introduction, introduction}, 0},
		{"one below another", []ID{introduction, known}, 100},
		{"one below another, twice", []ID{known, introduction, known, introduction}, 100},
		{"three in a row", []ID{known, introduction, ids[550]}, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := mustWalk(t, m, tip, tt.exclude, Options{})
			m.reads = 0
			for id := range r.Commits() {
				if excluded, err := r.Excluded(context.Background(), id); err != nil || excluded {
					t.Fatalf("excluded %t, error %v", excluded, err)
				}
			}
			if m.reads > tt.reads {
				t.Errorf("%d objects were read instead of %d", m.reads, tt.reads)
			}
		})
	}
}

// With two excluded commits, descent from one does not say that a commit is no
// ancestor of the other.
func TestExcludedByTheOther(t *testing.T) {
	m := newMemory()
	introduction := m.commit(100)
	middle := m.commit(1000, introduction) // its clock is wrong
	known := m.commit(102, middle)
	tip := m.commit(103, middle)
	r := mustWalk(t, m, tip, []ID{introduction, known}, Options{})
	if _, ok := r.Index(middle); !ok {
		t.Fatal("the walk knows by itself; the test tests nothing")
	}
	if excluded, err := r.Excluded(context.Background(), middle); err != nil || !excluded {
		t.Errorf("the commit between the two: excluded %t, error %v", excluded, err)
	}
}

// flaky makes each object fail once.
func flaky(failure error) func(ID) error {
	failed := make(map[ID]bool)
	return func(id ID) error {
		if !failed[id] {
			failed[id] = true
			return failure
		}
		return nil
	}
}

// An error while a doubt is being settled must not pass for an answer later.
func TestExcludedAfterFailure(t *testing.T) {
	m := newMemory()
	root := m.commit(1000) // its clock is wrong
	side := m.commit(2, root)
	introduction := line(m, 3, 50, side)[49]
	tip := m.commit(2000, root)
	r := mustWalk(t, m, tip, []ID{introduction}, Options{})
	failure := errors.New("no")
	m.fail = flaky(failure)
	for failures := 0; ; failures++ {
		excluded, err := r.Excluded(context.Background(), root)
		if err == nil {
			if !excluded || failures == 0 {
				t.Errorf("after %d failures: excluded %t", failures, excluded)
			}
			return
		}
		if err != failure || failures > 100 {
			t.Fatalf("error %v", err)
		}
	}
}

func TestExcludedAfterCancellation(t *testing.T) {
	m := newMemory()
	root := m.commit(1000)
	introduction := line(m, 3, 50, m.commit(2, root))[49]
	r := mustWalk(t, m, m.commit(2000, root), []ID{introduction}, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Excluded(ctx, root); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if excluded, err := r.Excluded(context.Background(), root); err != nil || !excluded {
		t.Errorf("afterwards: excluded %t, error %v", excluded, err)
	}
}

func TestCancellation(t *testing.T) {
	m := newMemory()
	ids := line(m, 1, 5000)
	const after = 1000
	for name, walk := range map[string]func(context.Context) error{
		"Walk": func(ctx context.Context) error {
			_, err := Walk(ctx, NewReader(m), ids[4999], nil, Options{})
			return err
		},
		"Walk to an excluded commit": func(ctx context.Context) error {
			_, err := Walk(ctx, NewReader(m), ids[4999], ids[:1], Options{})
			return err
		},
		"IsAncestor": func(ctx context.Context) error {
			_, err := IsAncestor(ctx, NewReader(m), ids[0], ids[4999])
			return err
		},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		m.reads = 0
		m.fail = func(ID) error {
			if m.reads == after {
				cancel()
			}
			return nil
		}
		if err := walk(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", name, err)
		}
		if m.reads > after+300 {
			t.Errorf("%s goes on for %d objects", name, m.reads-after)
		}
		cancel()
	}
}

func TestProgress(t *testing.T) {
	m := newMemory()
	ids := line(m, 1, 3000)
	var found []int
	mustWalk(t, m, ids[2999], ids[:1], Options{Progress: func(n int) { found = append(found, n) }})
	if len(found) < 5 || !slices.IsSorted(found) || found[len(found)-1] > 2999 || found[len(found)-1] < 2000 {
		t.Errorf("progress %v", found)
	}
}

// The order stays what it is when Excluded reads more of the history.
func TestCommitsWhileSettling(t *testing.T) {
	m := newMemory()
	root := m.commit(1 << 40) // its clock is wrong
	introduction := line(m, 3, 3000, root)[2999]
	tip := line(m, 1<<40, 1000, root)[999]
	r := mustWalk(t, m, tip, []ID{introduction}, Options{})
	before := slices.Collect(r.Commits())
	var during []ID
	for id := range r.Commits() {
		if len(during) == 500 {
			if excluded, err := r.Excluded(context.Background(), root); err != nil || !excluded {
				t.Errorf("excluded %t, error %v", excluded, err)
			}
		}
		during = append(during, id)
	}
	if !slices.Equal(before, during) {
		t.Errorf("%d commits have become others", len(before))
	}
}

// A long history takes memory for what has to be remembered of each commit and no
// stack: nothing recurses.
func TestLongHistory(t *testing.T) {
	const n = 100_000
	m := newMemory()
	ids := line(m, 1, n)
	defer debug.SetMaxStack(debug.SetMaxStack(256 << 10))
	before := heapInUse()
	r := mustWalk(t, m, ids[n-1], ids[:1], Options{})
	if per := int64(heapInUse()-before) / n; per > 100 {
		t.Errorf("%d bytes a commit", per)
	}
	if r.Len() != n-1 || !r.Touches(ids[0]) {
		t.Errorf("%d commits", r.Len())
	}
	if is, err := IsAncestor(context.Background(), NewReader(m), ids[0], ids[n-1]); err != nil || !is {
		t.Errorf("IsAncestor %t, %v", is, err)
	}
	runtime.KeepAlive(r)
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// A merge of very many commits, and the same one many times.
func TestWideMerges(t *testing.T) {
	m := newMemory()
	root := m.commit(1)
	var sides []ID
	for i := range 5000 {
		sides = append(sides, m.commit(int64(2+i%7), root))
	}
	tip := m.commit(100, append(sides, sides...)...)
	r := mustWalk(t, m, tip, []ID{root}, Options{})
	if at, ok := r.Index(tip); r.Len() != 5001 || !ok || at != 5000 {
		t.Errorf("%d commits, the tip is number %d", r.Len(), at)
	}
}
