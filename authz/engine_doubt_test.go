package authz

import (
	"context"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// skewed makes a history in which the introduction claims to be older than what
// it descends from, so that the walk lets in below, merge, left and right:
//
//	left ─── merge ── below ── intro ── join
//	right ────┘         └───── fork ─────┘
func (w *world) skewed() (left, right, merge, join gitwalk.ID) {
	file := w.listing(alice)
	left, right = w.commit(bob, file), w.commit("", "")
	merge = w.commit(bob, file, left, right)
	below := w.commit("", file, merge)
	raw := w.next(w.treeWith(gitwalk.ModeFile, w.listing(alice, bob)), below)
	raw.date = 1000
	intro := w.introduce(w.put(gitwalk.KindCommit, raw.signed(alice.sign)), alice)
	fork := w.commit(alice, file, below)
	return left, right, merge, w.commit(alice, file, intro, fork)
}

// TestSkewIsNoRefusal has that a wrong date costs time and never a verdict.
func TestSkewIsNoRefusal(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		_, _, _, tip := w.skewed()
		if r := w.accepts(tip); r.Commits < 2 {
			t.Errorf("%+v", r)
		}
		if let := countVerdicts(w, tip); let != 1+2 {
			t.Errorf("%d verdicts instead of those on the introduction, fork and join", let)
		}
	})
}

func countVerdicts(w *world, tip gitwalk.ID) (n int) {
	v := w.verifier()
	v.Observe = func(e Event) {
		if _, ok := e.(*Verdict); ok {
			n++
		}
	}
	if _, err := v.Verify(context.Background(), tip); err != nil {
		w.Fatal(err)
	}
	return n
}

// TestSkewAndMissing has that what a wrong date lets in need not be there, not
// even to tell by which rule a merge is to be judged.
func TestSkewAndMissing(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		left, right, merge, tip := w.skewed()
		for name, id := range map[string]gitwalk.ID{
			"left": left, "tree of left": w.treeOf(left), "right": right, "tree of right": w.treeOf(right), "merge": merge,
		} {
			store := w.without(id)
			v := w.verifier()
			v.Objects = store
			r, err := v.Verify(context.Background(), tip)
			if err != nil {
				t.Fatal(err)
			}
			// The tree of left is also that of fork.
			if want := name != "tree of left"; (r.Outcome() == Authentic) != want || r.Outcome() == Refused {
				t.Errorf("without the %s: %s %v", name, r.Outcome(), r.Unchecked)
			}
		}
	})
}

// TestUnknownRule has a merge in the range whose rule cannot be known: whatever
// its other parents are, there is no verdict.
func TestUnknownRule(t *testing.T) {
	w := newWorld(t, NixFormat)
	intro := w.begin(alice)
	first := w.commit(alice, w.listing(alice, bob), intro)
	evil := w.commit(eve, w.listing(alice), intro)
	tip := w.commit(alice, w.listing(alice, bob), first, evil)
	blob := w.blob(w.listing(alice, bob))
	failures := 0
	w.onRead = func(id gitwalk.ID) error {
		if id == blob && failures == 0 { // as in a repository that is packed anew meanwhile
			failures++
			return &gitwalk.MissingError{ID: id}
		}
		return nil
	}
	r := w.verify(tip)
	if failures != 1 || r.Outcome() == Authentic || len(r.Unchecked) != 1 || r.Unchecked[0].Commit != first || r.Unchecked[0].Reason != MissingObject {
		t.Errorf("%d failures, %s %v %v", failures, r.Outcome(), r.Refusals, r.Unchecked)
	}
}

// TestCutClosure has an unauthorized commit that may or may not be below the
// introduction, since the repository lacks a part of what is.
func TestCutClosure(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		file := w.listing(alice)
		intro := w.introduce(w.commit(alice, file, gitwalk.ID{1}), alice)
		stray := w.commit("", file)
		tip := w.commit(alice, file, w.commit(alice, file, intro), w.commit(alice, file, stray))
		r := w.verify(tip)
		if r.Outcome() != Unchecked || len(r.Unchecked) != 1 || r.Unchecked[0].Commit != stray || r.Unchecked[0].Reason != MissingObject {
			t.Errorf("%s %v %v", r.Outcome(), r.Refusals, r.Unchecked)
		}
		bad := w.commit(eve, file, tip)
		r = w.verify(w.commit(alice, file, bad))
		if r.Outcome() != Refused || len(r.Refusals) != 1 || r.Refusals[0].Commit != bad || len(r.Unchecked) != 1 {
			t.Errorf("%s %v %v", r.Outcome(), r.Refusals, r.Unchecked)
		}
	})
}

// TestRefusedAndMissing has that what is missing later does not undo a refusal.
func TestRefusedAndMissing(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		file := w.listing(alice)
		bad := w.commit(eve, file, w.begin(alice))
		tip := w.commitTree(alice, gitwalk.ID{1}, bad)
		r := w.verify(tip)
		if r.Outcome() != Refused || len(r.Refusals) != 1 || r.Refusals[0].Commit != bad || len(r.Unchecked) != 1 || r.Unchecked[0].Commit != tip {
			t.Errorf("%s %v %v", r.Outcome(), r.Refusals, r.Unchecked)
		}
	})
}
