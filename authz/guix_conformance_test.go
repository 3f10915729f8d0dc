package authz

import (
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestGuix has the cases of Guix's own tests that need neither git nor real
// keys, under the labels that docs/spec.md gives them.
func TestGuix(t *testing.T) {
	for _, c := range []struct {
		name string
		test func(*world)
	}{
		{"G3", guixHistorical}, {"G4", guixEmptied}, {"G5", guixUnauthorizedBranch},
		{"G6", guixBranchAddsKey}, {"G7", guixRemoved},
		{"G8", guixIntroduction}, {"G9", guixUnsignedIntroduction}, {"G10", guixOtherIntroduction},
		{"G11", guixNotDescendant}, {"S5", guixOldIntroduction}, {"S6", guixOldIntroductionHistorical},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachFormat(t, func(_ *testing.T, w *world) { c.test(w) })
		})
	}
}

// historical gives commits without a file these keys.
func (w *world) historical(keys ...fakeKey) {
	w.policy.Historical = mustParse(w, w.policy.Introduction.Format, w.listing(keys...))
}

func guixHistorical(w *world) {
	intro := w.introduce(w.commit(alice, ""), alice)
	tip := w.commit(bob, "", w.commit(alice, "", intro))
	w.historical(alice, bob)
	w.accepts(tip)
	w.historical(alice)
	w.refuses(tip, tip, Unauthorized)
}

func guixEmptied(w *world) {
	intro := w.begin(alice)
	listed := w.commit(alice, w.listing(alice), intro)
	w.accepts(listed)
	emptied := w.commit(alice, w.listing(), listed)
	w.accepts(emptied)
	child := w.commit(alice, w.listing(), emptied)
	if r := w.refuses(child, child, Unauthorized); signerOf(r) != alice.fingerprint() || r.Parent != emptied || r.Signer.Name != "" {
		w.Errorf("%+v", r)
	}
}

func guixUnauthorizedBranch(w *world) {
	intro := w.begin(alice)
	main := w.commit(alice, w.listing(alice), intro)
	branch := w.commit(bob, w.listing(alice), intro)
	merge := w.commit(alice, w.listing(alice), main, branch)
	tip := w.commit(alice, w.listing(alice), merge)
	if r := w.refuses(tip, branch, Unauthorized); signerOf(r) != bob.fingerprint() || r.Parent != intro {
		w.Errorf("%+v", r)
	}
}

func guixBranchAddsKey(w *world) {
	intro := w.begin(alice)
	main := w.commit(alice, w.listing(alice), intro)
	added := w.commit(alice, w.listing(alice, bob), intro)
	branch := w.commit(bob, w.listing(alice, bob), added)
	early := w.commit(bob, w.listing(alice), main)
	merge := w.commit(alice, w.listing(alice, bob), main, branch)
	tip := w.commit(bob, w.listing(alice, bob), merge)
	r := w.accepts(tip)
	if r.Commits != 5 || r.Authentic != 5 || len(r.Signers) != 2 || r.Signers[0] != (SignerCount{alice.fingerprint(), "alice", 3}) {
		w.Errorf("%+v", r)
	}
	w.refuses(early, early, Unauthorized)
	byBob := w.commit(bob, w.listing(alice, bob), main, branch)
	if r := w.refuses(byBob, byBob, Unauthorized); r.Parent != main {
		w.Errorf("%+v", r)
	}
}

func guixRemoved(w *world) {
	intro := w.begin(alice)
	removed := w.commit(alice, "", intro)
	if r := w.refuses(removed, removed, AuthorizationsRemoved); signerOf(r) != alice.fingerprint() || r.Parent != intro {
		w.Errorf("%+v", r)
	}
	child := w.commit(alice, "", removed)
	r := w.verify(child)
	if len(r.Refusals) != 2 || r.Refusals[0].Commit != removed || r.Refusals[1].Commit != child || r.Refusals[1].Reason != Unauthorized {
		w.Errorf("%v", r.Refusals)
	}
}

func guixIntroduction(w *world) {
	intro := w.begin(alice)
	if r := w.accepts(intro); r.Commits != 0 || r.Authentic != 0 {
		w.Errorf("%+v", r)
	}
	w.accepts(w.commit(alice, w.listing(alice), intro))
}

func guixUnsignedIntroduction(w *world) {
	intro := w.introduce(w.commit("", w.listing(alice)), alice)
	tip := w.commit(alice, w.listing(alice), intro)
	for _, id := range []gitwalk.ID{intro, tip} {
		if r := w.refuses(id, intro, WrongIntroduction); r.Expected != alice.fingerprint() || r.Signer != nil {
			w.Errorf("%+v", r)
		}
	}
}

func guixOtherIntroduction(w *world) {
	intro := w.introduce(w.commit(bob, w.listing(alice, bob)), alice)
	tip := w.commit(alice, w.listing(alice, bob), intro)
	for _, id := range []gitwalk.ID{intro, tip} {
		if r := w.refuses(id, intro, WrongIntroduction); r.Expected != alice.fingerprint() || signerOf(r) != bob.fingerprint() {
			w.Errorf("%+v", r)
		}
	}
}

func guixNotDescendant(w *world) {
	root := w.commit(alice, w.listing(alice))
	intro := w.introduce(w.commit(alice, w.listing(alice), root), alice)
	w.accepts(w.commit(alice, w.listing(alice), intro))
	if r := w.refuses(root, root, NotDescendant); r.Detail != "it is older than the introduction" {
		w.Errorf("%s", r.Detail)
	}
	for _, tip := range []gitwalk.ID{
		w.commit(alice, w.listing(alice), root),
		w.commit(alice, w.listing(alice)),
		w.blob("no commit"),
	} {
		if r := w.refuses(tip, tip, NotDescendant); r.Detail != "it does not descend from the introduction" {
			w.Errorf("%s", r.Detail)
		}
	}
}

func guixOldIntroduction(w *world) {
	intro := w.introduce(w.commit(alice, ""), alice)
	first := w.commit(alice, w.listing(alice), intro)
	tip := w.commit(alice, w.listing(alice), first)
	if r := w.refuses(tip, first, Unauthorized); r.Parent != intro {
		w.Errorf("%+v", r)
	}
}

func guixOldIntroductionHistorical(w *world) {
	intro := w.introduce(w.commit(alice, ""), alice)
	first := w.commit(alice, w.listing(alice), intro)
	tip := w.commit(alice, w.listing(alice), first)
	w.historical(alice)
	w.accepts(tip)
	w.historical(bob)
	w.refuses(tip, first, Unauthorized)
}
