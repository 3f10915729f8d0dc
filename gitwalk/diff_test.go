package gitwalk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/gittest/mergecase"
)

// String is what "git diff-tree -r -z" writes of a change, with blanks for NULs.
func (c Change) String() string {
	status := "M"
	switch {
	case c.Old.Mode == 0:
		status = "A"
	case c.New.Mode == 0:
		status = "D"
	case c.Old.Mode != c.New.Mode && !(c.Old.Mode.IsFile() && c.New.Mode.IsFile()):
		status = "T"
	}
	return fmt.Sprintf(":%06o %06o %s %s %s %s", uint32(c.Old.Mode), uint32(c.New.Mode), c.Old.ID, c.New.ID, status, c.Path)
}

func diff(r *Reader, a, b ID) (changes []string, err error) {
	for change, err := range Diff(r, a, b) {
		if err != nil {
			return changes, err
		}
		changes = append(changes, change.String())
	}
	return changes, nil
}

func TestDiffIsThatOfGit(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	repo, reader, cases := importCases(t, 1000, func() (mergecase.Case, mergecase.Files) {
		return mergecase.Random(rng), mergecase.Random(rng).Base
	})
	var in strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&in, "%s %s\n%[1]s %[3]s\n", c.trees[0], c.trees[1], c.trees[3])
	}
	out := repo.GitInput([]byte(in.String()), "diff-tree", "--stdin", "-r", "-z", "--no-renames")
	want := make(map[string][]string) // by the two trees
	key := ""
	for rest := out; rest != ""; {
		line, after, _ := strings.Cut(rest, "\n")
		if len(line) == 81 && line[40] == ' ' {
			key, rest = line, after
			continue
		}
		var change, path string
		change, rest, _ = strings.Cut(rest, "\x00")
		path, rest, _ = strings.Cut(rest, "\x00")
		want[key] = append(want[key], change+" "+path)
	}
	changes := 0
	for _, c := range cases {
		for _, other := range []ID{c.trees[1], c.trees[3]} {
			got, err := diff(reader, c.trees[0], other)
			if err != nil {
				t.Fatal(err)
			}
			if key := fmt.Sprintf("%s %s", c.trees[0], other); !slices.Equal(got, want[key]) {
				t.Fatalf("the difference of %s is\n%s\ninstead of\n%s", key, strings.Join(got, "\n"), strings.Join(want[key], "\n"))
			}
			changes += len(got)
		}
	}
	if changes < 5000 {
		t.Errorf("only %d changes", changes)
	}
}

func TestDiffAgainstNothing(t *testing.T) {
	repo := gittest.New(t)
	repo.Commit("a/b/c", "text\n")
	repo.Commit("a.b", "text\n")
	tree := mustID(t, repo.Git("rev-parse", "HEAD^{tree}"))
	r := NewReader(loadAll(t, repo))
	for _, empty := range []ID{{}, emptyTreeID} {
		added, err := diff(r, empty, tree)
		if err != nil || len(added) != 2 || !strings.HasSuffix(added[0], "A a.b") || !strings.HasSuffix(added[1], "A a/b/c") {
			t.Errorf("added are %q, %v", added, err)
		}
		removed, err := diff(r, tree, empty)
		if err != nil || len(removed) != 2 || !strings.HasSuffix(removed[1], "D a/b/c") {
			t.Errorf("removed are %q, %v", removed, err)
		}
	}
	if same, err := diff(r, ID{}, emptyTreeID); len(same) > 0 || err != nil {
		t.Errorf("nothing and an empty tree differ in %q, %v", same, err)
	}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b []string
		want []string // mode before and after, and path
	}{
		{"equal", []string{"a", "b/c"}, []string{"a", "b/c"}, nil},
		{"mode", []string{"a"}, []string{"100755 a"}, []string{"100644 100755 a"}},
		{"old form of a mode", []string{"100664 a"}, []string{"a"}, []string{"100664 100644 a"}},
		{"file becomes a link", []string{"a"}, []string{"120000 a"}, []string{"100644 120000 a"}},
		{"file becomes a submodule", []string{"a"}, []string{"160000 a"}, []string{"100644 160000 a"}},
		{"file becomes a directory", []string{"a", "a.b"}, []string{"a.b", "a/x", "a/y/z"}, []string{"100644 0 a", "0 100644 a/x", "0 100644 a/y/z"}},
		{"directory becomes a file", []string{"a/x", "a/y"}, []string{"a"}, []string{"0 100644 a", "100644 0 a/x", "100644 0 a/y"}},
		{"submodule becomes a directory", []string{"160000 a"}, []string{"a/x"}, []string{"160000 0 a", "0 100644 a/x"}},
		{"rename", []string{"a text"}, []string{"b/c text"}, []string{"100644 0 a", "0 100644 b/c"}},
		{"names around a slash", []string{"a/x", "a-b", "a.b", "a0"}, []string{"a/y"}, []string{"100644 0 a-b", "100644 0 a.b", "100644 0 a/x", "0 100644 a/y", "100644 0 a0"}},
		{"empty directory added", nil, []string{"a/"}, []string{"0 40000 a"}},
		{"empty directory removed", []string{"a/", "b"}, []string{"b"}, []string{"40000 0 a"}},
		{"empty directories within others", []string{"b"}, []string{"a/b/c/", "b"}, []string{"0 40000 a/b/c"}},
		{"directory made empty", []string{"a/x", "a/y"}, []string{"a/"}, []string{"0 40000 a", "100644 0 a/x", "100644 0 a/y"}},
		{"directory no longer empty", []string{"a/"}, []string{"a/x"}, []string{"40000 0 a", "0 100644 a/x"}},
		{"empty directory becomes a file", []string{"a/"}, []string{"a"}, []string{"0 100644 a", "40000 0 a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			var got []string
			for change, err := range Diff(NewReader(m), m.tree(tt.a...), m.tree(tt.b...)) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%o %o %s", uint32(change.Old.Mode), uint32(change.New.Mode), change.Path))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("changes are %q", got)
			}
		})
	}
}

