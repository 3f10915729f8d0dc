package authz

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// EngineVersion changes whenever a history could get another verdict than from
// the version before, so that no old result is taken for a new one.
const EngineVersion = 1

// A Checker checks signatures. It must be safe for concurrent use.
type Checker interface {
	Check(payload, signature []byte) signer.Result
}

// A Verifier judges histories by one policy.
type Verifier struct {
	Policy  Policy
	Objects gitwalk.Store
	Keys    Checker
	// Known are commits that an earlier run with an equal policy found
	// authentic, with all that they descend from. Those that the repository
	// does not have are ignored. They spare work and change no verdict.
	Known []gitwalk.ID
	// Workers is how many goroutines read and check; 0 is one for each core.
	Workers int
	// MaxRefusals ends the judging after so many refusals; 0 is no limit.
	MaxRefusals int
	// Observe is told of progress and verdicts; it may be nil.
	Observe func(Event)
}

// Verify judges the history of tip: every commit in closure(tip) −
// closure(introduction) by the rule, the introduction itself, and that tip
// descends from it.
//
// The verdict is the report's Outcome. The error is not nil only if there is no
// verdict: ctx was cancelled, or the repository cannot be opened.
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
		signers: make(map[signer.Fingerprint]*SignerCount),
	}
	err = r.verify(ctx, tip)
	if unchecked := uncheckedFrom(tip, err); unchecked != nil {
		r.report.Unchecked = append(r.report.Unchecked, unchecked)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	r.report.Signers = r.signerCounts()
	return r.report, nil
}

// run is one call of Verify.
type run struct {
	*Verifier
	reader  *gitwalk.Reader
	files   *files
	report  *Report
	signers map[signer.Fingerprint]*SignerCount
	// inRange has the files of the commits of the range, by their index.
	inRange []*File
}

func (r *run) observe(e Event) {
	if r.Observe != nil {
		r.Observe(e)
	}
}

func (r *run) verify(ctx context.Context, tip gitwalk.ID) error {
	introduction, err := r.introduction()
	if err != nil {
		return err
	}
	r.record(introduction)
	known := r.known()
	commits, err := gitwalk.Walk(ctx, r.reader, tip, append(known, r.Policy.Introduction.Commit), gitwalk.Options{
		Follow:   r.follow,
		Progress: func(found int) { r.observe(Walking{found}) },
	})
	if err != nil {
		return err
	}
	r.report.Commits = commits.Len()
	if !introduction.Authentic() {
		return nil
	}
	descends, err := r.descends(ctx, commits, known)
	if err != nil {
		return err
	}
	if !descends {
		r.refuse(r.notDescendant(ctx, tip))
		return nil
	}
	return r.judgeRange(ctx, commits)
}

// introduction judges the introduction.
func (r *run) introduction() (*Verdict, error) {
	facts, err := r.introductionFacts(r.Policy.Introduction.Commit)
	if err != nil {
		return nil, err
	}
	return r.Policy.JudgeIntroduction(facts), nil
}

// known are the commits of Known that the repository has.
func (r *run) known() []gitwalk.ID {
	var known []gitwalk.ID
	for _, id := range r.Known {
		if _, err := r.reader.Commit(id); err == nil {
			known = append(known, id)
		}
	}
	return known
}

// follow leaves out the side branches of merges that are not judged by the
// strict rule: they are content there, not history.
func (r *run) follow(merge gitwalk.ID, links gitwalk.Links) ([]gitwalk.ID, error) {
	if r.Policy.Introduction.Format != NixFormat {
		return links.Parents, nil
	}
	file, err := r.files.of(links.Parents[0])
	if err != nil {
		return nil, r.uncheckedAt(links.Parents[0], err)
	}
	parents := make([]Parent, len(links.Parents))
	parents[0] = Parent{links.Parents[0], file}
	if r.Policy.mergeRule(parents) != MergesStrict {
		return links.Parents[:1], nil
	}
	return links.Parents, nil
}

// descends says whether the tip descends from the introduction.
func (r *run) descends(ctx context.Context, commits *gitwalk.Range, known []gitwalk.ID) (bool, error) {
	if slices.ContainsFunc(append(known, r.Policy.Introduction.Commit), commits.Touches) {
		return true, nil
	}
	if len(known) == 0 {
		return false, nil
	}
	return gitwalk.IsAncestor(ctx, r.reader, r.Policy.Introduction.Commit, r.report.Tip)
}

func (r *run) notDescendant(ctx context.Context, tip gitwalk.ID) *Refusal {
	detail := "it does not descend from the introduction"
	if older, err := gitwalk.IsAncestor(ctx, r.reader, tip, r.Policy.Introduction.Commit); err == nil && older {
		detail = "it is older than the introduction"
	}
	refusal := &Refusal{Commit: tip, Reason: NotDescendant, Detail: detail}
	if raw, err := r.reader.Commit(tip); err == nil {
		if commit, err := gitwalk.ParseCommit(tip, raw); err == nil {
			refusal.Subject = commit.Subject()
		}
	}
	return refusal
}

