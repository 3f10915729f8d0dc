package authz

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestHostileBytes changes every byte of a signed commit in several ways and cuts
// it everywhere. Each result is another commit, and none is authentic: what names
// no other object is refused.
func TestHostileBytes(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		tip := w.commit(alice, w.listing(alice), w.begin(alice))
		w.accepts(tip)
		good := w.objects[tip].content
		tree := bytes.Index(good, []byte("\nparent"))
		parent := bytes.Index(good, []byte("\nauthor"))
		for at := range good {
			for _, change := range []byte{1, 2, 0x20, 0x80, good[at], good[at] ^ ' ', good[at] ^ '\n'} {
				bad := bytes.Clone(good)
				if bad[at] ^= change; !bytes.Equal(bad, good) {
					named := at < tree || tree < at && at < parent
					w.refusesBytes(t, bad, named, fmt.Sprintf("byte %d (%q) ^ %#x", at, good[at], change))
				}
			}
			w.refusesBytes(t, good[:at], false, fmt.Sprintf("cut to %d bytes", at))
			w.refusesBytes(t, append(bytes.Clone(good[:at]), good[at+1:]...), at < parent, fmt.Sprintf("without byte %d", at))
			w.refusesBytes(t, bytes.Replace(good, good[:at], append(good[:at:at], good[at]), 1), at < parent, fmt.Sprintf("byte %d twice", at))
		}
	})
}

// refusesBytes requires that a commit is refused or, if named says that the id of
// another object may have changed, that this object is missing.
func (w *world) refusesBytes(t *testing.T, content []byte, named bool, what string) {
	t.Helper()
	r, err := w.verifier().Verify(context.Background(), w.put(gitwalk.KindCommit, content))
	switch {
	case err != nil:
		t.Fatalf("%s: %v", what, err)
	case r.Outcome() == Refused:
	case !named || r.Outcome() != Unchecked || r.Unchecked[0].Reason != MissingObject:
		t.Errorf("%s: %s %v\n%q", what, r.Outcome(), r.Unchecked, content)
	}
}

// TestHostileObjects has commits that name objects of a wrong kind or form. They
// are refused: nothing is wrong with the repository.
func TestHostileObjects(t *testing.T) {
	entry := func(w *world, mode gitwalk.Mode, id gitwalk.ID) gitwalk.ID {
		return w.tree(gitwalk.Entry{Mode: mode, Name: w.policy.Introduction.Format.FileName(), ID: id})
	}
	for _, c := range []struct {
		name   string
		tree   func(w *world) gitwalk.ID
		reason Reason
		detail string
	}{
		{"blob as tree", func(w *world) gitwalk.ID { return w.blob("x") }, MalformedCommit, "blob instead of a tree"},
		{"commit as tree", func(w *world) gitwalk.ID { return w.policy.Introduction.Commit }, MalformedCommit, "commit instead of a tree"},
		{"tree as file", func(w *world) gitwalk.ID { return entry(w, gitwalk.ModeFile, w.tree()) }, MalformedAuthorizations, "tree instead of a blob"},
		{"commit as file", func(w *world) gitwalk.ID { return entry(w, gitwalk.ModeFile, w.policy.Introduction.Commit) }, MalformedAuthorizations, "commit instead of a blob"},
		{"link", func(w *world) gitwalk.ID { return entry(w, gitwalk.ModeSymlink, w.blob("README")) }, MalformedAuthorizations, "symbolic link"},
		{"directory", func(w *world) gitwalk.ID { return entry(w, gitwalk.ModeTree, w.tree()) }, MalformedAuthorizations, "directory"},
		{"submodule", func(w *world) gitwalk.ID { return entry(w, gitwalk.ModeGitlink, gitwalk.ID{1}) }, MalformedAuthorizations, "submodule"},
		{"submodule of no commit", func(w *world) gitwalk.ID { return entry(w, gitwalk.ModeGitlink, gitwalk.ID{}) }, MalformedAuthorizations, "submodule"},
		{"huge file", func(w *world) gitwalk.ID {
			return entry(w, gitwalk.ModeFile, w.blob(w.listing(alice)+strings.Repeat("\n", MaxAuthorizations)))
		}, MalformedAuthorizations, "authorizations is larger than 1048576 bytes"},
		{"file twice", func(w *world) gitwalk.ID {
			e := gitwalk.Entry{Mode: gitwalk.ModeFile, Name: w.policy.Introduction.Format.FileName(), ID: w.blob(w.listing(alice))}
			return w.tree(e, e)
		}, MalformedCommit, "repeated"},
		{"odd mode", func(w *world) gitwalk.ID { return entry(w, 0o100600, w.blob(w.listing(alice))) }, MalformedCommit, "mode"},
		{"no file", func(w *world) gitwalk.ID { return w.tree() }, AuthorizationsRemoved, "removes"},
		{"other letters", func(w *world) gitwalk.ID {
			name := strings.ToUpper(w.policy.Introduction.Format.FileName())
			return w.tree(gitwalk.Entry{Mode: gitwalk.ModeFile, Name: name, ID: w.blob(w.listing(alice))})
		}, AuthorizationsRemoved, "removes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachFormat(t, func(t *testing.T, w *world) {
				intro := w.begin(alice)
				bad := w.commitTree(alice, c.tree(w), intro)
				if r := w.refuses(bad, bad, c.reason); !strings.Contains(r.Detail, c.detail) {
					t.Errorf("%s", r.Detail)
				}
				w.historical(alice, bob) // helps nobody where a file is unreadable
				for _, child := range []gitwalk.ID{w.commit(bob, w.listing(alice), bad), w.commit(bob, w.listing(alice), bad, bad)} {
					r := w.verify(child)
					if r.Outcome() != Refused || r.Refusals[0].Commit != bad || c.reason != AuthorizationsRemoved && len(r.Refusals) != 2 {
						t.Errorf("%v", r.Refusals)
					}
				}
				bad = w.introduce(bad, alice)
				if r := w.verify(bad); (r.Outcome() == Refused) != (c.reason != AuthorizationsRemoved) {
					t.Errorf("as introduction: %s", r.Outcome())
				}
			})
		})
	}
}

