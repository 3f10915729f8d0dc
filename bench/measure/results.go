// Package measure runs the program on histories and notes what it costs, side by side
// with the floor of the machine and with what else verifies histories.
package measure

import (
	"encoding/json"
	"os"
	"time"

	"github.com/nix-authorize/nix-authorize/bench/floor"
	"github.com/nix-authorize/nix-authorize/bench/process"
)

// Results are those of one run.
type Results struct {
	Machine    Machine
	Operations floor.Operations // what one signature takes a core
	Histories  []History        // by the strict rule, or Guix's
	Merges     []Merges         // by the vouched rule
	Others     []Other
}

// A Machine is where the run was.
type Machine struct {
	Processor                string
	Cores                    int
	Git, Go, OpenSSL, System string // versions; empty: not there
	// Others is how many cores other programs took on average during the run, or 0 if
	// it is not known: if it is not near 0, times are longer than they should be.
	Others float64
}

// A History is what was measured with one history.
type History struct {
	Name      string
	Generated bool
	Length    int // commits above the introduction
	Objects   int // in its packs
	// Commits is how many of them the cold runs judge.
	Commits    int
	Signatures map[string]int // by kind, of those commits

	Cold    process.Cost // all cores, nothing remembered
	Half    process.Cost // the same with half of the cores; zero if there is only one
	Reading process.Cost // git cat-file
	Signing time.Duration
	// Warm is a run with everything remembered, and New with all but so many.
	Warm process.Cost
	New  *New
	Pull []Pull
	// GitLog is what "git log --format=%G?" takes for a commit, or zero.
	GitLog time.Duration
}

// New is a run after commits have been added.
type New struct {
	Commits int
	Cost    process.Cost
}

// A Pull is "nix-authorize pull" with new commits, beside "git fetch" of the same.
type Pull struct {
	Commits     int
	Pull, Fetch process.Cost
}

// Merges is what was measured with first-parent merges that nobody has signed.
type Merges struct {
	Merges int
	ByGit  int // of a hundred
	Cold   process.Cost
	// Each is what a process of "git merge-tree --write-tree" takes for one.
	Each time.Duration
}

// An Other is another program that verifies histories.
type Other struct {
	Name    string
	Present bool
	// Rate is in commits a second, zero if it could not be measured; Note says why,
	// or on what.
	Rate float64
	Note string
}

// Floor is the least time for the cold run on all cores.
func (h *History) Floor(cores int) time.Duration {
	return h.FloorCPU() / time.Duration(cores)
}

// FloorCPU is the least processor time for the cold run.
func (h *History) FloorCPU() time.Duration { return h.Reading.CPU + h.Signing }

// Save writes the results to a file.
func (r *Results) Save(name string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(content, '\n'), 0o644)
}

// Load reads results that were saved.
func Load(name string) (*Results, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r := new(Results)
	return r, json.Unmarshal(content, r)
}
