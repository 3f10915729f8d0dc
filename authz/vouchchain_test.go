package authz

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestVouchedChain has side branches whose head nobody has signed: an update of a pull
// request, a staging branch. Each commit of the branch, along first parents, must
// satisfy the rule by the file of the merge's first parent.
//
// The main branch is intro (x=0 y=0 p/a=0) and main (y=1) on top of it.
func TestVouchedChain(t *testing.T) {
	runForge(t, []forgeCase{
		{"pull request with an update", func(f *forge) gitwalk.ID {
			pull := f.by(bob, "x=1 y=0 p/a=0", f.intro)
			update := f.by("", "x=1 y=1 p/a=0", pull, f.main)
			return f.by("", "x=1 y=1 p/a=0", f.main, update)
		}, "alice bob", "", ""},
		{"unsigned pull request with an update", func(f *forge) gitwalk.ID {
			pull := f.by("", "x=1 y=0 p/a=0", f.intro)
			update := f.by("", "x=1 y=1 p/a=0", pull, f.main)
			return f.by("", "x=1 y=1 p/a=0", f.main, update)
		}, "", NotVouched, "has no signature"},
		{"pull request with an update and something slipped in", func(f *forge) gitwalk.ID {
			pull := f.by(bob, "x=1 y=0 p/a=0", f.intro)
			update := f.by("", "x=1 y=1 p/a=evil", pull, f.main)
			return f.by("", "x=1 y=1 p/a=evil", f.main, update)
		}, "", NotVouched, `has no signature, and it is no mechanical merge: "p/a"`},
		{"sealed pull request with an update", func(f *forge) gitwalk.ID {
			pull := f.by("", "x=1 y=0 p/a=0", f.intro)
			update := f.by(bob, "x=1 y=1 p/a=0", f.by("", "x=1 y=1 p/a=0", pull, f.main))
			return f.by("", "x=1 y=1 p/a=0", f.main, update)
		}, "bob", "", ""},
		{"suggestion on top of a signed commit", func(f *forge) gitwalk.ID {
			pull := f.by("", "x=2 y=0 p/a=0", f.by(bob, "x=1 y=0 p/a=0", f.intro))
			return f.by("", "x=2 y=1 p/a=0", f.main, pull)
		}, "", NotVouched, "has no signature"},
		{"staging with a signed commit and two merges", func(f *forge) gitwalk.ID {
			staging := f.by(bob, "x=1 y=0 p/a=0", f.intro)
			staging = f.by("", "x=1 y=0 p/a=0 one=1", staging, f.by(alice, "x=0 y=0 p/a=0 one=1", f.intro))
			staging = f.by("", "x=1 y=0 p/a=0 one=1 two=1", staging, f.by(bob, "x=0 y=0 p/a=0 two=1", f.intro))
			return f.by("", "x=1 y=1 p/a=0 one=1 two=1", f.main, staging)
		}, "bob alice bob", "", ""},
		{"staging with an unsigned commit", func(f *forge) gitwalk.ID {
			staging := f.by("", "x=1 y=0 p/a=0", f.intro)
			staging = f.by("", "x=1 y=0 p/a=0 one=1", staging, f.by(alice, "x=0 y=0 p/a=0 one=1", f.intro))
			return f.by("", "x=1 y=1 p/a=0 one=1", f.main, staging)
		}, "", NotVouched, "has no signature"},
		{"staging with an unsigned pull request", func(f *forge) gitwalk.ID {
			staging := f.by("", "x=0 y=0 p/a=0 one=1", f.intro, f.by("", "x=0 y=0 p/a=0 one=1", f.intro))
			return f.by("", "x=0 y=1 p/a=0 one=1", f.main, staging)
		}, "", NotVouched, "has no signature"},
		{"staging into which main was merged", func(f *forge) gitwalk.ID {
			staging := f.by("", "x=1 y=0 p/a=0", f.intro, f.by(bob, "x=1 y=0 p/a=0", f.intro))
			staging = f.by("", "x=1 y=1 p/a=0", staging, f.main)
			staging = f.by("", "x=2 y=1 p/a=0", staging, f.by(bob, "x=2 y=1 p/a=0", staging))
			main := f.by(alice, "x=0 y=2 p/a=0", f.main)
			return f.by("", "x=2 y=2 p/a=0", main, staging)
		}, "bob alice bob", "", ""},
		{"staging merged through next", func(f *forge) gitwalk.ID {
			staging := f.by("", "x=1 y=0 p/a=0", f.intro, f.by(bob, "x=1 y=0 p/a=0", f.intro))
			next := f.by(alice, "x=0 y=0 p/a=0 next=1", f.intro)
			next = f.by("", "x=1 y=0 p/a=0 next=1", next, staging)
			return f.by("", "x=1 y=1 p/a=0 next=1", f.main, next)
		}, "bob alice", "", ""},
		{"staging with a merge that a listed key signed, slipped in or not", func(f *forge) gitwalk.ID {
			staging := f.by(alice, "x=1 y=0 p/a=1", f.intro, f.by("", "x=1 y=0 p/a=0", f.intro))
			return f.by("", "x=1 y=1 p/a=1 two=1", f.main, f.by(bob, "x=1 y=0 p/a=1 two=1", staging))
		}, "bob", "", ""},
		{"staging that ends with a merge that a listed key signed", func(f *forge) gitwalk.ID {
			staging := f.by(alice, "x=1 y=0 p/a=1", f.by(bob, "x=1 y=0 p/a=0", f.intro), f.by("", "x=1 y=0 p/a=0", f.intro))
			staging = f.by("", "x=1 y=0 p/a=1 q=1", staging, f.by(alice, "x=1 y=0 p/a=1 q=1", staging))
			return f.by("", "x=1 y=1 p/a=1 q=1", f.main, staging)
		}, "alice alice bob", "", ""},
		{"staging with a merge by one who may only commit", func(f *forge) gitwalk.ID {
			staging := f.by(bob, "x=1 y=0 p/a=1", f.intro, f.by("", "x=1 y=0 p/a=0", f.intro))
			staging = f.by("", "x=1 y=0 p/a=1 q=1", staging, f.by(alice, "x=1 y=0 p/a=1 q=1", staging))
			return f.by("", "x=1 y=1 p/a=1 q=1", f.main, staging)
		}, "", NotVouched, `is signed by "bob", who may only commit, and it is no mechanical merge`},
		{"staging with a merge of several branches", func(f *forge) gitwalk.ID {
			one, two := f.by(alice, "x=1 y=0 p/a=0", f.intro), f.by(alice, "x=0 y=0 p/a=1", f.intro)
			staging := f.by(alice, "x=1 y=0 p/a=1", f.intro, one, two)
			staging = f.by("", "x=1 y=0 p/a=1 q=1", staging, f.by(alice, "x=1 y=0 p/a=1 q=1", staging))
			return f.by("", "x=1 y=1 p/a=1 q=1", f.main, staging)
		}, "", NotVouched, "merges 2 branches at once"},
		{"staging by a key that the main branch has removed since", func(f *forge) gitwalk.ID {
			staging := f.by(carol, "x=0 y=0 p/a=1", f.intro)
			staging = f.by("", "x=1 y=0 p/a=1", staging, f.by(bob, "x=1 y=0 p/a=0", f.intro))
			f.file = nixFile("merges: vouched", "alice", "bob may: [commit]")
			f.main = f.by(alice, "x=0 y=1 p/a=0", f.main)
			return f.by("", "x=1 y=1 p/a=1", f.main, staging)
		}, "", NotVouched, "does not list"},
		{"a branch that joins main nowhere along first parents", func(f *forge) gitwalk.ID {
			root := f.by(bob, "q=1")
			staging := f.by(alice, "x=0 y=0 p/a=0 q=1", root, f.intro)
			staging = f.by("", "x=0 y=0 p/a=0 q=1 r=1", staging, f.by(bob, "x=0 y=0 p/a=0 q=1 r=1", staging))
			return f.by("", "x=0 y=1 p/a=0 q=1 r=1", f.main, staging)
		}, "", NotVouched, "leads along 2 first parents to no ancestor"},
	})
}

