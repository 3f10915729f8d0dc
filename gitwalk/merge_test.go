package gitwalk

import (
	"errors"
	"fmt"
	"testing"
)

func TestCheckMerge(t *testing.T) {
	type rows []string
	for _, tt := range []struct {
		name                       string
		base, ours, theirs, result rows
		want                       MergeCheck
	}{
		{"nothing changed", rows{"a"}, rows{"a"}, rows{"a"}, rows{"a"}, MergeCheck{}},
		{"one side", rows{"a", "b"}, rows{"a 1", "b"}, rows{"a", "b"}, rows{"a 1", "b"}, MergeCheck{}},
		{"other side", rows{"a", "b"}, rows{"a", "b"}, rows{"a", "b 1"}, rows{"a", "b 1"}, MergeCheck{}},
		{"both sides", rows{"a", "b"}, rows{"a 1", "b"}, rows{"a", "b 1"}, rows{"a 1", "b 1"}, MergeCheck{}},
		{"both alike", rows{"a", "b"}, rows{"a 1", "c"}, rows{"a 1", "c"}, rows{"a 1", "c"}, MergeCheck{}},
		{"one change left out", rows{"a", "b"}, rows{"a 1", "b"}, rows{"a", "b 1"}, rows{"a 1", "b"}, MergeCheck{Differs: "b"}},
		{"removal left out", rows{"a", "b"}, rows{"b"}, rows{"a", "b 1"}, rows{"a", "b 1"}, MergeCheck{Differs: "a"}},
		{"something slipped in", rows{"a", "b"}, rows{"a 1", "b"}, rows{"a", "b 1"}, rows{"a 1", "a.b", "b 1"}, MergeCheck{Differs: "a.b"}},
		{"slipped in below", rows{"a", "b/c"}, rows{"a 1", "b/c"}, rows{"a", "b/c 1"}, rows{"a 1", "b/c 1", "b/d/e"}, MergeCheck{Differs: "b/d/e"}},
		{"slipped in where nobody changed", rows{"a", "d/e", "z"}, rows{"a 1", "d/e", "z"}, rows{"a", "d/e", "z 1"}, rows{"a 1", "d/e 1", "z 1"}, MergeCheck{Differs: "d/e"}},
		{"executable slipped in", rows{"a", "b"}, rows{"a 1", "b"}, rows{"a", "b 1"}, rows{"100755 a 1", "b 1"}, MergeCheck{Differs: "a"}},
		{"taken over unchanged", rows{"a"}, rows{"a"}, rows{"a 1"}, rows{"a 1"}, MergeCheck{}},
		{"not taken over", rows{"a"}, rows{"a"}, rows{"a 1"}, rows{"a"}, MergeCheck{Differs: "a"}},

		{"both changed", rows{"a"}, rows{"a 1"}, rows{"a 2"}, rows{"a 1"}, MergeCheck{Both: "a"}},
		{"both changed further down", rows{"d/e/a"}, rows{"d/e/a 1"}, rows{"d/e/a 2"}, rows{"d/e/a 2"}, MergeCheck{Both: "d/e/a"}},
		{"both added", nil, rows{"d/a 1"}, rows{"d/a 2"}, rows{"d/a 2"}, MergeCheck{Both: "d/a"}},
		{"changed and removed", rows{"a", "b"}, rows{"b"}, rows{"a 1", "b"}, rows{"b"}, MergeCheck{Both: "a"}},
		{"removed with the directory and changed", rows{"d/a", "d/b"}, rows{"c"}, rows{"d/a 1", "d/b"}, rows{"c"}, MergeCheck{Both: "d/a"}},
		{"mode and content", rows{"a"}, rows{"100755 a"}, rows{"a 1"}, rows{"100755 a 1"}, MergeCheck{Both: "a"}},
		{"submodule on both sides", rows{"160000 s"}, rows{"160000 s 1"}, rows{"160000 s 2"}, rows{"160000 s 2"}, MergeCheck{Both: "s"}},
		{"submodule on one side", rows{"160000 s", "a"}, rows{"160000 s 1", "a"}, rows{"160000 s", "a 1"}, rows{"160000 s 1", "a 1"}, MergeCheck{}},
		{"link on both sides", rows{"120000 a"}, rows{"120000 a 1"}, rows{"120000 a 2"}, rows{"120000 a 1"}, MergeCheck{Both: "a"}},
		{"both changed outweighs what differs before", rows{"a", "z"}, rows{"a 1", "z 1"}, rows{"a", "z 2"}, rows{"a", "z 1"}, MergeCheck{Both: "z", Differs: "a"}},

		{"directory emptied by both", rows{"d/a", "d/b", "e"}, rows{"d/b", "e"}, rows{"d/a", "e"}, rows{"e"}, MergeCheck{}},
		{"emptied directory kept", rows{"d/a", "d/b", "e"}, rows{"d/b", "e"}, rows{"d/a", "e"}, rows{"d/", "e"}, MergeCheck{Differs: "d"}},
		{"directory removed by one, added to by the other", rows{"d/a", "e"}, rows{"e"}, rows{"d/a", "d/b", "e"}, rows{"d/b", "e"}, MergeCheck{}},
		{"the same, what was added is lost", rows{"d/a", "e"}, rows{"e"}, rows{"d/a", "d/b", "e"}, rows{"e"}, MergeCheck{Differs: "d/b"}},
		{"the same, what was removed is back", rows{"d/a", "e"}, rows{"e"}, rows{"d/a", "d/b", "e"}, rows{"d/a", "d/b", "e"}, MergeCheck{Differs: "d/a"}},
		{"directory added by both", nil, rows{"d/a"}, rows{"d/b"}, rows{"d/a", "d/b"}, MergeCheck{}},
		{"empty directory slipped in", rows{"a", "b"}, rows{"a 1", "b"}, rows{"a", "b 1"}, rows{"a 1", "b 1", "e/"}, MergeCheck{Differs: "e"}},
		{"empty directories slipped in below", rows{"a", "d/b"}, rows{"a 1", "d/b"}, rows{"a", "d/b 1"}, rows{"a 1", "d/b 1", "d/x/y/"}, MergeCheck{Differs: "d/x/y"}},
		{"directory replaced by an empty one", rows{"a", "d/b"}, rows{"a 1", "d/b"}, rows{"a", "d/b 1"}, rows{"a 1", "d/"}, MergeCheck{Differs: "d"}},
		{"empty directory of one side, dropped", rows{"a", "b"}, rows{"a 1", "b", "e/"}, rows{"a", "b 1"}, rows{"a 1", "b 1"}, MergeCheck{}},
		{"empty directory of one side, kept", rows{"a", "b"}, rows{"a 1", "b", "e/"}, rows{"a", "b 1"}, rows{"a 1", "b 1", "e/"}, MergeCheck{}},

		{"file becomes a directory", rows{"a", "b"}, rows{"a/x", "b"}, rows{"a", "b 1"}, rows{"a/x", "b 1"}, MergeCheck{}},
		{"file becomes a directory, both left", rows{"a", "a.b"}, rows{"a/x", "a.b"}, rows{"a", "a.b 1"}, rows{"a.b 1", "a"}, MergeCheck{Differs: "a"}},
		{"file becomes a directory and changes", rows{"a", "b"}, rows{"a/x", "b"}, rows{"a 1", "b"}, rows{"a/x", "b"}, MergeCheck{Both: "a"}},
		{"file and directory added", rows{"b"}, rows{"a", "a.b", "b"}, rows{"a/x", "b"}, rows{"a/x", "a.b", "b"}, MergeCheck{Both: "a", Differs: "a"}},
		{"file and directory added, file kept", rows{"b"}, rows{"a", "a.b", "b"}, rows{"a/x", "b"}, rows{"a", "a.b", "b"}, MergeCheck{Both: "a"}},
		{"file and directory added, neither kept", rows{"b"}, rows{"a", "a.b", "b"}, rows{"a/x", "b"}, rows{"a.b", "b"}, MergeCheck{Both: "a", Differs: "a"}},
		{"link and directory added", rows{"b"}, rows{"120000 a", "b"}, rows{"a/x", "b"}, rows{"120000 a", "b"}, MergeCheck{Both: "a"}},
		{"submodule and directory added", rows{"b"}, rows{"160000 a", "b"}, rows{"a/x", "b"}, rows{"a/x", "b"}, MergeCheck{Both: "a", Differs: "a"}},
		{"directory becomes a file and gets another", rows{"a/x", "b"}, rows{"a", "b"}, rows{"a/x", "a/y", "b"}, rows{"a", "b"}, MergeCheck{Both: "a"}},
		{"file becomes two directories", rows{"a"}, rows{"a/x"}, rows{"a/y"}, rows{"a/x", "a/y"}, MergeCheck{}},
		{"longer name between file and directory", rows{"b"}, rows{"a", "a-b", "b"}, rows{"a-b/x", "b"}, rows{"a", "a-b", "b"}, MergeCheck{Both: "a-b"}},

		{"old mode taken over", rows{"a", "b"}, rows{"100664 a 1", "b"}, rows{"a", "b 1"}, rows{"100664 a 1", "b 1"}, MergeCheck{}},
		{"old mode written anew", rows{"a", "b"}, rows{"100664 a 1", "b"}, rows{"a", "b 1"}, rows{"a 1", "b 1"}, MergeCheck{}},
		{"old mode written anew below", rows{"d/a", "b"}, rows{"100664 d/a 1", "b"}, rows{"d/a", "b 1"}, rows{"d/a 1", "b 1"}, MergeCheck{}},
		{"old mode slipped in", rows{"a", "b"}, rows{"a 1", "b"}, rows{"a", "b 1"}, rows{"100664 a 1", "b 1"}, MergeCheck{Differs: "a"}},
		{"old mode is no change", rows{"100664 a", "b"}, rows{"a", "b"}, rows{"100664 a 1", "b"}, rows{"a 1", "b"}, MergeCheck{}},

		// What git makes of renames is not looked for, see CheckMerge.
		{"renamed by one, changed by the other", rows{"a text"}, rows{"b text"}, rows{"a other text"}, rows{"b other text"}, MergeCheck{Both: "a"}},
		{"renamed by both to other names", rows{"a text"}, rows{"b text"}, rows{"c text"}, rows{"b text", "c text"}, MergeCheck{}},
		{"renamed by one, removed by the other", rows{"a text", "z"}, rows{"b text", "z"}, rows{"z"}, rows{"b text", "z"}, MergeCheck{}},
		{"file added where a directory was renamed", rows{"d/a", "d/b"}, rows{"e/a", "e/b"}, rows{"d/a", "d/b", "d/c"}, rows{"d/c", "e/a", "e/b"}, MergeCheck{}},
		{"the same, moved along", rows{"d/a", "d/b"}, rows{"e/a", "e/b"}, rows{"d/a", "d/b", "d/c"}, rows{"e/a", "e/b", "e/c"}, MergeCheck{Differs: "d/c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			base, ours, theirs, result := m.tree(tt.base...), m.tree(tt.ours...), m.tree(tt.theirs...), m.tree(tt.result...)
			got, err := CheckMerge(NewReader(m), base, ours, theirs, result)
			if err != nil || got != tt.want {
				t.Errorf("CheckMerge gives %+v, %v", got, err)
			}
			swapped, err := CheckMerge(NewReader(m), base, theirs, ours, result)
			if err != nil || swapped.Answer() != tt.want.Answer() {
				t.Errorf("with the sides swapped CheckMerge gives %+v, %v", swapped, err)
			}
		})
	}
}