// TestHostileParents has parents that are no commits, in the range and below the
// introduction, first and last.
func TestHostileParents(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		file := w.listing(alice)
		blob := w.blob("no commit")
		headless := w.put(gitwalk.KindCommit, []byte("parent "+blob.String()+"\n"))
		w.historical(alice)
		huge := w.next(w.tree(), blob)
		huge.message = strings.Repeat("x", gitwalk.MaxCommit)
		for _, odd := range []gitwalk.ID{blob, headless, w.tree(), w.put(gitwalk.KindCommit, huge.signed(alice.sign))} {
			intro := w.begin(alice)
			for _, parents := range [][]gitwalk.ID{{intro, odd}, {odd, intro}} {
				merge := w.commit(alice, file, parents...)
				r := w.verify(merge)
				if len(r.Refusals) != 2 || r.Refusals[0].Commit != odd || r.Refusals[0].Reason != MalformedCommit ||
					r.Refusals[1].Commit != merge || r.Refusals[1].Reason != MalformedAuthorizations || r.Refusals[1].Parent != odd {
					t.Errorf("%v %v", r.Refusals, r.Unchecked)
				}
			}
			below := w.introduce(w.commit(alice, file, odd), alice)
			for _, parents := range [][]gitwalk.ID{{below, odd}, {odd, below}} {
				merge := w.commit(alice, file, parents...)
				if r := w.refuses(merge, merge, MalformedAuthorizations); r.Parent != odd {
					t.Errorf("%v", r)
				}
			}
		}
	})
}

// TestHostileParentCount has that a commit cannot make a million of facts.
func TestHostileParentCount(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		intro := w.begin(alice)
		parents := make([]gitwalk.ID, maxParents+1)
		for i := range parents {
			parents[i] = intro
		}
		w.accepts(w.commit(alice, w.listing(alice), parents[1:]...))
		tip := w.commit(alice, w.listing(alice), parents...)
		if r := w.refuses(tip, tip, MalformedCommit); !strings.Contains(r.Detail, "1001 parents") {
			t.Errorf("%s", r.Detail)
		}
	})
}

// TestHostileName has that an unauthorized signer is not called what another,
// hostile parent calls it.
func TestHostileName(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		intro := w.begin(alice)
		evil := strings.ReplaceAll(w.listing(bob), "bob", "alice")
		side := w.commit(bob, evil, intro)
		merge := w.commit(bob, w.listing(alice), side, intro)
		r := w.verify(merge)
		if len(r.Refusals) != 2 || r.Refusals[1].Commit != merge || r.Refusals[1].Parent != intro || r.Refusals[1].Signer.Name != "" {
			t.Errorf("%+v", r.Refusals)
		}
	})
}

// TestHostileSubject has that what is kept of a subject is short.
func TestHostileSubject(t *testing.T) {
	w := newWorld(t, GuixFormat)
	raw := w.next(w.treeWith(gitwalk.ModeFile, w.listing(alice)), w.begin(alice))
	raw.message = "\n" + strings.Repeat("é", 1<<20) + "\nmore"
	tip := w.put(gitwalk.KindCommit, raw.signed(nil))
	if r := w.refuses(tip, tip, Unsigned); r.Subject != strings.Repeat("é", 100)+"..." {
		t.Errorf("%d bytes: %.50q", len(r.Subject), r.Subject)
	}
}
