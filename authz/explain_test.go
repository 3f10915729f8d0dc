package authz

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// explain is the steps of a commit, as words: "name result".
func (w *world) explain(v *Verifier, commit gitwalk.ID) (steps []Step, words string) {
	w.Helper()
	e, err := v.Examine(w.Context(), commit)
	if err != nil {
		w.Fatal(err)
	}
	steps = v.Policy.Explain(e)
	var b strings.Builder
	for _, step := range steps {
		fmt.Fprintf(&b, "%s %s, ", step.Name, step.Result)
	}
	return steps, strings.TrimSuffix(b.String(), ", ")
}

// TestExplainMerges has the steps to each verdict on a merge that depends on more than
// its signature.
func TestExplainMerges(t *testing.T) {
	const (
		begin    = "place holds, form holds, "
		unsigned = begin + "signature fails, merge holds, parent skipped, file holds, "
	)
	excused := strings.Replace(unsigned, "fails", "skipped", 1)
	for _, c := range []struct {
		name    string
		history func(f *forge) gitwalk.ID
		steps   string
		text    string // of some step
	}{
		{"signed", func(f *forge) gitwalk.ID {
			return f.by(alice, "x=1 y=1 p/a=0", f.main, f.by("", "x=1 y=0 p/a=0", f.intro))
		}, begin + "signature holds, key holds, merge holds, parent holds, file holds, rule holds", "vouched: the signer is authorized to merge by the first parent"},
		{"vouched", func(f *forge) gitwalk.ID {
			return f.by("", "x=1 y=1 p/a=0", f.main, f.by(bob, "x=1 y=0 p/a=0", f.intro))
		}, excused + "mechanical holds, voucher holds, rule holds", `signed by "bob"`},
		{"signed by a stranger and vouched", func(f *forge) gitwalk.ID {
			return f.by(eve, "x=1 y=1 p/a=0", f.main, f.by(bob, "x=1 y=0 p/a=0", f.intro))
		}, excused + "mechanical holds, voucher holds, rule holds", "unknown-key"},
		{"signed by one who may not and vouched", func(f *forge) gitwalk.ID {
			return f.by(bob, "x=1 y=1 p/a=0", f.main, f.by(bob, "x=1 y=0 p/a=0", f.intro))
		}, begin + "signature holds, key holds, merge holds, parent skipped, file holds, mechanical holds, voucher holds, rule holds", "the commit needs merge"},
		{"two vouchers", func(f *forge) gitwalk.ID {
			staging := f.by("", "x=1 y=1 p/a=0", f.by(bob, "x=1 y=0 p/a=0", f.intro), f.main)
			return f.by("", "x=1 y=1 p/a=0", f.main, staging)
		}, excused + "mechanical holds, voucher holds, voucher holds, rule holds", "as the trees show"},
		{"not vouched", func(f *forge) gitwalk.ID {
			return f.by("", "x=1 y=1 p/a=0", f.main, f.by("", "x=1 y=0 p/a=0", f.intro))
		}, unsigned + "mechanical holds, voucher fails, rule fails", "not-vouched: it is not signed by a key that may merge"},
		{"not mechanical", func(f *forge) gitwalk.ID {
			return f.by("", "x=1 y=1 p/a=2", f.main, f.by(bob, "x=1 y=0 p/a=0", f.intro))
		}, unsigned + "mechanical fails, rule fails", "its tree is not exactly the merge"},
		{"changes the file", func(f *forge) gitwalk.ID {
			return f.commitWith("", nixFile("", "eve"), "x=0 y=1 p/a=0", f.main, f.by(bob, "x=1 y=0 p/a=0", f.intro))
		}, unsigned + "rule fails", "it changes .nix-authorizations"},
		{"no git", func(f *forge) gitwalk.ID {
			return f.by("", "x=0 y=3 p/a=0", f.main, f.by(bob, "x=0 y=2 p/a=0", f.intro))
		}, unsigned + "mechanical unknown, voucher holds, rule unknown", "cannot-check"},
		{"no git, and not vouched", func(f *forge) gitwalk.ID {
			return f.by("", "x=0 y=3 p/a=0", f.main, f.by("", "x=0 y=2 p/a=0", f.intro))
		}, unsigned + "voucher fails, rule fails", "not-vouched"},
		{"octopus", func(f *forge) gitwalk.ID {
			return f.by(alice, "x=0 y=1 p/a=0", f.main, f.intro, f.intro)
		}, begin + "signature holds, key holds, merge holds, parent holds, file holds, rule fails", "merges 2 branches at once"},
		{"paths", func(f *forge) gitwalk.ID { return f.by(carol, "x=0 y=1 p/a=1", f.main) },
			begin + "signature holds, key holds, parent holds, paths holds, file holds, rule holds", "strict: the signer is authorized by every parent"},
		{"other paths", func(f *forge) gitwalk.ID { return f.by(carol, "x=1 y=1 p/a=1", f.main) },
			begin + "signature holds, key holds, parent holds, paths fails, file holds, rule fails", `path: it changes "x"`},
		{"paths, and the file removed", func(f *forge) gitwalk.ID { return f.commitWith(carol, "", "x=0 y=1 p/a=1", f.main) },
			begin + "signature holds, key holds, parent fails, file fails, rule fails", "it needs the right to authorize"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForge(t)
			steps, words := f.explain(f.verifier(), c.history(f))
			if words != c.steps {
				t.Errorf("%s\ninstead of\n%s", words, c.steps)
			}
			requireText(t, steps, c.text)
		})
	}
}

func requireText(t *testing.T, steps []Step, text string) {
	t.Helper()
	for _, step := range steps {
		if strings.Contains(step.Text, text) {
			return
		}
	}
	t.Errorf("no step says %q: %+v", text, steps)
}

// TestExplainThreshold has who agrees to a change of the file.
func TestExplainThreshold(t *testing.T) {
	w := newWorld(t, NixFormat)
	old, now := nixFile("threshold: 2", "alice", "bob"), nixFile("", "alice", "bob paths: [p/]")
	intro := w.introduce(w.commit(alice, old), alice)
	const begin = "place holds, form holds, signature holds, key holds, parent holds, file holds, "
	steps, words := w.explain(w.verifier(), w.approved(alice, now, nil, intro))
	if words != begin+"threshold fails, rule fails" || steps[6].Commit != intro {
		t.Error(words)
	}
	requireText(t, steps, `a change of its .nix-authorizations needs the agreement of 2 keys and has that of 1: "alice"`)
	steps, words = w.explain(w.verifier(), w.approved(alice, now, []gitwalk.Entry{w.approve(bob, old, now)}, intro))
	if words != begin+"threshold holds, rule holds" {
		t.Error(words)
	}
	requireText(t, steps, `and has that of 2: "alice", "bob"`)
}

// TestExplainPathsUnknown has that nobody says that paths hold where trees are missing.
func TestExplainPathsUnknown(t *testing.T) {
	f := newForge(t)
	tip := f.by(carol, "x=0 y=1 p/a=1", f.main)
	v := f.verifier()
	v.Objects = f.without(f.treeWithin(f.wordEntry("a=1")))
	if _, words := f.explain(v, tip); !strings.Contains(words, "paths unknown, file holds, rule unknown") {
		t.Error(words)
	}
}
