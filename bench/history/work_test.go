package history

import (
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// cost is what a verdict took, counted so that it is the same on every machine.
type cost struct{ commits, objects, inflated, read, allocations float64 }

func (c cost) less(o cost) cost {
	return cost{c.commits - o.commits, c.objects - o.objects, c.inflated - o.inflated, c.read - o.read, c.allocations - o.allocations}
}

// costOf judges the history of a tip in a repository that nobody has read yet. Of known
// it takes an earlier run's word.
func costOf(t *testing.T, dir string, record *Record, tip, known gitwalk.ID) cost {
	t.Helper()
	repository, err := gitrepo.Open(t.Context(), dir, gitrepo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	settings := trust.Settings{Introduction: record.Introduction, Signer: record.Signer}
	v, err := verification.Prepare(repository, "", verification.Options{Settings: settings, Getenv: func(string) string { return "" }, NoCache: true})
	if err != nil {
		t.Fatal(err)
	}
	verifier := v.Verifier(nil)
	verifier.Workers = 1
	if !known.IsZero() {
		verifier.Known, verifier.KnownDescend = []gitwalk.ID{known}, true
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties pools
	loaded := repository.Work()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	report, err := verifier.Verify(t.Context(), tip)
	runtime.ReadMemStats(&after)
	if err != nil || report.Outcome() != authz.Authentic {
		t.Fatalf("%+v, %v", report, err)
	}
	work := repository.Work()
	return cost{
		commits: float64(report.Commits), objects: float64(work.Objects - loaded.Objects),
		inflated: float64(work.Inflated - loaded.Inflated), read: float64(work.Read - loaded.Read),
		allocations: float64(after.Mallocs - before.Mallocs),
	}
}

// within complains of what is more than it may be, for each of some commits. The race
// detector makes pools forget at random, so that allocations count without it alone.
func (c cost) within(t *testing.T, most cost) {
	t.Helper()
	for name, at := range map[string][2]float64{
		"objects read":       {c.objects, most.objects},
		"bytes inflated":     {c.inflated, most.inflated},
		"bytes read":         {c.read, most.read},
		"memory allocations": {c.allocations, most.allocations},
	} {
		if each := at[0] / c.commits; each > at[1] && !(underRace && name == "memory allocations") {
			t.Errorf("%.2f %s for each of %.0f commits, more than %.2f", each, name, c.commits, at[1])
		}
	}
}

// TestCost bounds what each commit of a long history costs, beyond what any history
// costs, from the packs to the verdict. A change that makes it more has to say why.
func TestCost(t *testing.T) {
	for _, test := range []struct {
		params      Params
		long, short int // how far before the tip two histories end
		most        cost
	}{
		{Params{Rule: Strict, Commits: 2000}, 100, 540, cost{objects: 2.2, inflated: 1260, read: 7000, allocations: 46}},
		{Params{Rule: Vouched, Commits: 700}, 100, 540, cost{objects: 19, inflated: 5600, read: 23_600, allocations: 190}},
	} {
		t.Run(test.params.Rule, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "history.git")
			record := generated(t, dir, test.params, 1000)
			id := func(name string) gitwalk.ID {
				id, err := gitwalk.ParseID(name)
				if err != nil {
					t.Fatal(err)
				}
				return id
			}
			long, short := id(record.Before[test.long]), id(record.Before[test.short])
			costOf(t, dir, record, long, gitwalk.ID{}).less(costOf(t, dir, record, short, gitwalk.ID{})).within(t, test.most)
		})
	}
}