// judgeRange judges all commits, parents first.
func (r *run) judgeRange(ctx context.Context, commits *gitwalk.Range) error {
	r.inRange = make([]*File, 0, commits.Len())
	for gathered, err := range gather(ctx, r.Verifier, commits) {
		if err != nil {
			return err
		}
		facts, err := r.complete(gathered, commits)
		if err != nil {
			return err
		}
		r.inRange = append(r.inRange, facts.File)
		if err := r.judge(ctx, facts, commits); err != nil {
			return err
		}
		r.observe(Judging{len(r.inRange), commits.Len()})
		if r.MaxRefusals > 0 && len(r.report.Refusals) >= r.MaxRefusals {
			r.report.Truncated = len(r.inRange) < commits.Len()
			return nil
		}
	}
	return nil
}

// judge judges a commit of the range. The walk may have let in an ancestor of
// the introduction whose date is wrong: such a commit needs no authorization.
func (r *run) judge(ctx context.Context, facts *Facts, commits *gitwalk.Range) error {
	verdict := r.Policy.Judge(facts)
	if !verdict.Authentic() {
		excluded, err := commits.Excluded(ctx, facts.Commit)
		if err != nil {
			return r.uncheckedAt(facts.Commit, err)
		}
		if excluded {
			r.report.Commits--
			return nil
		}
	}
	r.count(verdict)
	r.record(verdict)
	return nil
}

// complete adds to what was gathered of a commit its own file and those of its
// parents. Commits in the range are completed in its order, parents first, and
// their files are kept for their children.
func (r *run) complete(gathered *gathered, commits *gitwalk.Range) (*Facts, error) {
	facts := &gathered.facts
	if gathered.err != nil {
		return nil, r.uncheckedAt(facts.Commit, gathered.err)
	}
	var err error
	if facts.File, err = r.files.parse(gathered.file); err != nil {
		return nil, r.uncheckedAt(facts.Commit, err)
	}
	for i := range facts.Parents {
		parent := &facts.Parents[i]
		if parent.File, err = r.fileOf(parent.ID, commits); err != nil {
			return nil, r.uncheckedAt(parent.ID, err)
		}
	}
	return facts, nil
}

// fileOf is the file of a parent, which has been judged before its children if
// it is in the range.
func (r *run) fileOf(commit gitwalk.ID, commits *gitwalk.Range) (*File, error) {
	if commits != nil {
		if place, ok := commits.Index(commit); ok && place < len(r.inRange) {
			return r.inRange[place], nil
		}
	}
	return r.files.of(commit)
}

func (r *run) count(v *Verdict) {
	if !v.Authentic() {
		return
	}
	r.report.Authentic++
	c := r.signers[v.Signer.Key]
	if c == nil {
		c = &SignerCount{Key: v.Signer.Key}
		r.signers[v.Signer.Key] = c
	}
	c.Name = v.Signer.Name
	c.Commits++
}

func (r *run) record(v *Verdict) {
	r.observe(v)
	if v.Refusal != nil {
		r.refuse(v.Refusal)
	}
	if v.Unchecked != nil {
		r.report.Unchecked = append(r.report.Unchecked, v.Unchecked)
	}
}

func (r *run) refuse(refusal *Refusal) {
	r.report.Refusals = append(r.report.Refusals, refusal)
}

func (r *run) signerCounts() []SignerCount {
	var counts []SignerCount
	for _, c := range r.signers {
		counts = append(counts, *c)
	}
	slices.SortFunc(counts, func(a, b SignerCount) int {
		if a.Commits != b.Commits {
			return b.Commits - a.Commits
		}
		return strings.Compare(string(a.Key), string(b.Key))
	})
	return counts
}

// uncheckedAt says which commit an object error is about; other errors pass.
func (r *run) uncheckedAt(commit gitwalk.ID, err error) error {
	if unchecked := uncheckedFrom(commit, err); unchecked != nil {
		return unchecked
	}
	return err
}

// uncheckedFrom turns the failure to read an object into the reason for which
// the commit could not be checked, and returns nil for any other error.
func uncheckedFrom(commit gitwalk.ID, err error) *UncheckedError {
	var (
		unchecked *UncheckedError
		missing   *gitwalk.MissingError
		corrupt   *gitwalk.CorruptError
	)
	switch {
	case errors.As(err, &unchecked):
		return unchecked
	case errors.As(err, &missing):
		return &UncheckedError{Commit: commit, Reason: MissingObject, Detail: missing.Error(), Cause: err}
	case errors.As(err, &corrupt):
		return &UncheckedError{Commit: commit, Reason: CorruptObject, Detail: corrupt.Error(), Cause: err}
	}
	return nil
}

func (v *Verifier) workers() int {
	if v.Workers > 0 {
		return v.Workers
	}
	return runtime.GOMAXPROCS(0)
}