func TestDiffReadsWhatDiffers(t *testing.T) {
	m := newMemory()
	a, b := m.tree("a/b/c 1", "d/e/f", "g"), m.tree("a/b/c 2", "d/e/f", "g")
	m.reads = 0
	if changes, err := diff(NewReader(m), a, b); len(changes) != 1 || err != nil {
		t.Errorf("changes are %q, %v", changes, err)
	}
	if m.reads != 6 {
		t.Errorf("%d trees are read", m.reads)
	}
}

func TestDiffEndsWithBreak(t *testing.T) {
	m := newMemory()
	n := 0
	for range Diff(NewReader(m), ID{}, m.tree("a", "b/c", "d/")) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d changes", n)
	}
}

func TestDiffOfHostileTrees(t *testing.T) {
	m := newMemory()
	id := m.tree("x")
	gone := ID{1}
	directory := func(name string, id ID) rawEntry { return rawEntry{ModeTree, []byte(name), id[:]} }
	put := func(entries ...rawEntry) ID { return m.put(KindTree, rawEntries(entries)) }
	for _, tt := range []struct {
		name string
		tree ID
		want any
		says string
	}{
		{"directories 10,000 deep", m.nested(10_000, ""), new(*MalformedError), "lies more than 2048 directories deep"},
		{"one directory too deep", m.nested(MaxTreeDepth+1, ""), new(*MalformedError), "lies more than 2048 directories deep"},
		{"path too long", put(directory(strings.Repeat("n", maxTreePath), id)), new(*MalformedError), "path of more than"},
		{"entry twice", put(directory("a", id), directory("a", id)), new(*MalformedError), "is repeated"},
		{"entry twice further down", put(directory("d", put(directory("a", id), directory("a", id)))), new(*MalformedError), "is repeated"},
		{"reserved name", put(directory(".git", id)), new(*MalformedError), "reserves"},
		{"missing directory", put(directory("a", gone)), new(*MissingError), gone.String()},
		{"directory that no id names", put(directory("a", ID{})), new(*MissingError), ID{}.String()},
		{"directory that is a blob", put(directory("a", m.put(KindBlob, "text"))), new(*KindError), "is a blob"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, trees := range [][2]ID{{{}, tt.tree}, {tt.tree, {}}, {m.tree("z"), tt.tree}} {
				_, err := diff(NewReader(m), trees[0], trees[1])
				if !errors.As(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("error is %v", err)
				}
			}
		})
	}
}

func TestDiffAsDeepAsGitAllows(t *testing.T) {
	m := newMemory()
	changes, err := diff(NewReader(m), m.nested(MaxTreeDepth, "1"), m.nested(MaxTreeDepth, "2"))
	if len(changes) != 1 || err != nil || !strings.HasSuffix(changes[0], "d/d/file") {
		t.Errorf("%d changes, %v", len(changes), err)
	}
}

// Forty trees that each have the next one twice have a million million files.
func TestDiffOfTreesThatExplode(t *testing.T) {
	m := newMemory()
	id := m.tree("file")
	for range 40 {
		id = m.put(KindTree, rawEntries([]rawEntry{{ModeTree, []byte("a"), id[:]}, {ModeTree, []byte("b"), id[:]}}))
	}
	for _, err := range Diff(NewReader(m), ID{}, id) {
		if err != nil {
			if !errors.As(err, new(*LimitError)) {
				t.Errorf("error is %v", err)
			}
			return
		}
	}
	t.Error("there is no error")
}

func TestTreesThatAreOpenAreLimited(t *testing.T) {
	m := newMemory()
	a, b := m.tree("d/e/f 1"), m.tree("d/e/f 2")
	w := &treeWalk{reader: NewReader(m), open: maxTreesOpen - 5*30}
	if err := w.begin(a, b); err != nil {
		t.Fatal(err)
	}
	var failed error
	w.changes(func(_ Change, err error) bool {
		failed = err
		return true
	})
	if !errors.As(failed, new(*LimitError)) {
		t.Errorf("error is %v", failed)
	}
	w = &treeWalk{reader: NewReader(m)}
	if err := w.begin(a, b); err != nil {
		t.Fatal(err)
	}
	w.changes(func(Change, error) bool { return true })
	if w.open != 0 || len(w.path) != 0 {
		t.Errorf("%d bytes are open at the end, below %q", w.open, w.path)
	}
}