// TestVouchedChainPaths has staging branches with commits by a key with paths.
func TestVouchedChainPaths(t *testing.T) {
	runForge(t, []forgeCase{
		{"a commit in its paths", func(f *forge) gitwalk.ID {
			staging := f.by(carol, "x=1 y=0 p/a=1", f.by(bob, "x=1 y=0 p/a=0", f.intro))
			return f.by("", "x=1 y=1 p/a=1", f.main, staging)
		}, "carol bob", "", ""},
		{"a commit beside them", func(f *forge) gitwalk.ID {
			staging := f.by(carol, "x=2 y=0 p/a=1", f.by(bob, "x=1 y=0 p/a=0", f.intro))
			return f.by("", "x=2 y=1 p/a=1", f.main, staging)
		}, "", NotVouched, `is signed by "carol", who may not change "x"`},
		{"a branch of single commits in its paths", func(f *forge) gitwalk.ID {
			staging := f.by(bob, "x=1 y=0 p/a=0", f.intro)
			pull := f.by(carol, "x=0 y=0 p/a=2", f.by(carol, "x=0 y=0 p/a=1", f.intro))
			return f.by("", "x=1 y=1 p/a=2", f.main, f.by("", "x=1 y=0 p/a=2", staging, pull))
		}, "carol carol bob", "", ""},
		{"a branch of which it has signed only the head", func(f *forge) gitwalk.ID {
			staging := f.by(bob, "x=1 y=0 p/a=0", f.intro)
			pull := f.by(carol, "x=0 y=0 p/a=2", f.by("", "x=0 y=0 p/a=1", f.intro))
			return f.by("", "x=1 y=1 p/a=2", f.main, f.by("", "x=1 y=0 p/a=2", staging, pull))
		}, "", NotVouched, "whose paths allow to answer for single commits"},
		{"a root", func(f *forge) gitwalk.ID {
			staging := f.by(alice, "x=0 y=0 p/a=0 p/b=1", f.commitWith(carol, "", "p/b=1"), f.intro)
			staging = f.by("", "x=0 y=0 p/a=0 p/b=1 r=1", staging, f.by(bob, "x=0 y=0 p/a=0 p/b=1 r=1", staging))
			return f.by("", "x=0 y=1 p/a=0 p/b=1 r=1", f.main, staging)
		}, "", NotVouched, `is signed by "carol", who may not change "README"`},
		{"a merge that it has signed", func(f *forge) gitwalk.ID {
			merge := f.by(carol, "x=1 y=0 p/a=2", f.by(bob, "x=1 y=0 p/a=0", f.intro), f.by("", "x=0 y=0 p/a=1", f.intro))
			return f.by("", "x=1 y=1 p/a=2", f.main, merge)
		}, "", NotVouched, "who may only commit"},
	})
}

