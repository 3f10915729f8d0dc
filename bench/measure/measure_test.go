package measure

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nix-authorize/nix-authorize/bench/history"
)

// Everything is measured once with the program of this source, so that what it
// understands and says is what is expected here.
func TestMeasure(t *testing.T) {
	cache := t.TempDir()
	for name, params := range map[string]history.Params{
		"strict-560":        {Rule: history.Strict, Commits: 560},
		"vouched-4-git-100": {Rule: history.Vouched, Commits: 4, ByGit: 100},
	} {
		if _, err := history.Generate(t.Context(), filepath.Join(cache, "histories", name+".git"), params, nil); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(cache, "nix-authorize")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/nix-authorize").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l := &Lab{Program: program, Cache: cache, Quick: true, Log: t.Logf}
	clean, err := l.open()
	if err != nil {
		t.Fatal(err)
	}
	defer clean()
	plan := Plan{Commits: []int{560}, ByGit: 4}
	subjects, err := l.subjects(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	h, err := l.whole(t.Context(), subjects[0], true)
	if err != nil {
		t.Fatal(err)
	}
	signatures := 0
	for _, n := range h.Signatures {
		signatures += n
	}
	if h.Commits != 20 || signatures != 20 || h.New == nil || h.New.Commits != 540 || len(h.Pull) != 3 || h.GitLog == 0 || h.Objects < 8*560 {
		t.Errorf("measured %+v", h)
	}
	for name, cost := range map[string]int64{"cold": h.Cold.Memory, "warm": h.Warm.Memory, "new": h.New.Cost.Memory, "pull": h.Pull[2].Pull.Memory, "reading": h.Reading.Memory} {
		if cost == 0 {
			t.Errorf("nothing was measured for %s", name)
		}
	}
	merges, err := l.allMerges(t.Context(), plan)
	if err != nil || len(merges) != 1 || merges[0].Each == 0 || merges[0].Cold.Wall == 0 {
		t.Errorf("measured %+v, %v", merges, err)
	}
	if _, err := l.judging(t.Context(), subjects[0], cache, 1); err == nil {
		t.Error("a run that judges more than was expected is no error")
	}
}
