// Package history generates signed histories of any length with the shape of nixpkgs,
// as bare repositories. They are for measurements and look to a verifier like real ones.
//
// Each commit brings 8 objects: itself, the trees from the root (40 entries) down to a
// package, and what it changes in that package. Several hundred people commit with keys
// of the kinds that real histories have. Under the strict rule the history goes in
// rounds of 20 commits:
//
//	── M ── 8 commits ── 8 commits ── M ──     everything is signed, the merges too
//	    \                            /
//	     ─────── 3 commits ──────────
//
// Under the vouched rule it is a row of merges that nobody has signed, as a forge makes
// them, each of a branch of one or two signed commits. Every 2,000 commits, or merges,
// somebody is added to the authorizations file and somebody leaves it.
//
// The same parameters give the same ids, in every run and on every machine. A history
// is written in segments, a pack each. A run that was ended is continued behind the
// last segment that was finished.
package history

import "fmt"

// The rules for merges that a history can have.
const (
	Strict  = "strict"
	Vouched = "vouched"
)

// Params say what is to be generated.
type Params struct {
	// Rule is Strict or Vouched.
	Rule string
	// Commits is the length above the introduction: all commits of a Strict
	// history, rounded up to whole rounds, and first-parent merges of a Vouched one.
	Commits int
	// ByGit is how many of a hundred merges of a Vouched history bring a change of
	// a file that has been changed on both sides, so that trees alone do not decide.
	ByGit int
}

func (p Params) check() error {
	switch {
	case p.Rule != Strict && p.Rule != Vouched:
		return fmt.Errorf("the rule %q is neither %q nor %q", p.Rule, Strict, Vouched)
	case p.Commits < 1:
		return fmt.Errorf("a history of %d commits cannot be made", p.Commits)
	case p.ByGit < 0 || p.ByGit > 100 || p.ByGit > 0 && p.Rule != Vouched:
		return fmt.Errorf("%d of a hundred merges cannot be decided by git under the rule %q", p.ByGit, p.Rule)
	}
	return nil
}

// A history is made of units: the rounds of a Strict one, the merges of a Vouched one.
const (
	roundCommits  = 20 // of them
	roundBranch   = 3  // are on a side branch
	roundBefore   = 8  // commits of the main branch come before these
	strictSegment = 5000
	strictEpoch   = 100

	mergeNumbers   = 3 // that go to a merge and its branch
	vouchedSegment = 50000
	vouchedEpoch   = 2000
)

// commitsPerUnit is how much of Commits a unit is.
func (p Params) commitsPerUnit() int {
	if p.Rule == Strict {
		return roundCommits
	}
	return 1
}

func (p Params) units() int {
	per := p.commitsPerUnit()
	return (p.Commits + per - 1) / per
}

// segment is how many units go into one pack.
func (p Params) segment() int {
	if p.Rule == Strict {
		return strictSegment
	}
	return vouchedSegment
}

// epoch numbers the authorizations files: unit u is judged by that of its epoch.
func (p Params) epoch(unit int) int {
	if p.Rule == Strict {
		return unit / strictEpoch
	}
	return unit / vouchedEpoch
}

// lastNumber is that of the commit with which the last epoch begins.
func (p Params) lastNumber() int {
	if p.Rule == Strict {
		return p.epoch(p.units()-1) * strictEpoch * roundCommits
	}
	return p.epoch(p.units()-1) * vouchedEpoch * mergeNumbers
}