func TestCheckMergeWithEmptyTrees(t *testing.T) {
	m := newMemory()
	a, b, both := m.tree("a"), m.tree("b"), m.tree("a", "b")
	delete(m.objects, emptyTreeID) // Git does not always have it
	for _, tt := range []struct {
		name                       string
		base, ours, theirs, result ID
		want                       MergeAnswer
	}{
		{"no base", ID{}, a, b, both, MergeMechanical},
		{"empty base", emptyTreeID, a, b, both, MergeMechanical},
		{"nothing comes out", ID{}, a, b, ID{}, MergeNotMechanical},
		{"everything removed", both, a, b, emptyTreeID, MergeMechanical},
		{"everything removed, and something is there", both, a, b, a, MergeNotMechanical},
		{"empty side", a, emptyTreeID, both, b, MergeMechanical},
		{"all empty", ID{}, emptyTreeID, ID{}, emptyTreeID, MergeMechanical},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := CheckMerge(NewReader(m), tt.base, tt.ours, tt.theirs, tt.result)
			if err != nil || got.Answer() != tt.want {
				t.Errorf("CheckMerge gives %+v, %v", got, err)
			}
		})
	}
}

func TestMergeUndecidedIsTheZeroAnswer(t *testing.T) {
	var answer MergeAnswer
	if answer != MergeUndecided {
		t.Error("an answer that nobody has given is not \"undecided\"")
	}
}

