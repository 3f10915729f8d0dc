package main

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// bomb replaces an object by a file of this header and as many zeros as it takes to
// fill memory, if anybody reads them all.
func bomb(t *testing.T, h *history, id, header string, zeros int) {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(header + "\x00"))
	block := make([]byte, 1<<20)
	for ; zeros > 0; zeros -= len(block) {
		w.Write(block)
	}
	w.Close()
	path := filepath.Join(h.Dir, ".git", "objects", id[:2], id[2:])
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, b.String())
}

// Objects that are larger than they say, or than anything has a right to be.
func TestBombs(t *testing.T) {
	t.Parallel()
	const size = 256 << 20 // that it says to have; what it has is less, for the sake of the test
	for _, test := range []struct {
		name, object, header, verdict string
	}{
		{"blob that says it is small", "HEAD^:" + guixName, "blob 10", "corrupt-object"},
		{"blob that says it is large", "HEAD^:" + guixName, fmt.Sprintf("blob %d", size), "malformed-authorizations"},
		{"blob that says it is endless", "HEAD^:" + guixName, "blob 4611686018427387903", "malformed-authorizations"},
		{"tree that says it is small", "HEAD^^{tree}", "tree 10", "corrupt-object"},
		{"tree that says it is large", "HEAD^^{tree}", fmt.Sprintf("tree %d", size), "malformed-commit"},
		{"commit that says it is small", "HEAD^", "commit 10", "corrupt-object"},
		{"commit that says it is large", "HEAD^", fmt.Sprintf("commit %d", size), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, guixName, alice(t))
			h.CommitAs(alice(t), guixName, "; 1\n"+listing(guixName, alice(t)))
			h.CommitAs(alice(t), guixName, "; 2\n"+listing(guixName, alice(t)))
			bomb(t, h, h.Git("rev-parse", test.object), test.header, 4<<20)
			a := h.verify("HEAD")
			if a.Exit == 0 || test.verdict != "" && a.reason() != test.verdict {
				t.Errorf("the verdict is %q: %+v", a.reason(), a)
			}
		})
	}
}

// Commits that no git makes, and that could be the whole of somebody's memory.
func TestHugeCommits(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nixName, alice(t))
	tree := h.tree("HEAD")
	many := make([]string, 5000)
	for i := range many {
		many[i] = h.introduction
	}
	for _, test := range []struct {
		name, verdict string
		commit        []byte
	}{
		{"message of 15 MiB", "authentic", h.RawCommit(tree, strings.Repeat("x", 15<<20), h.introduction)},
		{"5000 parents", "malformed-commit", h.RawCommit(tree, "Octopus", many...)},
		{"header of 1 MiB", "authentic", insertBehind(h.RawCommit(tree, "Header", h.introduction), "committer", "x "+strings.Repeat("y\n ", 1<<18)+"z\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := h.sign(alice(t), test.commit)
			refused := ""
			if test.verdict != "authentic" {
				refused = id
			}
			want(t, h.verify(id), test.verdict, refused)
		})
	}

	// What is larger than 16 MiB is not read, so that nobody knows its parents.
	id := h.sign(alice(t), h.RawCommit(tree, strings.Repeat("x", 17<<20), h.introduction))
	a := h.verify(id)
	if want(t, a, "cannot-check", ""); !strings.Contains(a.Error.Message, id+" is larger than 16777216 bytes") || a.Error.Hint == "" {
		t.Errorf("the error is %+v", a.Error)
	}
	if a := h.verify(h.sign(alice(t), h.RawCommit(tree, "On top", id))); a.Exit != 1 {
		t.Errorf("the child's verdict is %+v", a)
	}
}

// A file of which every version is stored as the difference to the next.
func TestDeepDeltaChain(t *testing.T) {
	t.Parallel()
	const depth = 1500
	h := newHistory(t, guixName, alice(t))
	var stream strings.Builder
	for i := range depth {
		text := fmt.Sprintf("%s; %d\n%s", listing(guixName, alice(t)), i, strings.Repeat("; padding\n", 50))
		fmt.Fprintf(&stream, "blob\nmark :%d\ndata %d\n%s\n", i+1, len(text), text)
	}
	h.GitInput([]byte(stream.String()), "-c", "pack.depth=4095", "fast-import", "--quiet", "--depth=4095", "--export-marks=marks")
	marks, err := os.ReadFile(filepath.Join(h.Dir, "marks"))
	if err != nil {
		t.Fatal(err)
	}
	parent := h.introduction
	for _, line := range strings.Split(strings.TrimSpace(string(marks)), "\n")[depth-20:] {
		blob := strings.Fields(line)[1]
		tree := h.SortedTree(gittest.TreeEntry{Mode: "100644", Name: guixName, ID: blob})
		parent = h.sign(alice(t), h.RawCommit(tree, "Next", parent))
	}
	if a := h.verify(parent); a.reason() != "authentic" || a.judged() != 20 {
		t.Errorf("the verdict is %q: %+v", a.reason(), a)
	}
}
