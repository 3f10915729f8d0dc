package authz

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// nixFile is a file with these keys, each a name and what else its entry has:
// "alice", "bob may: [commit]".
func nixFile(head string, keys ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\n%s\nkeys:\n", head)
	for _, key := range keys {
		name, rest, _ := strings.Cut(key, " ")
		if rest != "" {
			rest = ", " + rest
		}
		fmt.Fprintf(&b, "- {name: %s, openpgp: %s%s}\n", name, fakeKey(name).fingerprint(), rest)
	}
	return b.String()
}

// A forge is a world in which most merges are made by nobody.
//
//	intro ── main        alice's; x=0 y=0 p/a=0, and y=1
type forge struct {
	*world
	file        string
	intro, main gitwalk.ID
}

// newForge has a file by which alice may do all, bob commit, and carol change p/.
func newForge(t testing.TB) *forge {
	return newForgeWith(t, nixFile("merges: vouched", "alice", "bob may: [commit]", "carol paths: [p/]"))
}

func newForgeWith(t testing.TB, file string) *forge {
	f := &forge{world: newWorld(t, NixFormat), file: file}
	f.intro = f.introduce(f.by(alice, "x=0 y=0 p/a=0"), alice)
	f.main = f.by(alice, "x=0 y=1 p/a=0", f.intro)
	return f
}

// by makes a commit that leaves the file as it is, unsigned if by is empty.
func (f *forge) by(by fakeKey, words string, parents ...gitwalk.ID) gitwalk.ID {
	return f.commitWith(by, f.file, words, parents...)
}

// signedWith makes such a commit with a signature of one's own making.
func (f *forge) signedWith(sign func(string) string, words string, parents ...gitwalk.ID) gitwalk.ID {
	return f.put(gitwalk.KindCommit, f.next(f.treeOfWords(f.file, words), parents...).signed(sign))
}

// A forgeCase is a history that ends in an unsigned merge.
type forgeCase struct {
	name     string
	history  func(f *forge) gitwalk.ID
	vouchers string // names, newest commit first
	reason   Reason // of the tip, if it is refused
	detail   string
}

func (c forgeCase) run(t *testing.T, f *forge) {
	tip := c.history(f)
	if c.reason != "" {
		if r := f.refuses(tip, tip, c.reason); !strings.Contains(r.Detail, c.detail) || r.Rule != MergesVouched {
			t.Errorf("%q", r.Detail)
		}
		return
	}
	r := f.accepts(tip)
	if r.Vouched == 0 {
		t.Error("nobody vouched")
	}
	v := f.judge(tip)
	var names []string
	for _, voucher := range v.Vouchers {
		names = append(names, voucher.Signer.Name)
	}
	if got := strings.Join(names, " "); got != c.vouchers || v.Signer != nil || v.Mechanics == nil {
		t.Errorf("vouched by %q instead of %q: %+v", got, c.vouchers, v)
	}
}

// judge is the verdict on one commit.
func (w *world) judge(commit gitwalk.ID) *Verdict {
	w.Helper()
	e, err := w.verifier().Examine(w.Context(), commit)
	if err != nil {
		w.Fatal(err)
	}
	return e.Verdict
}

func runForge(t *testing.T, cases []forgeCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, newForge(t)) })
	}
}