// TestVouchedTakesBack has a key with paths that would undo what others have done
// elsewhere: a branch takes in the main branch without its content, in a way that
// shows in none of its own differences, and what is merged mechanically at the end
// puts the old content back.
//
//	intro ── main (y=1) ── P1 (q=1)
//	  │         └── stale (carol's: y=0 again, p/a=1)
//	  └─────────────── side (a merge that nobody has signed: y=0, p/a=1)
func TestVouchedTakesBack(t *testing.T) {
	f := newForge(t)
	main := f.by(alice, "x=0 y=1 p/a=0 q=1", f.main)
	for name, side := range map[string]gitwalk.ID{
		"a commit that goes back, merged": f.by("", "x=0 y=0 p/a=1", f.intro, f.by(carol, "x=0 y=0 p/a=1", f.main)),
		"a merge that takes nothing":      f.by(carol, "x=0 y=0 p/a=1", f.intro, f.main),
		"the same, and a commit":          f.by(carol, "x=0 y=0 p/a=1", f.by(carol, "x=0 y=0 p/a=0", f.intro, f.main)),
		"the same, merged": f.by("", "x=0 y=0 p/a=1", f.intro,
			f.by(carol, "x=0 y=0 p/a=1", f.by(carol, "x=0 y=0 p/a=0", f.intro, f.main))),
		"a commit that goes back, merged with somebody else's": f.by("", "x=1 y=0 p/a=1",
			f.by("", "x=0 y=0 p/a=1", f.intro, f.by(carol, "x=0 y=0 p/a=1", f.main)), f.by(bob, "x=1 y=0 p/a=0", f.intro)),
	} {
		x := "x=0"
		if strings.HasSuffix(name, "else's") {
			x = "x=1"
		}
		tip := f.by("", x+" y=0 p/a=1 q=1", main, side)
		if v := f.judge(tip); v.Refusal == nil || v.Refusal.Reason != NotVouched {
			t.Errorf("%s: %+v", name, v)
		}
		// By one whose paths are all there is no doubt what it means.
		if v := f.judge(f.by("", x+" y=0 p/a=1 q=1", main, f.by(bob, x+" y=0 p/a=1", side))); !v.Authentic() {
			t.Errorf("%s: %+v", name, v.Refusal)
		}
	}
}

// TestVouchedTooFar has branches beyond the limits.
func TestVouchedTooFar(t *testing.T) {
	f := newForge(t)
	// Each merge is of a branch with a signed commit, into which the last was merged.
	tip := f.by("", "x=0 y=0 p/a=0 n=0", f.intro, f.by(bob, "x=0 y=0 p/a=0 n=0", f.intro))
	words := "x=0 y=0 p/a=0 n=0"
	for i := range maxNests + 1 {
		one := fmt.Sprintf(" n%d=1", i)
		base := f.by(bob, "x=0 y=0 p/a=0"+one, f.intro)
		words += one
		tip = f.by("", words, base, tip)
	}
	tip = f.by("", strings.Replace(words, "y=0", "y=1", 1), f.main, tip)
	if r := f.refuses(tip, tip, NotVouched); !strings.Contains(r.Detail, "is merged through more than 50 branches") {
		t.Error(r.Detail)
	}
}
