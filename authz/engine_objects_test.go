package authz

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A damageWorld is a history of every shape that matters for what has to be read:
//
//	root ── below ── intro ── main ── merge ── tip
//	           └──────────── fork ─────┘
type damageWorld struct {
	*world
	root, below, intro, main, fork, merge, tip gitwalk.ID
}

func newDamageWorld(t *testing.T, f Format) *damageWorld {
	w := &damageWorld{world: newWorld(t, f)}
	// Each commit has a tree, and some have a file, that no other one has.
	tree := func(name, file string) gitwalk.ID {
		entry := gitwalk.Entry{Mode: gitwalk.ModeFile, Name: f.FileName(), ID: w.blob(file)}
		return w.tree(entry, gitwalk.Entry{Mode: gitwalk.ModeFile, Name: name, ID: w.blob("x")})
	}
	w.root = w.commit(alice, "")
	w.below = w.commitTree(alice, tree("below", w.listing(alice)), w.root)
	w.intro = w.introduce(w.commitTree(alice, tree("intro", w.listing(alice, bob)), w.below), alice)
	w.main = w.commitTree(alice, tree("main", w.listing(alice, bob, carol)), w.intro)
	w.fork = w.commitTree(alice, tree("fork", w.listing(alice)), w.below)
	w.merge = w.commitTree(alice, tree("merge", w.listing(alice, bob, carol)), w.main, w.fork)
	w.tip = w.commitTree(carol, tree("tip", w.listing(alice, bob, carol)), w.merge)
	return w
}

// treeOf is the tree of a commit that is in the store.
func (w *world) treeOf(commit gitwalk.ID) gitwalk.ID {
	links, err := gitwalk.ParseLinks(w.objects[commit].content)
	if err != nil {
		w.Fatal(err)
	}
	return links.Tree
}

// TestDamage takes each object away and damages it. A verdict rests on the
// commits of the range, the introduction and the files of the parents, and on
// nothing else: what it rests on must be whole and the rest does not matter.
func TestDamage(t *testing.T) {
	for _, f := range []Format{NixFormat, GuixFormat} {
		w := newDamageWorld(t, f)
		w.accepts(w.tip)
		// needed has what must be whole, and which commit is named when it is not.
		needed := map[gitwalk.ID]gitwalk.ID{
			w.blob(w.listing(alice, bob)):        w.intro,
			w.blob(w.listing(alice, bob, carol)): w.main,
			w.blob(w.listing(alice)):             w.fork,
			w.intro:                              w.intro,
			w.treeOf(w.below):                    w.below, // the parent of fork
		}
		for _, c := range []gitwalk.ID{w.main, w.fork, w.merge, w.tip} {
			needed[c] = w.tip // the walk cannot be finished
			needed[w.treeOf(c)] = c
		}
		needed[w.treeOf(w.intro)] = w.intro
		for id := range w.objects {
			commit, isNeeded := needed[id]
			t.Run(fmt.Sprintf("%s %s", f, id), func(t *testing.T) {
				for reason, store := range map[Reason]*memStore{MissingObject: w.without(id), CorruptObject: w.damaged(id)} {
					v := w.verifier()
					v.Objects = store
					r, err := v.Verify(context.Background(), w.tip)
					store.checkClosed(t)
					if err != nil {
						t.Fatal(err)
					}
					checkDamage(t, w, r, id, commit, reason, isNeeded)
				}
			})
		}
	}
}

func checkDamage(t *testing.T, w *damageWorld, r *Report, id, commit gitwalk.ID, reason Reason, needed bool) {
	t.Helper()
	switch {
	case id == w.below: // a parent of fork too, whose file is needed
		commit, needed = w.below, true
		if reason == CorruptObject {
			commit = w.tip // the walk comes upon it
		}
	case !needed && r.Outcome() == Authentic:
		return
	case !needed && reason == CorruptObject && id == w.root:
		return // the walk may come upon it
	case !needed:
		t.Errorf("%s %s: %s %v %v", reason, id, r.Outcome(), r.Refusals, r.Unchecked)
		return
	}
	if r.Outcome() != Unchecked || len(r.Unchecked) != 1 {
		t.Fatalf("%s %s: %s %v %v", reason, id, r.Outcome(), r.Refusals, r.Unchecked)
	}
	u := r.Unchecked[0]
	if u.Commit != commit || u.Reason != reason || !errors.As(u, new(*gitwalk.MissingError)) && !errors.As(u, new(*gitwalk.CorruptError)) {
		t.Errorf("%v instead of commit %s: %s", u, commit, reason)
	}
}