// TestVouchedHead has who answers for what a merge brings in by signing its head.
func TestVouchedHead(t *testing.T) {
	unlisted := func(f *forge) {
		f.file = nixFile("merges: vouched", "alice", "bob may: [commit]")
		f.main = f.commitWith(alice, f.file, "x=0 y=1 p/a=0", f.main)
	}
	// merge is of a head with x=1 that is signed so.
	merge := func(sign func(string) string) func(f *forge) gitwalk.ID {
		return func(f *forge) gitwalk.ID {
			return f.by("", "x=1 y=1 p/a=0", f.main, f.signedWith(sign, "x=1 y=0 p/a=0", f.intro))
		}
	}
	runForge(t, []forgeCase{
		{"by one who may do all", merge(alice.sign), "alice", "", ""},
		{"by one who may commit", merge(bob.sign), "bob", "", ""},
		{"unsigned", merge(nil), "", NotVouched, "has no signature"},
		{"by an unknown key", merge(eve.sign), "", NotVouched, "has no valid signature"},
		{"signature of something else", merge(bob.signOther), "", NotVouched, "has no valid signature"},
		{"SHA-1", merge(bob.signWeakly(signer.WeakSHA1)), "", NotVouched, "too weak: it uses SHA-1"},
		{"DSA", merge(bob.signWeakly(signer.WeakDSA)), "", NotVouched, "too weak"},
		{"short RSA", merge(bob.signWeakly(signer.WeakRSA)), "", NotVouched, "too weak"},
		{"by one with other paths", merge(carol.sign), "", NotVouched, `is signed by "carol", who may not change "x"`},
		{"by one with these paths", func(f *forge) gitwalk.ID {
			return f.by("", "x=0 y=1 p/a=1 p/b=1", f.main, f.by(carol, "x=0 y=0 p/a=1 p/b=1", f.intro))
		}, "carol", "", ""},
		{"by one with paths, and others' changes below that", func(f *forge) gitwalk.ID {
			return f.by("", "x=1 y=1 p/a=1", f.main, f.by(carol, "x=1 y=0 p/a=1", f.by("", "x=1 y=0 p/a=0", f.intro)))
		}, "", NotVouched, `who may not change "x"`},
		{"unsigned commits below it", func(f *forge) gitwalk.ID {
			return f.by("", "x=1 y=1 p/a=2", f.main, f.by(bob, "x=1 y=0 p/a=2", f.by("", "x=1 y=0 p/a=1", f.intro)))
		}, "bob", "", ""},
		{"unsigned above a signed one", func(f *forge) gitwalk.ID {
			return f.by("", "x=1 y=1 p/a=2", f.main, f.by("", "x=1 y=0 p/a=2", f.by(bob, "x=1 y=0 p/a=1", f.intro)))
		}, "", NotVouched, "has no signature"},
		{"sealed with nothing in it", func(f *forge) gitwalk.ID {
			return f.by("", "x=1 y=1 p/a=0", f.main, f.by(bob, "x=1 y=0 p/a=0", f.by("", "x=1 y=0 p/a=0", f.intro)))
		}, "bob", "", ""},
		{"removed from the first parent's file", func(f *forge) gitwalk.ID {
			head := f.by(carol, "x=0 y=0 p/a=1", f.intro)
			unlisted(f)
			return f.by("", "x=0 y=1 p/a=1", f.main, head)
		}, "", NotVouched, "which the first parent of the merge does not list"},
		{"listed by its own file alone", func(f *forge) gitwalk.ID {
			unlisted(f)
			own := nixFile("merges: vouched", "alice", "bob may: [commit]", "carol")
			listed := f.commitWith(alice, own, "x=0 y=1 p/a=0", f.main)
			head := f.commitWith(carol, f.file, "x=1 y=1 p/a=0", listed)
			return f.by("", "x=1 y=1 p/a=0", f.main, head)
		}, "", NotVouched, "does not list"},
		{"the first parent again", func(f *forge) gitwalk.ID { return f.by("", "x=0 y=1 p/a=0", f.main, f.main) }, "alice", "", ""},
		{"a signed ancestor of the first parent", func(f *forge) gitwalk.ID { return f.by("", "x=0 y=1 p/a=0", f.main, f.intro) }, "alice", "", ""},
		{"an unsigned ancestor of the first parent", func(f *forge) gitwalk.ID {
			pull := f.by("", "x=1 y=0 p/a=0", f.intro)
			tip := f.by("", "x=1 y=1 p/a=0", f.main, f.by(bob, "x=1 y=0 p/a=0", pull))
			return f.by("", "x=1 y=1 p/a=0", tip, pull)
		}, "", NotVouched, "has no signature"},
	})
}

