package authz

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		path    string
		covered string
		not     string
	}{
		{"a/b/", "a/b/c a/b/c/d a/b/.. a/b/b", "a/b a/bc a/b.c a a/c A/b/c a/B/c xa/b/c x/a/b/c a/b\\c /a/b/c a//b/c ./a/b/c"},
		{"a/b", "a/b a/b/c a/b/c/d", "a/bc a/b.c a a/B a/B/c b xa/b x/a/b"},
		{"a/", "a/b a/b/c a/.hidden", "a b ab A/b .a/b"},
		{"a", "a a/b a/b/c", "A ab b a.b"},
		{"é/", "é/x", "e\u0301/x É/x"},
	} {
		for changed := range strings.FieldsSeq(c.covered) {
			if !covers([]string{c.path}, changed) || !covers([]string{"z/", c.path}, changed) {
				t.Errorf("%q does not cover %q", c.path, changed)
			}
		}
		for changed := range strings.FieldsSeq(c.not) {
			if covers([]string{c.path}, changed) || covers([]string{"z/", c.path}, changed) {
				t.Errorf("%q covers %q", c.path, changed)
			}
		}
		if covers(nil, c.path) {
			t.Error("no path covers something")
		}
	}
}

// TestPaths has commits by a key that may change what is below p/ and the file q.
func TestPaths(t *testing.T) {
	file := nixFile("", "alice", "bob paths: [p/, q]")
	const before = "p/a=1 p/sub!=1 q=1 r/a=1 r/same=2 z=9"
	for _, c := range []struct {
		name  string
		after string
		path  string // that is refused, or empty
	}{
		{"nothing", before, ""},
		{"a file changed", "p/a=2 p/sub!=1 q=1 r/a=1 r/same=2 z=9", ""},
		{"a file added deep below", "p/a=1 p/n/e/w=1 p/sub!=1 q=1 r/a=1 r/same=2 z=9", ""},
		{"a file removed", "p/sub!=1 q=1 r/a=1 r/same=2 z=9", ""},
		{"all removed", "r/a=1 r/same=2 z=9", ""},
		{"a mode changed", "p/a*=1 p/sub!=1 q*=1 r/a=1 r/same=2 z=9", ""},
		{"a link instead", "p/a@=../r/a p/sub!=1 q=1 r/a=1 r/same=2 z=9", ""},
		{"a submodule moved on", "p/a=1 p/sub!=2 q=1 r/a=1 r/same=2 z=9", ""},
		{"a file renamed below", "p/b=1 p/sub!=1 q=1 r/a=1 r/same=2 z=9", ""},
		{"a file instead of a directory, and the reverse", "p/a/x=1 p/sub=1 q/x=1 r/a=1 r/same=2 z=9", ""},
		{"a file changed elsewhere", "p/a=1 p/sub!=1 q=1 r/a=2 r/same=2 z=9", "r/a"},
		{"a file added elsewhere", "n=1 p/a=1 p/sub!=1 q=1 r/a=1 r/same=2 z=9", "n"},
		{"a file added behind", before + " zz=1", "zz"},
		{"a file removed elsewhere", "p/a=1 p/sub!=1 q=1 r/a=1 z=9", "r/same"},
		{"a mode changed elsewhere", "p/a=1 p/sub!=1 q=1 r/a=1 r/same=2 z*=9", "z"},
		{"a link elsewhere", "p/a=1 p/sub!=1 q=1 r/a=1 r/same=2 z@=9", "z"},
		{"a submodule elsewhere", "p/a=1 p/sub!=1 q=1 r/a=1 r/same=2 z!=9", "z"},
		{"a file renamed from below", "p/sub!=1 q=1 r/a=1 r/b=1 r/same=2 z=9", "r/b"},
		{"a file renamed to below", "p/a=1 p/r=1 p/sub!=1 q=1 r/same=2 z=9", "r/a"},
		{"a file copied from elsewhere", "p/a=1 p/same=2 p/sub!=1 q=1 r/a=1 r/same=2 z=9", ""},
		{"the directory replaced by a file", "p=1 q=1 r/a=1 r/same=2 z=9", "p"},
		{"the directory replaced by a link", "p@=r q=1 r/a=1 r/same=2 z=9", "p"},
		{"the directory replaced by a submodule", "p!=1 q=1 r/a=1 r/same=2 z=9", "p"},
		{"another case of letters", before + " P/a=1", "P/a"},
		{"another case of letters below", "p/A=1 p/a=1 p/sub!=1 q=1 r/a=1 r/same=2 z=9", ""},
		{"a name that begins alike", before + " p.x=1", "p.x"},
		{"a name that looks alike", before + " p\u200b/a=1", "p\u200b/a"},
		{"names like a way up", "p/...=1 p/..a/b=1 p/a=1 p/sub!=1 q=1 r/a=1 r/same=2 z=9", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, NixFormat)
			intro := w.introduce(w.commitWith(alice, file, before), alice)
			w.accepts(w.commitWith(alice, file, c.after, intro))
			tip := w.commitWith(bob, file, c.after, intro)
			if c.path == "" {
				w.accepts(tip)
				return
			}
			r := w.refuses(tip, tip, PathForbidden)
			if want := fmt.Sprintf("it changes %q, and its signer may change only what is below p/, q", c.path); r.Detail != want || r.Parent != intro || r.Signer.Name != "bob" {
				t.Errorf("%q instead of %q", r.Detail, want)
			}
		})
	}
}

