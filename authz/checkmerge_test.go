package authz

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// checkMerge is what is said of a merge that has not been made.
func (w *world) checkMerge(base, head gitwalk.ID, merger gitwalk.Merger, known ...gitwalk.ID) *MergeCheck {
	w.Helper()
	v := w.verifier()
	v.Merger, v.Known, v.KnownDescend = merger, known, true
	m, err := v.CheckMerge(context.Background(), base, head)
	if err != nil {
		w.Fatal(err)
	}
	w.checkClosed(w)
	return m
}

// said sums a check up: its outcome or the first reason against it, and what it needs.
func said(m *MergeCheck) string {
	if m.Outcome() == Unchecked {
		return string(m.UncheckedErrors()[0].Reason)
	}
	if m.Outcome() == Refused {
		return string(m.Refusals()[0].Reason)
	}
	return string(m.Needs)
}

func entryNames(entries []Entry) string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return strings.Join(names, " ")
}

// gitSays is a git that has merged cleanly, or not.
type gitSays bool

func (g gitSays) MergeTree(context.Context, *gitwalk.Graph, gitwalk.Merge) (gitwalk.ID, bool, error) {
	return gitwalk.ID{}, bool(g), nil
}

// TestCheckVouched has heads that somebody wants to merge where the rule is vouched:
// alice may do all, bob commit, carol change p/. The base is f.main.
func TestCheckVouched(t *testing.T) {
	for _, c := range []struct {
		name   string
		head   func(f *forge) gitwalk.ID
		git    gitwalk.Merger
		says   string
		by     string // who vouches
		could  string
		misses string // PATH,PATH:NAME NAME;
		paths  string
		file   bool
	}{
		{name: "signed by one who may do all", says: "merge", by: "alice", could: "alice bob", paths: "x",
			head: func(f *forge) gitwalk.ID { return f.by(alice, "x=1 y=0 p/a=0", f.intro) }},
		{name: "with paths that cover it", says: "merge", by: "carol", could: "alice bob carol", paths: "p/a",
			head: func(f *forge) gitwalk.ID { return f.by(carol, "x=0 y=0 p/a=1", f.intro) }},
		{name: "with paths that do not", says: "not-vouched", could: "alice bob", misses: "x:alice bob", paths: "p/a x",
			head: func(f *forge) gitwalk.ID { return f.by(carol, "x=1 y=0 p/a=1", f.intro) }},
		{name: "unsigned", says: "not-vouched", could: "alice bob", misses: "p/a:alice bob carol;x:alice bob", paths: "p/a x",
			head: func(f *forge) gitwalk.ID { return f.by("", "x=1 y=0 p/a=1", f.intro) }},
		{name: "by somebody else", says: "not-vouched", could: "alice bob", misses: "x:alice bob", paths: "x",
			head: func(f *forge) gitwalk.ID { return f.by("dave", "x=1 y=0 p/a=0", f.intro) }},
		{name: "each commit by its own maintainer", says: "merge", by: "carol bob", could: "alice bob", paths: "p/a x",
			head: func(f *forge) gitwalk.ID {
				return f.by(carol, "x=1 y=0 p/a=1", f.by(bob, "x=1 y=0 p/a=0", f.intro))
			}},
		{name: "a list of its own", says: "unauthorized", paths: ".nix-authorizations x", file: true,
			head: func(f *forge) gitwalk.ID {
				return f.commitWith("dave", nixFile("merges: vouched", "alice", "dave"), "x=1 y=0 p/a=0", f.intro)
			}},
		{name: "listed below the base only", says: "not-vouched", could: "alice", misses: "x:alice", paths: "x",
			head: func(f *forge) gitwalk.ID {
				old := f.file
				f.file = nixFile("merges: vouched", "alice")
				f.main = f.by(alice, "x=0 y=1 p/a=0", f.main)
				return f.commitWith(bob, old, "x=1 y=0 p/a=0", f.intro)
			}},
		{name: "the base has it", says: "nothing",
			head: func(f *forge) gitwalk.ID { return f.intro }},
		{name: "unrelated", says: "not-mechanical", could: "alice bob", paths: "x",
			head: func(f *forge) gitwalk.ID { return f.by(alice, "x=1 y=1 p/a=0") }},
		{name: "conflict", git: gitSays(false), says: "not-mechanical", could: "alice bob", paths: "y",
			head: func(f *forge) gitwalk.ID { return f.by(alice, "x=0 y=2 p/a=0", f.intro) }},
		{name: "git merges", git: gitSays(true), says: "merge", by: "alice", could: "alice bob", paths: "y",
			head: func(f *forge) gitwalk.ID { return f.by(alice, "x=0 y=2 p/a=0", f.intro) }},
		{name: "no git", says: "cannot-check", by: "alice", could: "alice bob", paths: "y",
			head: func(f *forge) gitwalk.ID { return f.by(alice, "x=0 y=2 p/a=0", f.intro) }},
		{name: "a change that follows a rename", git: gitSays(true), says: "merge", by: "carol", could: "alice bob", paths: "p/a q/a",
			head: func(f *forge) gitwalk.ID {
				f.main = f.by(alice, "x=0 y=1 q/a=0", f.main)
				return f.by(carol, "x=0 y=0 p/a=1", f.intro)
			}},
		{name: "undoes what it has merged", says: "not-vouched", could: "alice bob", misses: "y:alice bob", paths: "p/a y",
			head: func(f *forge) gitwalk.ID {
				return f.by(carol, "x=0 y=0 p/a=1", f.by("", "x=0 y=0 p/a=0", f.intro, f.main))
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForge(t)
			head := c.head(f)
			m := f.checkMerge(f.main, head, c.git, head)
			if got := said(m); got != c.says || m.Rule != MergesVouched || (m.File != nil) != c.file {
				t.Fatalf("%s instead of %s: %+v", got, c.says, m.Verdict)
			}
			if m.Ready() != (c.says == "merge") {
				t.Error("ready", m.Ready())
			}
			var by []string
			for _, v := range m.Verdict.Vouchers {
				by = append(by, v.Signer.Name)
			}
			if got := strings.Join(by, " "); got != c.by {
				t.Errorf("vouched by %q", got)
			}
			if m.Changes == nil {
				return
			}
			var misses []string
			for _, g := range m.Changes.Uncovered {
				misses = append(misses, strings.Join(g.Paths, ",")+":"+entryNames(g.Could))
			}
			if got := strings.Join(m.Changes.Paths, " "); got != c.paths {
				t.Errorf("changes %q", got)
			}
			if got := strings.Join(misses, ";"); got != c.misses {
				t.Errorf("misses %q", got)
			}
			if got := entryNames(m.Changes.Could); got != c.could {
				t.Errorf("%q could", got)
			}
		})
	}
}