// TestVouchedMerger has that who may only merge cannot answer for a head.
func TestVouchedMerger(t *testing.T) {
	f := newForgeWith(t, nixFile("merges: vouched", "alice", "bob may: [merge]", "carol may: [authorize]"))
	for _, key := range []fakeKey{bob, carol} {
		tip := f.by("", "x=1 y=1 p/a=0", f.main, f.by(key, "x=1 y=0 p/a=0", f.intro))
		if r := f.refuses(tip, tip, NotVouched); !strings.Contains(r.Detail, fmt.Sprintf("is signed by %q, who may only", key)) {
			t.Error(r.Detail)
		}
	}
	tip := f.by(bob, "x=1 y=1 p/a=0 slipped=in", f.main, f.by("", "x=1 y=0 p/a=0", f.intro))
	f.accepts(tip) // whoever merges answers for it
	single := f.by(bob, "x=1 y=1 p/a=0", f.main)
	f.refuses(single, single, Unauthorized)
}

// TestVouchedMechanical has merges of a signed head that contain something else.
func TestVouchedMechanical(t *testing.T) {
	head := func(f *forge) gitwalk.ID { return f.by(bob, "x=1 y=0 p/a=0 new=1", f.intro) }
	result := func(words string) func(f *forge) gitwalk.ID {
		return func(f *forge) gitwalk.ID { return f.by("", words, f.main, head(f)) }
	}
	const slipped = "it is no mechanical merge"
	runForge(t, []forgeCase{
		{"as it should be", result("x=1 y=1 p/a=0 new=1"), "bob", "", ""},
		{"a file added", result("x=1 y=1 p/a=0 new=1 evil=1"), "", NotMechanical, `"evil": its tree`},
		{"a file left out", result("x=1 y=1 p/a=0"), "", NotMechanical, `"new": its tree`},
		{"a file changed", result("x=1 y=1 p/a=evil new=1"), "", NotMechanical, `"p/a"`},
		{"a mode changed", result("x=1 y=1 p/a*=0 new=1"), "", NotMechanical, `"p/a"`},
		{"a link instead", result("x=1 y=1 p/a@=0 new=1"), "", NotMechanical, `"p/a"`},
		{"the first parent's change reverted", result("x=1 y=0 p/a=0 new=1"), "", NotMechanical, `"y"`},
		{"the tree of the first parent", result("x=0 y=1 p/a=0"), "", NotMechanical, slipped},
		{"the tree of the head", result("x=1 y=0 p/a=0 new=1"), "", NotMechanical, slipped},
		{"nothing in common", func(f *forge) gitwalk.ID {
			return f.by("", "x=0 y=1 p/a=0 other=1", f.main, f.commitWith(bob, f.file, "other=1"))
		}, "", NotMechanical, "no common ancestor"},
		{"a head whose tree is malformed", func(f *forge) gitwalk.ID {
			e := f.wordEntry("x=1")
			odd := f.commitTree(bob, f.tree(e, e), f.intro)
			return f.by("", "x=1 y=1 p/a=0", f.main, odd)
		}, "", NotMechanical, "what it merges is malformed"},
	})
}

// TestVouchedFile has that no merge that nobody has signed changes the file.
func TestVouchedFile(t *testing.T) {
	f := newForge(t)
	other := nixFile("merges: vouched", "alice", "bob", "carol")
	const words = "x=0 y=1 p/a=0"
	changed := f.commitWith(alice, other, words, f.main)
	for name, tip := range map[string]gitwalk.ID{
		"changed by the head":                              f.commitWith("", other, words, f.main, changed),
		"changed by the merge":                             f.commitWith("", other, words, f.main, f.by(bob, words, f.main)),
		"made executable by the merge":                     f.commitTree("", f.treeWith(gitwalk.ModeExecutable, f.file), f.main, f.by(bob, words, f.main)),
		"changed, and the merge signed by one who may not": f.commitWith(bob, other, words, f.main, changed),
	} {
		if r := f.refuses(tip, tip, Unauthorized); !strings.Contains(r.Detail, "it changes .nix-authorizations") || r.Parent != f.main {
			t.Errorf("%s: %v", name, r)
		}
	}
	f.accepts(f.commitWith(alice, other, words, f.main, changed))
	for name, tip := range map[string]gitwalk.ID{
		"removed":   f.commitWith("", "", words, f.main, f.by(bob, words, f.main)),
		"malformed": f.commitWith("", "{", words, f.main, f.by(bob, words, f.main)),
	} {
		if r := f.refuses(tip, tip, Unauthorized); !strings.Contains(r.Detail, "it changes") {
			t.Errorf("%s: %v", name, r)
		}
	}
	// The same change on both sides is none for the merge.
	main := f.commitWith(alice, other, words, f.main)
	f.accepts(f.commitWith("", other, words, main, changed))
	// What a side branch does to the file in between does not matter.
	back := f.commitWith(bob, f.file, "x=1 y=1 p/a=0", changed)
	f.accepts(f.commitWith("", f.file, "x=1 y=1 p/a=0", f.main, back))
}