func TestCheckMergeOfHostileTrees(t *testing.T) {
	m := newMemory()
	base, ours := m.tree("a", "d/x"), m.tree("a 1", "d/x")
	x := m.tree("x")
	put := func(entries ...rawEntry) ID { return m.put(KindTree, rawEntries(entries)) }
	directory := func(name string, id ID) rawEntry { return rawEntry{ModeTree, []byte(name), id[:]} }
	file := rawEntry{ModeFile, []byte("a"), x[:]}
	for _, tt := range []struct {
		name string
		tree ID
		want any
	}{
		{"entry twice", put(file, file), new(*MalformedError)},
		{"file and directory of one name", put(file, directory("a", x)), new(*MalformedError)},
		{"entry twice further down", put(directory("A", put(file, file))), new(*MalformedError)},
		{"out of order", m.put(KindTree, string(rawTree("100644 b", "100644 a"))), new(*MalformedError)},
		{"missing directory", put(directory("A", ID{1})), new(*MissingError)},
		{"directories 10,000 deep", put(directory("A", m.nested(10_000, ""))), new(*MalformedError)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for where := range 4 {
				trees := [4]ID{base, ours, m.tree("a", "d/x 1"), m.tree("a 1", "d/x 1")}
				trees[where] = tt.tree
				check, err := CheckMerge(NewReader(m), trees[0], trees[1], trees[2], trees[3])
				if check.Both == "" && !errors.As(err, tt.want) {
					t.Errorf("in place %d: CheckMerge gives %+v, %v", where, check, err)
				}
				if where == resultTree && !errors.As(err, tt.want) {
					t.Errorf("as the result: error is %v", err)
				}
			}
		})
	}
}

