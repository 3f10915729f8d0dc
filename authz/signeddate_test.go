package authz

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestSignedDate: the date of a merge that nobody authorized has signed does not count,
// however new, and those of its vouchers and of signed first parents do.
func TestSignedDate(t *testing.T) {
	w := newWorld(t, NixFormat)
	file := "version: 1\nmerges: vouched\nkeys:\n- {name: alice, openpgp: " + string(alice.fingerprint()) + "}\n"
	tree := w.treeWith(gitwalk.ModeFile, file)
	at := func(by fakeKey, date int64, parents ...gitwalk.ID) gitwalk.ID {
		c := rawCommit{tree, parents, date, "commit"}
		if by == "" {
			return w.put(gitwalk.KindCommit, c.signed(nil))
		}
		return w.put(gitwalk.KindCommit, c.signed(by.sign))
	}
	introduction := w.introduce(at(alice, 1000), alice)
	old := at(alice, 2000, introduction)
	head := at(alice, 3000, introduction)
	merge := at("", 9000, old, head)
	newer := at("", 9500, merge, at(alice, 1500, introduction))
	signed := at(alice, 4000, newer)
	for name, c := range map[string]struct {
		tip   gitwalk.ID
		since int64
		want  int64
	}{
		"signed":                         {signed, 0, 4000},
		"introduction":                   {introduction, 0, 1000},
		"vouched, by the head":           {merge, 0, 3000},
		"vouched, old head is enough":    {newer, 1400, 1500},
		"vouched, an earlier head":       {newer, 2500, 3000},
		"vouched, nothing is new enough": {newer, 5000, 3000},
	} {
		got, err := w.verifier().SignedDate(context.Background(), c.tip, time.Unix(c.since, 0))
		if err != nil || got.Unix() != c.want {
			t.Errorf("%s: %d instead of %d, %v", name, got.Unix(), c.want, err)
		}
	}
}

// TestSignedDateUnsure has that the date of a merge counts neither when git is needed
// to judge it and is not there, nor when nobody is found who vouches for it.
func TestSignedDateUnsure(t *testing.T) {
	f := newForge(t)
	for name, tip := range map[string]gitwalk.ID{
		"no git":   f.by("", "x=0 y=3 p/a=0", f.main, f.by(bob, "x=0 y=2 p/a=0", f.intro)),
		"no key":   f.by(eve, "x=1 y=1 p/a=0", f.main, f.by(eve, "x=1 y=0 p/a=0", f.intro)),
		"evil":     f.by("", "x=1 y=1 p/a=2", f.main, f.by(bob, "x=1 y=0 p/a=0", f.intro)),
		"by a key": f.by(eve, "x=1 y=1 p/a=0", f.main, f.intro, f.intro),
	} {
		var unchecked *UncheckedError
		if date, err := f.verifier().SignedDate(t.Context(), tip, time.Time{}); !errors.As(err, &unchecked) || unchecked.Reason != CannotCheck || unchecked.Commit != tip {
			t.Errorf("%s: %v %v", name, date, err)
		}
	}
	tip := f.by(alice, "x=1 y=1 p/a=0", f.main, f.by("", "x=1 y=0 p/a=0", f.intro))
	if date, err := f.verifier().SignedDate(t.Context(), tip, time.Time{}); err != nil || date.Unix() != f.clock {
		t.Errorf("%v %v", date, err)
	}
}