// TestPathsNever has what a key with paths may not do whatever the paths are.
func TestPathsNever(t *testing.T) {
	w := newWorld(t, NixFormat)
	file := nixFile("", "alice", "bob paths: [.nix-authorizations, p/]")
	intro := w.introduce(w.commitWith(alice, file, "p/a=1"), alice)
	for name, tip := range map[string]gitwalk.ID{
		"a change of the file":  w.commitWith(bob, nixFile("", "alice", "bob"), "p/a=1", intro),
		"a merge":               w.commitWith(bob, file, "p/a=2", intro, w.commitWith(alice, file, "p/a=2", intro)),
		"a merge of its own":    w.commitWith(bob, file, "p/a=2", intro, w.commitWith(bob, file, "p/a=2", intro)),
		"a merge, and the rule": w.commitWith(bob, nixFile("", "alice", "bob"), "p/a=2", intro, intro),
	} {
		if r := w.refuses(tip, tip, Unauthorized); !strings.Contains(r.Detail, "needs the right to") {
			t.Errorf("%s: %s", name, r.Detail)
		}
	}
}

// TestPathsMalformed has directories that can be read in more than one way.
func TestPathsMalformed(t *testing.T) {
	w := newWorld(t, NixFormat)
	file := nixFile("", "alice", "bob paths: [p/]")
	intro := w.introduce(w.commitWith(alice, file, "p/a=1"), alice)
	within := func(by fakeKey, below gitwalk.ID) gitwalk.ID {
		return w.commitTree(by, w.tree(
			gitwalk.Entry{Mode: gitwalk.ModeFile, Name: ".nix-authorizations", ID: w.blob(file)},
			gitwalk.Entry{Mode: gitwalk.ModeFile, Name: "README", ID: w.blob("read me")},
			gitwalk.Entry{Mode: gitwalk.ModeTree, Name: "p", ID: below},
		), intro)
	}
	a := gitwalk.Entry{Mode: gitwalk.ModeFile, Name: "a", ID: w.blob("2")}
	named := func(name string) gitwalk.Entry { e := a; e.Name = name; return e }
	w.accepts(within(bob, w.tree(a)))
	for name, below := range map[string]gitwalk.ID{
		"twice":        w.tree(a, a),
		"out of order": w.tree(named("b"), a),
		"up":           w.tree(named("..")),
		"here":         w.tree(named(".")),
		"no name":      w.tree(named("")),
		"a slash":      w.tree(named("x/y")),
		"a repository": w.tree(named(".GIT")),
		"a mode":       w.tree(gitwalk.Entry{Mode: 0o100600, Name: "a", ID: a.ID}),
		"no tree":      w.blob("no tree"),
	} {
		tip := within(bob, below)
		if r := w.refuses(tip, tip, MalformedCommit); !strings.Contains(r.Detail, "what it changes cannot be told") {
			t.Errorf("%s: %s", name, r.Detail)
		}
	}
	tip := within(bob, w.tree(a))
	v := w.verifier()
	v.Objects = w.without(w.tree(a))
	if r, err := v.Verify(t.Context(), tip); err != nil || r.Outcome() != Unchecked || r.Unchecked[0].Reason != MissingObject {
		t.Errorf("%v %v", r, err)
	}
}

// TestPathsAreCheap has that unchanged directories are not read, and that keys without
// paths cost nothing.
func TestPathsAreCheap(t *testing.T) {
	w := newWorld(t, NixFormat)
	file := nixFile("", "alice", "bob paths: [p/]")
	var many strings.Builder
	for i := range 300 {
		fmt.Fprintf(&many, " big/%d/x=1", i)
	}
	intro := w.introduce(w.commitWith(alice, file, "p/a=1"+many.String()), alice)
	for by, most := range map[fakeKey]int{alice: 0, bob: 6} {
		tip := w.commitWith(by, file, "p/a=2"+many.String(), intro)
		trees := map[gitwalk.ID]bool{}
		for id, o := range w.objects {
			trees[id] = o.kind == gitwalk.KindTree
		}
		v := w.verifier()
		v.Workers = 1
		read := 0
		w.onRead = func(id gitwalk.ID) error {
			if trees[id] {
				read++
			}
			return nil
		}
		if r, err := v.Verify(t.Context(), tip); err != nil || r.Outcome() != Authentic {
			t.Fatal(r, err)
		}
		// The root trees of the introduction, of the tip and of its parent have
		// the files.
		if read > 4+most {
			t.Errorf("%d trees read for %s", read, by)
		}
		w.onRead = nil
	}
}