// TestCheckOtherRules has heads where merges must be signed.
func TestCheckOtherRules(t *testing.T) {
	strict := nixFile("merges: strict", "alice", "bob may: [commit]")
	signed := nixFile("merges: signed", "alice", "bob may: [commit]")
	for _, c := range []struct {
		name, file string
		head       func(f *forge) gitwalk.ID
		says       string
		mergers    string
	}{
		{"strict, all authorized, on top", strict, func(f *forge) gitwalk.ID { return f.by(bob, "x=1 y=1", f.main) }, "fast-forward", "alice"},
		{"strict, all authorized, beside", strict, func(f *forge) gitwalk.ID { return f.by(bob, "x=1 y=0", f.intro) }, "signed-merge", "alice"},
		{"strict, unsigned below", strict, func(f *forge) gitwalk.ID { return f.by(alice, "x=2 y=1", f.by("", "x=1 y=1", f.main)) }, "unsigned", "alice"},
		{"strict, lets itself in", strict, func(f *forge) gitwalk.ID {
			file := nixFile("merges: vouched", "carol")
			return f.commitWith(carol, file, "", f.commitWith(carol, file, "", f.main))
		}, "unauthorized", ""},
		{"strict, unrelated", strict, func(f *forge) gitwalk.ID { return f.by(alice, "x=1") }, "unauthorized", "alice"},
		{"signed, by nobody", signed, func(f *forge) gitwalk.ID { return f.by("", "x=1 y=0", f.intro) }, "signed-merge", "alice"},
		{"signed, a new file", signed, func(f *forge) gitwalk.ID {
			return f.commitWith("", nixFile("merges: vouched", "dave"), "", f.main)
		}, "signed-merge", "alice"},
		{"signed, no file", signed, func(f *forge) gitwalk.ID { return f.commitWith("", "", "x=1", f.main) }, "authorizations-removed", "alice"},
		{"signed, a bad file", signed, func(f *forge) gitwalk.ID { return f.commitWith("", "bad", "x=1", f.main) }, "malformed-authorizations", "alice"},
		{"signed, both have changed the file", signed, func(f *forge) gitwalk.ID {
			f.main = f.commitWith(alice, nixFile("merges: signed", "alice"), "x=1", f.main)
			return f.commitWith("", "bad", "x=1", f.intro)
		}, "signed-merge", "alice"},
		{"signed, nobody may merge", nixFile("merges: signed", "alice may: [commit, authorize]"), func(f *forge) gitwalk.ID { return f.by("", "x=1 y=1", f.main) }, "unauthorized", ""},
		{"signed, too few agree", nixFile("merges: signed\nthreshold: 3", "alice", "bob", "carol"), func(f *forge) gitwalk.ID {
			return f.commitWith("", nixFile("merges: vouched", "dave"), "", f.main)
		}, "threshold", "alice bob carol"},
		{"signed, the merger is enough", nixFile("merges: signed\nthreshold: 1", "alice", "bob", "carol"), func(f *forge) gitwalk.ID {
			return f.commitWith("", nixFile("merges: vouched", "dave"), "", f.main)
		}, "signed-merge", "alice bob carol"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForgeWith(t, c.file)
			head := c.head(f)
			m := f.checkMerge(f.main, head, nil, head)
			if got := said(m); got != c.says || m.Ready() {
				t.Errorf("%s instead of %s: %+v", got, c.says, m.Verdict)
			}
			if got := entryNames(m.Mergers); got != c.mergers {
				t.Errorf("mergers: %q", got)
			}
		})
	}
}

