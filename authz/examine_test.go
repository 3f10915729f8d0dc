package authz

import (
	"context"
	"errors"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestExamine has one commit in each place, and its verdict there.
func TestExamine(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		file := w.listing(alice)
		root := w.commit("", file)
		intro := w.introduce(w.commit(alice, file, root), alice)
		good := w.commit(alice, file, intro)
		bad := w.commit(bob, file, good)
		for _, c := range []struct {
			name     string
			commit   gitwalk.ID
			standing Standing
			reason   Reason
		}{
			{"introduction", intro, IsIntroduction, ""},
			{"below", root, BelowIntroduction, ""},
			{"good", good, AboveIntroduction, ""},
			{"bad", bad, AboveIntroduction, Unauthorized},
			{"good above bad", w.commit(alice, file, bad), AboveIntroduction, ""},
			{"beside", w.commit(alice, file, root), BesideIntroduction, NotDescendant},
			{"no commit", w.blob("x"), BesideIntroduction, NotDescendant},
		} {
			t.Run(c.name, func(t *testing.T) {
				e, err := w.verifier().Examine(context.Background(), c.commit)
				if err != nil {
					t.Fatal(err)
				}
				var reason Reason
				if e.Verdict.Refusal != nil {
					reason = e.Verdict.Refusal.Reason
				}
				if e.Standing != c.standing || reason != c.reason || e.Verdict.Commit != c.commit || e.Facts.Commit != c.commit {
					t.Errorf("%s, %s: %+v", e.Standing, reason, e)
				}
				w.checkClosed(t)
			})
		}
		w.introduce(intro, bob)
		if e, err := w.verifier().Examine(context.Background(), intro); err != nil || e.Verdict.Refusal == nil || e.Verdict.Refusal.Reason != WrongIntroduction {
			t.Errorf("%+v, %v", e, err)
		}
	})
}

// TestExamineIncomplete has that an object that is missing is no verdict.
func TestExamineIncomplete(t *testing.T) {
	w := newDamageWorld(t, NixFormat)
	for id, commit := range map[gitwalk.ID]gitwalk.ID{
		w.fork: w.fork, w.treeOf(w.fork): w.fork, w.treeOf(w.below): w.below,
	} {
		v := w.verifier()
		v.Objects = w.without(id)
		e, err := v.Examine(context.Background(), w.fork)
		var unchecked *UncheckedError
		if e != nil || !errors.As(err, &unchecked) || unchecked.Reason != MissingObject || unchecked.Commit != commit {
			t.Errorf("%+v, %v", e, err)
		}
	}
	w.onOpen = func(int) error { return errBroken }
	if _, err := w.verifier().Examine(context.Background(), w.tip); !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}
