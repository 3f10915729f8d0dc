package authz

import (
	"context"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// verifyKnowing judges a tip when these commits are known.
func (w *world) verifyKnowing(tip gitwalk.ID, descend bool, known ...gitwalk.ID) *Report {
	w.Helper()
	v := w.verifier()
	v.Known, v.KnownDescend = known, descend
	r, err := v.Verify(context.Background(), tip)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// TestKnown has a linear history and what each known commit spares.
func TestKnown(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		file := w.listing(alice)
		root := w.commit(alice, file)
		history := []gitwalk.ID{w.introduce(w.commit(alice, file, root), alice)}
		for i := range 5 {
			history = append(history, w.commit(alice, file, history[i]))
		}
		for _, descend := range []bool{false, true} {
			for tip := range history {
				for known := range history {
					r := w.verifyKnowing(history[tip], descend, history[known], gitwalk.ID{1}, w.blob("no commit"))
					if want := max(0, tip-known); r.Outcome() != Authentic || r.Commits != want || r.Authentic != want {
						t.Errorf("tip %d, known %d: %s, %d commits", tip, known, r.Outcome(), r.Commits)
					}
				}
			}
			for _, known := range history {
				if r := w.verifyKnowing(root, descend, known); r.Outcome() != Refused || r.Refusals[0].Reason != NotDescendant {
					t.Errorf("the root: %s", r.Outcome())
				}
			}
		}
	})
}

// TestKnownDoesNotMakeDescend has tips that do not descend from the introduction,
// and known commits of every kind.
func TestKnownDoesNotMakeDescend(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		file := w.listing(alice)
		root := w.commit(alice, file)
		intro := w.introduce(w.commit(alice, file, root), alice)
		descendant := w.commit(alice, file, intro)
		fork := w.commit(alice, file, root) // authentic by the rule, and merged below
		merge := w.commit(alice, file, descendant, fork)
		stranger := w.commit(alice, file)
		all := []gitwalk.ID{descendant, merge, fork, root, stranger, intro}
		for _, tip := range []gitwalk.ID{
			root, fork, w.commit(alice, file, fork), w.commit(alice, file, root),
			stranger, w.commit(alice, file, stranger), w.commit(alice, file, fork, root),
		} {
			for set := range 1 << len(all) {
				var known []gitwalk.ID
				for i, id := range all {
					if set>>i&1 != 0 {
						known = append(known, id)
					}
				}
				if r := w.verifyKnowing(tip, false, known...); r.Outcome() != Refused || len(r.Refusals) != 1 || r.Refusals[0].Reason != NotDescendant {
					t.Errorf("tip %s, known %v: %s %v", tip, known, r.Outcome(), r.Unchecked)
				}
			}
			// Whoever vouches for it names descendants alone.
			if r := w.verifyKnowing(tip, true, descendant, merge, intro); r.Outcome() != Refused || r.Refusals[0].Reason != NotDescendant {
				t.Errorf("tip %s: %s", tip, r.Outcome())
			}
		}
		if r := w.verifyKnowing(w.commit(alice, file, merge), true, merge); r.Outcome() != Authentic || r.Commits != 1 {
			t.Errorf("%s, %d commits", r.Outcome(), r.Commits)
		}
	})
}

// TestKnownSparesReading has that the way to the introduction is not read again
// when the caller vouches that there is one.
func TestKnownSparesReading(t *testing.T) {
	w := newWorld(t, GuixFormat)
	file := w.listing(alice)
	known := w.begin(alice)
	for range 500 {
		known = w.commit(alice, file, known)
	}
	tip := w.commit(alice, file, known)
	for descend, most := range map[bool]int{true: 20, false: 600} {
		reads := 0
		w.onRead = func(gitwalk.ID) error { reads++; return nil }
		if r := w.verifyKnowing(tip, descend, known); r.Outcome() != Authentic || reads > most || !descend && reads < 500 {
			t.Errorf("%v: %s after %d reads", descend, r.Outcome(), reads)
		}
	}
}

// TestKnownDoesNotExcuse has that the introduction is verified although something
// is known, and refused commits above what is known stay refused.
func TestKnownDoesNotExcuse(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		file := w.listing(alice)
		intro := w.begin(alice)
		known := w.commit(alice, file, intro)
		bad := w.commit(eve, file, known)
		for _, descend := range []bool{false, true} {
			if r := w.verifyKnowing(w.commit(alice, file, bad), descend, known); len(r.Refusals) != 1 || r.Refusals[0].Commit != bad {
				t.Errorf("%s %v", r.Outcome(), r.Refusals)
			}
			w.introduce(intro, bob)
			if r := w.verifyKnowing(known, descend, known); len(r.Refusals) != 1 || r.Refusals[0].Reason != WrongIntroduction {
				t.Errorf("%s %v", r.Outcome(), r.Refusals)
			}
			w.introduce(intro, alice)
		}
	})
}

// TestIntroductionOnUnfollowedBranch has an introduction that only a side branch
// leads to. The history that counts comes from below it.
func TestIntroductionOnUnfollowedBranch(t *testing.T) {
	w := newWorld(t, NixFormat)
	loose, strict := nixListing("merges: signed\n", ""), nixListing("", "")
	root := w.commit(alice, loose)
	intro := w.introduce(w.commit(alice, strict, root), alice)
	known := w.commit(alice, strict, intro)
	tip := w.commit(bob, loose, root, intro)
	w.refuses(tip, tip, NotDescendant)
	child := w.commit(bob, loose, tip)
	w.refuses(child, child, NotDescendant)
	for _, descend := range []bool{false, true} {
		for _, k := range []gitwalk.ID{known, intro} {
			if r := w.verifyKnowing(tip, descend, k); r.Outcome() != Refused || r.Refusals[0].Reason != NotDescendant {
				t.Errorf("known %s: %s", k, r.Outcome())
			}
		}
	}
	other := w.commit(bob, loose, root, known)
	if r := w.verifyKnowing(other, true, known); r.Outcome() != Refused || r.Refusals[0].Reason != NotDescendant {
		t.Errorf("%s", r.Outcome())
	}
}