// The base's history comes first: nothing is said of what is merged into a bad one.
func TestCheckOfBadBase(t *testing.T) {
	f := newForge(t)
	bad := f.by("", "x=1", f.main)
	m := f.checkMerge(bad, f.by(alice, "x=2", bad), nil)
	if m.Outcome() != Refused || m.Verdict != nil || m.Refusals()[0].Commit != bad {
		t.Errorf("%+v", m)
	}
}

// TestCheckAgreesWithVerdicts compares what is said of merges with the verdict that
// they have once they are made, on the random histories of the model.
func TestCheckAgreesWithVerdicts(t *testing.T) {
	graphs := uint64(600)
	seen := make(map[string]int)
	for number := range graphs {
		g, _ := grow(number, NixFormat)
		w, ids := g.realise(t)
		for c := range g.commits {
			if len(g.commits[c].parents) == 2 && g.closure(c).has(g.introduction) && c != g.introduction {
				compareCheck(t, g, w, ids, c, seen)
			}
		}
		if t.Failed() {
			t.Fatalf("graph %d\n%s", number, g)
		}
	}
	t.Log(seen)
	for _, what := range []string{"vouched", "ready", "refused", "signed"} {
		if seen[what] < 20 {
			t.Errorf("%d times only: %s", seen[what], what)
		}
	}
}

func compareCheck(t *testing.T, g *graph, w *world, ids []gitwalk.ID, c int, seen map[string]int) {
	t.Helper()
	parents := g.commits[c].parents
	v := w.verifier()
	v.Merger = modelMerger{g, w, ids}
	m, err := v.CheckMerge(context.Background(), ids[parents[0]], ids[parents[1]])
	if err != nil {
		t.Fatal(err)
	}
	if m.History.Outcome() != Authentic || m.Relation == HeadContained {
		return
	}
	e, err := v.Examine(context.Background(), ids[c])
	if err != nil {
		t.Fatal(err)
	}
	made := e.Verdict
	switch {
	case made.Mechanics != nil && made.Authentic(): // authentic, and nobody has signed it
		seen["vouched"]++
		if !m.Ready() && m.Changes.Exact {
			t.Errorf("%d is vouched for, and the check says %s: %+v", c, said(m), m.Verdict)
		}
	case m.Ready():
		seen["ready"]++
		accident := []Reason{NotMechanical, MalformedCommit} // of the merge that was made
		if r := made.Refusal; r != nil && g.commits[c].file == g.commits[parents[0]].file && !slices.Contains(accident, r.Reason) {
			t.Errorf("%d is refused for %s: %s, and the check says that it is ready", c, r.Reason, r.Detail)
		}
	case m.Outcome() == Refused:
		seen["refused"]++
	}
	if !made.Authentic() || made.Signer == nil || m.Rule == MergesVouched {
		return
	}
	seen["signed"]++
	report, err := v.Verify(context.Background(), ids[c])
	if err != nil {
		t.Fatal(err)
	}
	if report.Outcome() == Authentic && m.Outcome() == Refused && m.Verdict.Refusal == nil {
		t.Errorf("%d is authentic, and the check says %s", c, said(m))
	}
}

// What is known of the base is not read again, so that a pull request costs what it
// brings and not what the project has.
func TestCheckWithWarmCache(t *testing.T) {
	f := newForge(t)
	base := f.main
	for range 2000 {
		base = f.by(alice, "x=0 y=1 p/a=0", base)
	}
	head := base
	for i := range 20 {
		head = f.by(bob, strings.Replace("x=N y=1 p/a=0", "N", strings.Repeat("1", i+1), 1), head)
	}
	reads := 0
	f.onRead = func(gitwalk.ID) error { reads++; return nil }
	if m := f.checkMerge(base, head, nil); !m.Ready() || reads < 2000 {
		t.Fatal(said(m), reads)
	}
	reads = 0
	if m := f.checkMerge(base, head, nil, base); !m.Ready() || m.CommitCount != 20 || reads > 300 {
		t.Error(said(m), m.CommitCount, reads)
	}
}