// What only one side changed is not read.
func TestCheckMergeReadsLittle(t *testing.T) {
	m := newMemory()
	var base, ours []string
	for i := range 50 {
		path := fmt.Sprintf("%d/d/a", i)
		base, ours = append(base, path), append(ours, path+" 1")
	}
	trees := [4]ID{
		m.tree(append(base, "0/e/a")...), m.tree(append(ours, "0/e/a")...),
		m.tree(append(base, "0/e/a 1")...), m.tree(append(ours, "0/e/a 1")...),
	}
	m.reads = 0
	check, err := CheckMerge(NewReader(m), trees[0], trees[1], trees[2], trees[3])
	if err != nil || check.Answer() != MergeMechanical {
		t.Errorf("CheckMerge gives %+v, %v", check, err)
	}
	if m.reads != 2*4 {
		t.Errorf("%d trees are read", m.reads)
	}
	m.reads = 0
	if check, err := CheckMerge(NewReader(m), trees[0], trees[0], trees[2], trees[2]); err != nil || check.Answer() != MergeMechanical || m.reads > 0 {
		t.Errorf("CheckMerge gives %+v, %v after %d trees", check, err, m.reads)
	}
	m.reads = 0
	if check, err := CheckMerge(NewReader(m), trees[0], trees[1], trees[2], trees[0]); err != nil || check.Differs != "0/d/a" || m.reads != 3+3+2 {
		t.Errorf("CheckMerge gives %+v, %v after %d trees", check, err, m.reads)
	}
}