// TestVouchedSignedByStranger has that a signature that does not count does no harm,
// is shown when the merge is refused, and is not when others answer for it.
func TestVouchedSignedByStranger(t *testing.T) {
	f := newForge(t)
	head := f.by(bob, "x=1 y=0 p/a=0", f.intro)
	for _, sign := range []func(string) string{eve.sign, bob.sign, carol.sign, bob.signOther, bob.signWeakly(signer.WeakSHA1)} {
		good := f.signedWith(sign, "x=1 y=1 p/a=0", f.main, head)
		if r := f.accepts(good); r.Vouched != 1 || len(r.Signers) != 2 {
			t.Errorf("%+v", r)
		}
		if v := f.judge(good); v.Signer != nil || len(v.Vouchers) != 1 || v.Vouchers[0].Commit != head {
			t.Errorf("%+v", v)
		}
	}
	evil := f.signedWith(bob.sign, "x=1 y=1 p/a=0 evil=1", f.main, head)
	if r := f.refuses(evil, evil, NotMechanical); r.Signer == nil || r.Signer.Name != "bob" || !strings.Contains(r.Detail, "it needs the right to merge") {
		t.Errorf("%+v", r)
	}
	evil = f.signedWith(eve.sign, "x=1 y=1 p/a=0 evil=1", f.main, head)
	if r := f.refuses(evil, evil, NotMechanical); r.Signer != nil || r.Claimed != string(eve.fingerprint()) {
		t.Errorf("%+v", r)
	}
	malformed := f.signedWith(func(string) string { return "no signature" }, "x=1 y=1 p/a=0", f.main, head)
	f.refuses(malformed, malformed, MalformedCommit)
}

// TestVouchedOctopus has that merges of several branches are refused, whoever signs.
func TestVouchedOctopus(t *testing.T) {
	for _, rule := range []MergeRule{MergesSigned, MergesVouched} {
		f := newForgeWith(t, nixFile("merges: "+string(rule), "alice"))
		one, other := f.by(alice, "x=1 y=0 p/a=0", f.intro), f.by(alice, "x=0 y=0 p/a=1", f.intro)
		for _, parents := range [][]gitwalk.ID{{f.main, one, other}, {f.main, one, one}, {f.main, f.main, f.main}} {
			for _, by := range []fakeKey{alice, ""} {
				tip := f.by(by, "x=1 y=1 p/a=1", parents...)
				if r := f.refuses(tip, tip, Unauthorized); !strings.Contains(r.Detail, "it merges 2 branches at once") || !strings.Contains(r.Detail, string(rule)) {
					t.Error(r.Detail)
				}
			}
		}
	}
}

// TestVouchedChild has that the commits on top of a merge go on as usual.
func TestVouchedChild(t *testing.T) {
	f := newForge(t)
	tip := f.by("", "x=1 y=1 p/a=0", f.main, f.by(bob, "x=1 y=0 p/a=0", f.intro))
	f.accepts(f.by(bob, "x=2 y=1 p/a=0", tip))
	squashed := f.by("", "x=2 y=1 p/a=0", tip)
	f.refuses(squashed, squashed, Unsigned)
	again := f.by("", "x=3 y=1 p/a=0", tip, f.by(bob, "x=3 y=1 p/a=0", tip))
	r := f.accepts(f.by(alice, "x=3 y=2 p/a=0", again))
	if r.Commits != 4 || r.Vouched != 2 || r.Authentic != 4 || !slices.ContainsFunc(r.Signers, func(c SignerCount) bool { return c.Name == "bob" && c.Commits == 2 }) {
		t.Errorf("%+v %+v", r, r.Signers)
	}
}
