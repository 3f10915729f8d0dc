package gitwalk

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// commitTree adds a commit with a tree.
func (m *memory) commitTree(tree ID, date int64, parents ...ID) ID {
	content := fmt.Sprintf("tree %s\n", tree)
	for _, p := range parents {
		content += fmt.Sprintf("parent %s\n", p)
	}
	return m.put(KindCommit, content+fmt.Sprintf("author A <a> %d +0000\ncommitter A <a> %[1]d +0000\n\nNumber %d\n", date, len(m.objects)))
}

// saidMerge is a Merger that answers what it is told to.
type saidMerge struct {
	tree  ID
	clean bool
	err   error
	asked int
}

func (s *saidMerge) MergeTree(context.Context, *Graph, Merge) (ID, bool, error) {
	s.asked++
	return s.tree, s.clean, s.err
}

func TestMechanical(t *testing.T) {
	m := newMemory()
	tree := func(rows ...string) ID { return m.tree(rows...) }
	root := m.commitTree(tree("a", "b"), 10)
	left := m.commitTree(tree("a 1", "b"), 20, root)
	right := m.commitTree(tree("a", "b 1"), 21, root)
	clash := m.commitTree(tree("a 2", "b 2"), 22, root)
	apart := m.commitTree(tree("a", "b"), 23)
	crossLeft := m.commitTree(tree("a 1", "b 1"), 30, left, right)
	crossRight := m.commitTree(tree("a 1", "b 1"), 31, right, left)
	merged := tree("a 1", "b 1")
	other := tree("z")
	for _, tt := range []struct {
		name  string
		merge Merge
		said  *saidMerge // nil if git must not be asked
		want  Mechanics
	}{
		{"trees", Merge{merged, left, right}, nil, Mechanics{Holds: true, By: ByTrees}},
		{"trees, slipped in", Merge{other, left, right}, nil, Mechanics{By: ByTrees, Path: "a"}},
		{"already merged", Merge{tree("a 1", "b"), left, root}, nil, Mechanics{Holds: true, By: ByTrees}},
		{"already merged, and changed", Merge{tree("a", "b"), left, root}, nil, Mechanics{By: ByTrees, Path: "a"}},
		{"fast-forward as a merge", Merge{tree("a 1", "b"), root, left}, nil, Mechanics{Holds: true, By: ByTrees}},
		{"with itself", Merge{tree("a 1", "b"), left, left}, nil, Mechanics{Holds: true, By: ByTrees}},
		{"with itself, and changed", Merge{tree("a", "b"), left, left}, nil, Mechanics{By: ByTrees, Path: "a"}},
		{"no common ancestor", Merge{merged, left, apart}, nil, Mechanics{By: ByHistory}},
		{"git", Merge{other, left, clash}, &saidMerge{tree: other, clean: true}, Mechanics{Holds: true, By: ByGit}},
		{"git has another tree", Merge{tree("a 2", "b 3"), left, clash}, &saidMerge{tree: other, clean: true}, Mechanics{By: ByGit, Path: "a"}},
		{"git has a conflict", Merge{other, left, clash}, &saidMerge{tree: other}, Mechanics{By: ByGit, Path: "a"}},
		{"several merge bases", Merge{merged, crossLeft, crossRight}, &saidMerge{tree: merged, clean: true}, Mechanics{Holds: true, By: ByGit}},
		{"several merge bases, git has another tree", Merge{merged, crossLeft, crossRight}, &saidMerge{tree: other, clean: true}, Mechanics{By: ByGit}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said := tt.said
			if said == nil {
				said = &saidMerge{err: errors.New("git must not be asked")}
			}
			got, err := Mechanical(context.Background(), NewGraph(NewReader(m)), tt.merge, said)
			if err != nil {
				t.Fatal(err)
			}
			if got.Holds != (got.Detail == "") {
				t.Errorf("Detail is %q", got.Detail)
			}
			if got.Detail = ""; got != tt.want {
				t.Errorf("Mechanical gives %+v", got)
			}
			if asked := said.asked > 0; asked != (tt.said != nil) {
				t.Errorf("git is asked: %v", asked)
			}
		})
	}
}

func TestMechanicalHasNoAnswer(t *testing.T) {
	m := newMemory()
	malformed := m.put(KindTree, string(rawTree("100644 b", "100644 a")))
	root := m.commitTree(m.tree("a", "b"), 10)
	left, right := m.commitTree(m.tree("a 1", "b"), 20, root), m.commitTree(m.tree("a 2", "b"), 21, root)
	gone := ID{1}
	for _, tt := range []struct {
		name  string
		merge Merge
		want  any
	}{
		{"git cannot", Merge{m.tree("a 1", "b"), left, right}, new(*CannotMergeError)},
		{"parent is missing", Merge{m.tree("a 1", "b"), left, gone}, new(*MissingError)},
		{"tree of a parent is missing", Merge{m.tree("a 1", "b"), left, m.commitTree(gone, 22, root)}, new(*MissingError)},
		{"tree of a parent is malformed", Merge{m.tree("a 1", "b"), left, m.commitTree(malformed, 22, root)}, new(*MalformedError)},
		{"its own tree is malformed", Merge{malformed, left, root}, new(*MalformedError)},
		{"its own tree is missing", Merge{gone, left, root}, new(*MissingError)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said := &saidMerge{clean: true, tree: tt.merge.Tree, err: &CannotMergeError{errors.New("some reason")}}
			got, err := Mechanical(context.Background(), NewGraph(NewReader(m)), tt.merge, said)
			if !errors.As(err, tt.want) || got != (Mechanics{}) {
				t.Errorf("Mechanical gives %+v, %v", got, err)
			}
		})
	}
}

// The dates of a side branch do not choose what a merge is compared with: not an
// older commit, in which a change of the trunk would count as one of the branch.
func TestMechanicalWhateverTheDatesSay(t *testing.T) {
	m := newMemory()
	const length = 60
	trunk := []ID{m.commitTree(m.tree("a 0", "b"), 1000)}
	for i := 1; i < length; i++ {
		trunk = append(trunk, m.commitTree(m.tree(fmt.Sprintf("a %d", i), "b"), int64(1000+10*i), trunk[i-1]))
	}
	tip := trunk[length-1]
	for _, date := range []int64{-1 << 62, 0, 1, 1000, 1000 + 10*length, 1 << 62} {
		branch := m.commitTree(m.tree("a 40", "b 1"), date, trunk[40])
		branch = m.commitTree(m.tree("a 40", "b 2"), -date, branch)
		for _, tt := range []struct {
			tree ID
			want bool
		}{
			{m.tree("a 59", "b 2"), true},
			{m.tree("a 40", "b 2"), false}, // takes the trunk back
			{m.tree("a 59", "b"), false},
		} {
			got, err := Mechanical(context.Background(), NewGraph(NewReader(m)), Merge{tt.tree, tip, branch}, &saidMerge{})
			if err != nil || got.Holds != tt.want || got.By != ByTrees {
				t.Errorf("dated %d: Mechanical gives %+v, %v", date, got, err)
			}
		}
	}
}

func TestMergeOf(t *testing.T) {
	a, b, c := ID{1}, ID{2}, ID{3}
	for parents, want := range map[int]bool{0: false, 1: false, 2: true, 3: false} {
		got, ok := MergeOf(&Commit{Tree: c, Parents: []ID{a, b, c}[:parents]})
		if ok != want || ok && got != (Merge{c, a, b}) {
			t.Errorf("with %d parents MergeOf gives %v, %v", parents, got, ok)
		}
	}
}
