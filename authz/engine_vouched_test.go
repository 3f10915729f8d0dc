package authz

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestKnownVouchesForFirstParentsOnly has that what a known commit only merged in is
// judged where the strict rule asks for it later.
//
//	intro ── main ── merge ── strict ── tip      merge is vouched for by head
//	  └── pull ── head ──┘               │       pull is nobody's
//	        └── more ────────────────────┘       by the strict rule
func TestKnownVouchesForFirstParentsOnly(t *testing.T) {
	f := newForge(t)
	pull := f.by("", "x=1 y=0 p/a=0", f.intro)
	head := f.by(bob, "x=1 y=0 p/a=0", pull)
	merge := f.by("", "x=1 y=1 p/a=0", f.main, head)
	f.file = nixFile("merges: strict", "alice", "bob may: [commit]")
	strict := f.by(alice, "x=1 y=1 p/a=0", merge)
	f.accepts(strict)
	f.file = nixFile("merges: vouched", "alice", "bob may: [commit]", "carol paths: [p/]")
	more := f.by(alice, "x=1 y=0 p/a=1", pull)
	good := f.by(alice, "x=1 y=0 p/a=1", head)
	f.file = nixFile("merges: strict", "alice", "bob may: [commit]")
	bad, better := f.by(alice, "x=1 y=1 p/a=1", strict, more), f.by(alice, "x=1 y=1 p/a=1", strict, f.by(alice, "x=1 y=1 p/a=1", strict))
	alsoBad := f.by(alice, "x=1 y=1 p/a=1", strict, good)
	for _, known := range [][]gitwalk.ID{nil, {merge}, {strict}, {merge, strict}, {f.main, strict}, {f.intro}} {
		for _, descend := range []bool{false, true} {
			for _, tip := range []gitwalk.ID{bad, alsoBad} {
				r := f.verifyKnowing(tip, descend, known...)
				if r.Outcome() != Refused || len(r.Refusals) != 1 || r.Refusals[0].Commit != pull || r.Refusals[0].Reason != Unsigned {
					t.Errorf("known %v: %s %v", known, r.Outcome(), r.Refusals)
				}
			}
			if r := f.verifyKnowing(better, descend, known...); r.Outcome() != Authentic {
				t.Errorf("known %v: %s %v", known, r.Outcome(), r.Refusals)
			}
		}
	}
}

// TestKnownOnSideBranch has that a known commit that was only merged in spares nothing
// on the way from the tip, and does not make it descend.
func TestKnownOnSideBranch(t *testing.T) {
	f := newForge(t)
	side := f.by(alice, "x=1 y=0 p/a=0", f.intro)
	f.accepts(side)
	unsigned := f.by("", "x=0 y=1 p/a=0", f.main)
	tip := f.by("", "x=1 y=1 p/a=0", unsigned, side)
	for _, descend := range []bool{false, true} {
		r := f.verifyKnowing(tip, descend, side)
		if r.Outcome() != Refused || len(r.Refusals) != 1 || r.Refusals[0].Commit != unsigned || r.Commits != 3 {
			t.Errorf("%s %v", r.Outcome(), r.Refusals)
		}
	}
}

// TestKnownBelowIntroduction has a commit that a wrong date lets into the range, above
// a known one that does not descend from the introduction.
func TestKnownBelowIntroduction(t *testing.T) {
	w := newWorld(t, NixFormat)
	file := w.listing(alice)
	at := func(by fakeKey, date int64, parents ...gitwalk.ID) gitwalk.ID {
		w.clock = date - 60
		return w.commit(by, file, parents...)
	}
	root := at("", 1000)
	hidden := at("", 5000, root)
	intro := w.introduce(at(alice, 4000, at(alice, 10, hidden)), alice)
	tip := at(alice, 6000, at(alice, 4001, intro), hidden)
	w.accepts(tip)
	if r := w.verifyKnowing(tip, false, root); r.Outcome() != Authentic {
		t.Errorf("%v", r.Refusals)
	}
}

// gitMerger merges as a function does.
type gitMerger func(ctx context.Context, ours, theirs gitwalk.ID) (gitwalk.ID, bool, error)

func (m gitMerger) MergeTree(ctx context.Context, _ *gitwalk.Graph, merge gitwalk.Merge) (gitwalk.ID, bool, error) {
	return m(ctx, merge.Ours, merge.Theirs)
}

