package gitwalk

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// bestCommon are the best common ancestors of two groups of commits by definition.
func (d *dag) bestCommon(left, right []int) []int {
	var common, best []int
	for i := range d.ids {
		if d.below(i, left) && d.below(i, right) {
			common = append(common, i)
		}
	}
	for _, i := range common {
		if !slices.ContainsFunc(common, func(other int) bool { return other != i && d.isAbove(other, i) }) {
			best = append(best, i)
		}
	}
	return best
}

func (d *dag) numbers(ids []ID) []int {
	var numbers []int
	for _, id := range ids {
		numbers = append(numbers, d.number[id])
	}
	slices.Sort(numbers)
	return numbers
}

func TestMergeBasesAreTheBestCommonAncestors(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	several, none, lying := 0, 0, 0
	for range 1500 {
		d, honest := randomDAG(rng, 2+rng.IntN(30))
		g := NewGraph(NewReader(d.store))
		for range 12 {
			a, b := rng.IntN(len(d.ids)), rng.IntN(len(d.ids))
			got, err := g.MergeBases(context.Background(), d.ids[a], d.ids[b])
			if err != nil {
				t.Fatal(err)
			}
			want := d.bestCommon([]int{a}, []int{b})
			if !slices.Equal(d.numbers(got), want) {
				t.Fatalf("merge bases of %d and %d are %v instead of %v in %v", a, b, d.numbers(got), want, d.parents)
			}
			switch {
			case len(want) == 0:
				none++
			case len(want) > 1:
				several++
				if !honest {
					lying++
				}
			}
		}
	}
	if several < 200 || none < 100 || lying < 80 {
		t.Errorf("only %d pairs have several merge bases (%d with wrong dates), %d have none", several, lying, none)
	}
}

func TestMergeHistoryHasTheMergeBasesOfTheRealOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 2))
	large := 0
	for range 1500 {
		d, _ := randomDAG(rng, 10+rng.IntN(30))
		a, b := len(d.ids)-1, len(d.ids)-2
		h, err := NewGraph(NewReader(d.store)).MergeHistory(context.Background(), d.ids[a], d.ids[b])
		if err != nil {
			t.Fatal(err)
		}
		if h.Place(d.ids[a]) < 0 || h.Place(d.ids[b]) < 0 {
			t.Fatalf("the history of %d and %d lacks them", a, b)
		}
		if len(h) > 4 {
			large++
		}
		small := d.small(h)
		for _, c := range h {
			for _, p := range c.Parents {
				if small.below(p, slices.DeleteFunc(slices.Clone(c.Parents), func(q int) bool { return q == p })) {
					t.Fatalf("a parent of %s descends from another", c.ID)
				}
			}
		}
		for range 20 {
			// Git merges several merge bases into one commit that has them
			// for parents, and asks for its merge bases with the next.
			left, right := rng.Perm(len(h))[:1+rng.IntN(min(3, len(h)))], rng.IntN(len(h))
			want := d.bestCommon(small.real(left...), small.real(right))
			if got := small.real(small.bestCommon(left, []int{right})...); !slices.Equal(sorted(got), want) {
				t.Fatalf("merge bases of %v and %d are %v instead of %v in %v", small.real(left...), small.real(right), got, want, d.parents)
			}
		}
	}
	if large < 50 {
		t.Errorf("only %d histories have more than four commits", large)
	}
}

// smallDAG is a MergeHistory as a dag, with the numbers that its commits have in
// the real one.
type smallDAG struct {
	dag
	realNumbers []int
}

func (d *dag) small(h MergeHistory) *smallDAG {
	s := &smallDAG{}
	for i, c := range h {
		s.ids = append(s.ids, c.ID)
		s.realNumbers = append(s.realNumbers, d.number[c.ID])
		above := make([]bool, i+1)
		above[i] = true
		for _, p := range c.Parents {
			for j, is := range s.above[p] {
				above[j] = above[j] || is
			}
		}
		s.above = append(s.above, above)
	}
	return s
}

func (s *smallDAG) real(places ...int) []int {
	var numbers []int
	for _, p := range places {
		numbers = append(numbers, s.realNumbers[p])
	}
	return numbers
}

func sorted(s []int) []int {
	slices.Sort(s)
	return s
}

// line adds commits one upon the other, the first upon parents.
func (m *memory) line(n int, date func(i int) int64, parents ...ID) []ID {
	var ids []ID
	for i := range n {
		id := m.commit(date(i), parents...)
		ids = append(ids, id)
		parents = []ID{id}
	}
	return ids
}

func from(start int64) func(int) int64  { return func(i int) int64 { return start + int64(i) } }
func always(date int64) func(int) int64 { return func(int) int64 { return date } }

