package authz

import (
	"context"
	"errors"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestContinuesNot has somebody who was removed and comes back through an old list.
//
//	intro ── old ── removed ── main        removed: carol is not listed any more
//	           └── fork ──────── tip       fork and tip are carol's; tip merges main,
//	                                       and has the file and the content of fork
func TestContinuesNot(t *testing.T) {
	for _, rule := range []string{"signed", "vouched"} {
		w := newWorld(t, NixFormat)
		before := nixFile("threshold: 2\nmerges: "+rule, "alice", "bob", "carol")
		after := nixFile("threshold: 2\nmerges: "+rule, "alice", "bob")
		intro := w.introduce(w.commitWith(alice, before, "x=0"), alice)
		old := w.commitWith(alice, before, "x=0", intro)
		removed := w.approved(alice, after, []gitwalk.Entry{w.approve(bob, before, after)}, old)
		main := w.commitWith(alice, after, "x=1", removed)
		w.accepts(main)
		fork := w.commitWith(carol, before, "x=evil", old)
		tip := w.commitWith(carol, before, "x=evil", fork, main)
		w.accepts(tip) // by the old list, which is that of its first parent
		for earlier, want := range map[gitwalk.ID]bool{intro: true, old: true, fork: true, tip: true, main: false, removed: false} {
			if got, err := w.verifier().Continues(t.Context(), earlier, tip); got != want || err != nil {
				t.Errorf("%s: %v, %v", rule, got, err)
			}
		}
		child := w.commitWith(alice, before, "x=2", tip)
		for earlier, want := range map[gitwalk.ID]bool{tip: true, main: false} {
			if got, err := w.verifier().Continues(t.Context(), earlier, child); got != want || err != nil {
				t.Errorf("%s: %v, %v", rule, got, err)
			}
		}
		if got, err := w.verifier().Continues(t.Context(), tip, main); got || err != nil {
			t.Errorf("backward: %v, %v", got, err)
		}
	}
}

// TestContinuesStrict has that a strict merge continues all of its parents.
func TestContinuesStrict(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		file := w.listing(alice, bob)
		intro := w.begin(alice, bob)
		left, right := w.commit(alice, file, intro), w.commit(bob, file, intro)
		tip := w.commit(alice, file, left, right)
		for earlier, want := range map[gitwalk.ID]bool{intro: true, left: true, right: true, w.commit(bob, file, right): false} {
			if got, err := w.verifier().Continues(t.Context(), earlier, tip); got != want || err != nil {
				t.Errorf("%v, %v", got, err)
			}
		}
		w.checkClosed(t)
	})
}

// TestContinuesModel compares Continues with the model on random histories.
func TestContinuesModel(t *testing.T) {
	yes, aside := 0, 0
	for number := range uint64(40) {
		g, _ := grow(number, NixFormat)
		w, ids := g.realise(t)
		for c := range ids {
			for earlier := range ids[:c+1] {
				got, err := w.verifier().Continues(t.Context(), ids[earlier], ids[c])
				if err != nil || got != g.history(c).has(earlier) {
					t.Fatalf("graph %d, from %d to %d: %v, %v\n%s", number, earlier, c, got, err, g)
				}
				if got {
					yes++
				} else if g.closure(c).has(earlier) {
					aside++
				}
			}
		}
	}
	if yes < 1000 || aside < 100 {
		t.Errorf("%d continue, %d only descend: the test tests little", yes, aside)
	}
}

// TestContinuesIncomplete has histories in which something is missing.
func TestContinuesIncomplete(t *testing.T) {
	f := newForge(t)
	side := f.by(alice, "x=1 y=0 p/a=0", f.intro)
	merge := f.by(alice, "x=1 y=1 p/a=0", f.main, side)
	tip := f.by(alice, "x=2 y=1 p/a=0", merge)
	v := f.verifier()
	for id, isUnchecked := range map[gitwalk.ID]bool{merge: true, f.blob(f.file): true, f.treeOfWords(f.file, "x=0 y=1 p/a=0"): true} {
		v.Objects = f.without(id)
		got, err := v.Continues(t.Context(), side, tip)
		if got || errors.As(err, new(*UncheckedError)) != isUnchecked {
			t.Errorf("without %s: %v, %v", id, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v.Objects = f.memStore
	if got, err := v.Continues(ctx, f.intro, tip); got || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", got, err)
	}
	f.onOpen = func(int) error { return errors.New("closed") }
	if got, err := v.Continues(t.Context(), f.intro, tip); got || err == nil {
		t.Errorf("%v, %v", got, err)
	}
}
