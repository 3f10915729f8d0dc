package authz

import (
	"context"
	"runtime"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// EngineVersion changes whenever a history could get another verdict than from
// the version before, so that no old result is taken for a new one.
const EngineVersion = 3

// A Checker checks signatures. It must be safe for concurrent use.
type Checker interface {
	// Check checks the signature of a commit.
	Check(payload, signature []byte) signer.Result
	// CheckDetached checks a signature of some other message, which if it is an
	// SSH signature must be for the namespace.
	CheckDetached(message, signature []byte, namespace string) signer.Result
}

// A Verifier judges histories by one policy.
type Verifier struct {
	Policy  Policy
	Objects gitwalk.Store
	Keys    Checker
	// Merger lets git merge where trees alone cannot tell whether a merge is
	// mechanical. Without it such a merge cannot be checked.
	Merger gitwalk.Merger
	// Known are commits that an earlier run with an equal policy found
	// authentic, with all that they descend from. Those that the repository
	// does not have are ignored. They spare work and change no verdict.
	Known []gitwalk.ID
	// KnownDescend says that each of Known descends from the introduction, as
	// every tip does that Verify found authentic. Without it Verify takes
	// nobody's word for that and walks from the tip to the introduction, which
	// costs about as much as to read all commits between them.
	KnownDescend bool
	// Workers is how many goroutines read and check; 0 is one for each core.
	Workers int
	// MaxRefusals ends the judging after so many refusals, and no more commits
	// than that are reported as unchecked; 0 is no limit.
	MaxRefusals int
	// Observe is told of progress and verdicts; it may be nil.
	Observe func(Event)
}

func (v *Verifier) workers() int {
	if v.Workers > 0 {
		return v.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// Verify judges the history of tip: every commit in closure(tip) −
// closure(introduction) by the rule, the introduction itself, and that tip
// descends from it.
//
// The verdict is the report's Outcome. An object that is missing or corrupt ends
// the judging and is reported. The error is not nil only if there is no verdict:
// ctx was cancelled, or the repository cannot be opened or read at all.
func (v *Verifier) Verify(ctx context.Context, tip gitwalk.ID) (*Report, error) {
	source, err := v.Objects.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	r := &run{
		Verifier: v, reader: reader,
		files:   newFiles(v.Policy.Introduction.Format, reader),
		report:  &Report{Policy: v.Policy, Tip: tip},
		signers: make(SignerCounts),
		blind:   make(map[gitwalk.ID]error),
	}
	err = r.verify(ctx, tip)
	if unchecked := uncheckedFrom(tip, err); unchecked != nil {
		r.unchecked(unchecked)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	r.report.Signers = r.signers.Sorted()
	return r.report, nil
}

// run is one call of Verify.
type run struct {
	*Verifier
	reader  *gitwalk.Reader
	files   *files
	report  *Report
	signers SignerCounts
	survey  *survey // of the commits of the range
	// blind has the merges of which follow could not tell the rule, and why.
	blind map[gitwalk.ID]error
}

func (r *run) observe(e Event) {
	if r.Observe != nil {
		r.Observe(e)
	}
}

func (r *run) verify(ctx context.Context, tip gitwalk.ID) error {
	introduction, err := r.introduction(ctx)
	if err != nil {
		return err
	}
	r.record(introduction)
	known := r.known()
	if !introduction.Authentic() {
		return r.countOnly(ctx, tip, known)
	}
	commits, err := r.walk(ctx, tip, known)
	if err != nil {
		return err
	}
	r.report.Commits = commits.Len()
	descends, err := r.descends(ctx, commits, known)
	if err != nil {
		return err
	}
	if !descends {
		return r.refuseUnrelated(ctx, commits, tip)
	}
	return r.judgeRange(ctx, commits)
}

// countOnly finds how many commits there are, and checks none of them.
func (r *run) countOnly(ctx context.Context, tip gitwalk.ID, known []gitwalk.ID) error {
	commits, err := r.between(ctx, tip, known, nil)
	if err == nil {
		r.report.Commits = commits.Len()
	}
	return err
}

// introduction judges the introduction.
func (r *run) introduction(ctx context.Context) (*Verdict, error) {
	facts, err := r.introductionFacts(ctx, r.Policy.Introduction.Commit)
	if err != nil {
		return nil, err
	}
	return r.Policy.JudgeIntroduction(facts), nil
}