func TestMergeBasesReadLittle(t *testing.T) {
	const length, branch = 20_000, 50
	m := newMemory()
	trunk := m.line(length, from(1_000_000))
	fork := trunk[length-1000]
	for _, tt := range []struct {
		name string
		date func(int) int64
		most int // commits that may be read
	}{
		{"true dates", from(1_000_000 + length - 1000), 1100},
		{"dates long past", always(1), 1100 + 60*branch},
		{"dates before 1970", from(-1_000_000), 1100 + 60*branch},
		{"dates to come", from(1 << 40), 1100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tip := m.line(branch, tt.date, fork)[branch-1]
			for _, sides := range [][2]ID{{trunk[length-1], tip}, {tip, trunk[length-1]}} {
				m.reads = 0
				bases, err := MergeBases(context.Background(), NewReader(m), sides[0], sides[1])
				if err != nil || !slices.Equal(bases, []ID{fork}) {
					t.Fatalf("MergeBases gives %v, %v", bases, err)
				}
				if m.reads > tt.most {
					t.Errorf("%d commits are read", m.reads)
				}
			}
		})
	}
}

func TestMergeBasesWithALyingForkPoint(t *testing.T) {
	m := newMemory()
	old := m.line(20_000, from(1_000_000))
	fork := m.commit(1, old[len(old)-1])
	trunk := m.line(500, from(2_000_000), fork)
	tip := m.line(5, from(2_000_000), fork)[4]
	bases, err := MergeBases(context.Background(), NewReader(m), trunk[499], tip)
	if err != nil || !slices.Equal(bases, []ID{fork}) {
		t.Fatalf("MergeBases gives %v, %v", bases, err)
	}
	if m.reads > 700 {
		t.Errorf("%d commits are read", m.reads)
	}
}

func TestMergeBasesWhereCommitsAreMissing(t *testing.T) {
	m := newMemory()
	gone := ID{1}
	root := m.commit(10)
	belowFork := m.commit(20, gone, root)
	fork := m.commit(30, belowFork)
	left := m.commit(40, fork)
	right := m.commit(41, fork)
	loose := m.commit(50, gone)
	mixed := m.commit(60, loose, fork)
	newer := m.commit(35, belowFork)
	for _, tt := range []struct {
		name string
		a, b ID
		want []ID // nil if what is missing matters
	}{
		{"below the merge base", left, right, []ID{fork}},
		{"below one side alone", loose, right, nil},
		{"below both sides and the merge base", mixed, right, []ID{fork}},
		{"the commit itself", gone, right, nil},
		{"both commits", gone, gone, nil},
		{"parent of both sides", loose, m.commit(51, gone), nil},
		{"ancestor of one side alone, no common ancestor", loose, root, nil},
		{"seen late to be below the merge base", m.commit(70, mixed, newer), right, []ID{fork}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, sides := range [][2]ID{{tt.a, tt.b}, {tt.b, tt.a}} {
				bases, err := MergeBases(context.Background(), NewReader(m), sides[0], sides[1])
				var missing *MissingError
				if tt.want == nil && (!errors.As(err, &missing) || missing.ID != gone) {
					t.Errorf("MergeBases gives %v, %v", bases, err)
				}
				if tt.want != nil && (err != nil || !slices.Equal(bases, tt.want)) {
					t.Errorf("MergeBases gives %v, %v", bases, err)
				}
			}
		})
	}
}

func TestMergeBasesRefuseWhatGitReadsOtherwise(t *testing.T) {
	m := newMemory()
	root := m.commit(10)
	upper := m.put(KindCommit, "tree "+emptyTree+"\nparent "+"ABCDEF0123456789ABCDEF0123456789ABCDEF01"+"\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\n")
	for _, tt := range []struct {
		name string
		id   ID
		want any
	}{
		{"parent in upper case", m.commit(20, upper), new(*MalformedError)},
		{"parent that is a blob", m.commit(20, m.put(KindBlob, "text")), new(*KindError)},
		{"no commit at all", m.put(KindCommit, "text\n"), new(*MalformedError)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, sides := range [][2]ID{{root, tt.id}, {tt.id, root}} {
				bases, err := MergeBases(context.Background(), NewReader(m), sides[0], sides[1])
				if !errors.As(err, tt.want) {
					t.Errorf("MergeBases gives %v, %v", bases, err)
				}
			}
		})
	}
}

func TestGraphTree(t *testing.T) {
	m := newMemory()
	tree := m.tree("a")
	g := NewGraph(NewReader(m))
	if got, err := g.Tree(m.commitTree(tree, 10)); err != nil || got != tree {
		t.Errorf("Tree gives %s, %v", got, err)
	}
	var missing *MissingError
	if _, err := g.Tree(ID{1}); !errors.As(err, &missing) || missing.ID != (ID{1}) {
		t.Errorf("error is %v", err)
	}
}

func TestMergeBasesEndWithTheContext(t *testing.T) {
	m := newMemory()
	ids := m.line(10, from(1))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := MergeBases(ctx, NewReader(m), ids[9], ids[3]); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestMergeHistoryIsLimited(t *testing.T) {
	m := newMemory()
	left, right := m.commit(1), m.commit(2)
	for i := range 2 * maxHistory {
		date := int64(10 + 2*i)
		left, right = m.commit(date, left, right), m.commit(date, right, left)
	}
	_, err := NewGraph(NewReader(m)).MergeHistory(context.Background(), left, right)
	if !errors.As(err, new(*LimitError)) {
		t.Errorf("error is %v", err)
	}
}