// TestVouchedByGit has a merge whose sides changed the same file: git decides.
func TestVouchedByGit(t *testing.T) {
	f := newForge(t)
	head := f.by(bob, "x=0 y=2 p/a=0", f.intro)
	tip := f.by("", "x=0 y=3 p/a=0", f.main, head)
	tree := f.treeOfWords(f.file, "x=0 y=3 p/a=0")
	other := f.treeOfWords(f.file, "x=0 y=4 p/a=0")
	for _, c := range []struct {
		name   string
		tree   gitwalk.ID
		clean  bool
		err    error
		want   Reason
		detail string
	}{
		{"the same", tree, true, nil, "", ""},
		{"another", other, true, nil, NotMechanical, `"y": its tree is not what git makes of its parents`},
		{"a conflict", tree, false, nil, NotMechanical, `"y": git finds a conflict`},
		{"no git", tree, true, &gitwalk.CannotMergeError{Err: errors.New("no git")}, CannotCheck, "no git"},
		{"a missing object", tree, true, &gitwalk.MissingError{ID: tree}, MissingObject, ""},
		{"a failure", tree, true, errors.New("disk on fire"), CannotCheck, "disk on fire"},
	} {
		v := f.verifier()
		v.Merger = gitMerger(func(_ context.Context, ours, theirs gitwalk.ID) (gitwalk.ID, bool, error) {
			if ours != f.main || theirs != head {
				t.Errorf("asked about %s and %s", ours, theirs)
			}
			return c.tree, c.clean, c.err
		})
		r, err := v.Verify(t.Context(), tip)
		if err != nil {
			t.Fatal(err)
		}
		var got Reason
		var detail string
		switch r.Outcome() {
		case Refused:
			got, detail = r.Refusals[0].Reason, r.Refusals[0].Detail
		case Unchecked:
			got, detail = r.Unchecked[0].Reason, r.Unchecked[0].Detail
		}
		if got != c.want || !strings.Contains(detail, c.detail) {
			t.Errorf("%s: %s %q", c.name, got, detail)
		}
	}
	r := f.verify(tip) // nobody to ask
	if r.Outcome() != Unchecked || r.Unchecked[0].Reason != CannotCheck || r.Unchecked[0].Commit != tip {
		t.Errorf("%s %v", r.Outcome(), r.Unchecked)
	}
}

// TestVouchedCancelled has that the caller can give up while git merges, and gets no
// verdict then.
func TestVouchedCancelled(t *testing.T) {
	f := newForge(t)
	tip := f.by("", "x=0 y=3 p/a=0", f.main, f.by(bob, "x=0 y=2 p/a=0", f.intro))
	for _, workers := range []int{1, 2, 4} {
		v := f.verifier()
		v.Workers = workers
		givingUp := func(judge func(ctx context.Context) error) error {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			v.Merger = gitMerger(func(ctx context.Context, _, _ gitwalk.ID) (gitwalk.ID, bool, error) {
				cancel()
				<-ctx.Done()
				return gitwalk.ID{}, false, ctx.Err()
			})
			return judge(ctx)
		}
		var r *Report
		var e *Examination
		err := givingUp(func(ctx context.Context) (err error) { r, err = v.Verify(ctx, tip); return err })
		if r != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", r, err)
		}
		f.checkClosed(t)
		err = givingUp(func(ctx context.Context) (err error) { e, err = v.Examine(ctx, tip); return err })
		if e != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", e, err)
		}
		f.checkClosed(t)
	}
}

// TestVouchedIncomplete has objects of a side branch that the repository does not have
// or has damaged: no verdict, and never another one than with them.
func TestVouchedIncomplete(t *testing.T) {
	f := newForge(t)
	pull := f.by("", "x=1 y=0 p/a=0", f.intro)
	head := f.by(bob, "x=1 y=0 p/a=0 n/m/o=1", pull)
	tip := f.by("", "x=1 y=1 p/a=0 n/m/o=1", f.main, f.by("", "x=1 y=1 p/a=0 n/m/o=1", head, f.main))
	f.refuses(tip, tip, NotVouched) // pull is not signed
	good := f.by("", "x=1 y=1 p/a=0 n/m/o=1", f.main, head)
	f.accepts(good)
	for id := range f.objects {
		for _, damaged := range []bool{false, true} {
			for tip, whole := range map[gitwalk.ID]Outcome{tip: Refused, good: Authentic} {
				v := f.verifier()
				v.Objects = f.without(id)
				if damaged {
					v.Objects = f.damaged(id)
				}
				r, err := v.Verify(t.Context(), tip)
				if err != nil {
					t.Fatal(err)
				}
				if r.Outcome() != whole && r.Outcome() != Unchecked {
					t.Errorf("without %s: %s instead of %s", id, r.Outcome(), whole)
				}
			}
		}
	}
	v := f.verifier()
	v.Objects = f.without(pull)
	if r, err := v.Verify(t.Context(), good); err != nil || r.Outcome() != Unchecked || r.Unchecked[0].Reason != MissingObject {
		t.Errorf("%v %v", r, err)
	}
}

// TestVouchedUnreadable has repositories whose later sources cannot be opened.
func TestVouchedUnreadable(t *testing.T) {
	f := newForge(t)
	tip := f.by("", "x=1 y=1 p/a=0", f.main, f.by(bob, "x=1 y=0 p/a=0", f.intro))
	broken := errors.New("too many open files")
	for n := 1; n < 6; n++ {
		f.opened = 0
		f.onOpen = func(i int) error {
			if i >= n {
				return broken
			}
			return nil
		}
		v := f.verifier()
		v.Workers = 2
		r, err := v.Verify(t.Context(), tip)
		if (err == nil) != (r != nil && r.Outcome() == Authentic) || err != nil && !errors.Is(err, broken) || n < 4 && err == nil {
			t.Errorf("from source %d on: %v %v", n, r, err)
		}
		f.checkClosed(t)
	}
}
