package authz

import (
	"context"
	"errors"
	"runtime"
	"slices"

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
	// inRange has the files of the commits of the range, by their index.
	inRange []fileRef
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
	commits, err := r.walk(ctx, tip, known)
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
func (r *run) introduction(ctx context.Context) (*Verdict, error) {
	facts, err := r.introductionFacts(ctx, r.Policy.Introduction.Commit)
	if err != nil {
		return nil, err
	}
	return r.Policy.JudgeIntroduction(facts), nil
}

// walk finds the commits between the tip and the introduction, less those that
// are known.
func (r *run) walk(ctx context.Context, tip gitwalk.ID, known []gitwalk.ID) (*gitwalk.Range, error) {
	exclude := append(slices.Clone(known), r.Policy.Introduction.Commit)
	return gitwalk.Walk(ctx, r.reader, tip, exclude, gitwalk.Options{
		Follow:   r.follow,
		Progress: func(found int) { r.observe(Walking{found}) },
	})
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
// strict rule: they are content there, not history. Which rule it is may be
// unknown in an incomplete repository. That matters only if the merge does not
// turn out to be an ancestor of the introduction.
func (r *run) follow(merge gitwalk.ID, links gitwalk.Links) ([]gitwalk.ID, error) {
	if r.Policy.Introduction.Format != NixFormat {
		return links.Parents, nil
	}
	first := links.Parents[0]
	file, err := r.firstParentFile(first)
	if err != nil {
		if unchecked := uncheckedFrom(first, err); unchecked != nil {
			r.blind[merge] = unchecked
			return links.Parents[:1], nil
		}
		return nil, err
	}
	parents := make([]Parent, len(links.Parents))
	parents[0] = Parent{first, file}
	if r.Policy.mergeRule(parents) != MergesStrict {
		return links.Parents[:1], nil
	}
	return links.Parents, nil
}

// firstParentFile is the file of a commit that is likely to be in the range, so
// that nothing is gained by remembering it.
func (r *run) firstParentFile(commit gitwalk.ID) (*File, error) {
	ref, err := r.files.find(commit)
	if err != nil {
		return nil, err
	}
	return r.files.get(ref)
}

// descends says whether the tip descends from the introduction. Where a known
// commit stands between the two, the way to the introduction was not walked.
func (r *run) descends(ctx context.Context, commits *gitwalk.Range, known []gitwalk.ID) (bool, error) {
	introduction := r.Policy.Introduction.Commit
	if commits.Touches(introduction) || r.KnownDescend && slices.ContainsFunc(known, commits.Touches) {
		return true, nil
	}
	if len(known) == 0 {
		return false, nil
	}
	whole, err := r.walk(ctx, r.report.Tip, nil)
	return err == nil && whole.Touches(introduction), err
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
	r.inRange = make([]fileRef, 0, commits.Len())
	for gathered, err := range gather(ctx, r.Verifier, commits) {
		if err != nil {
			return err
		}
		if err := r.judge(ctx, gathered, commits); err != nil {
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
// the introduction whose date is wrong: such a commit needs no authorization,
// and it does not matter if its objects are missing.
func (r *run) judge(ctx context.Context, gathered *gathered, commits *gitwalk.Range) error {
	id, ref := gathered.facts.Commit, r.files.gathered(gathered)
	r.inRange = append(r.inRange, ref)
	verdict, unreadable := r.verdict(ctx, gathered, ref, commits)
	if unreadable == nil && verdict.Authentic() {
		r.count(verdict)
		r.record(verdict)
		return nil
	}
	excluded, err := commits.Excluded(ctx, id)
	switch {
	case excluded:
		r.report.Commits--
		return nil
	case unreadable != nil:
		return unreadable
	case err != nil:
		unchecked := uncheckedFrom(id, err)
		if unchecked == nil {
			return err
		}
		verdict.Refusal, verdict.Unchecked = nil, unchecked
	}
	r.record(verdict)
	return nil
}

// verdict judges a commit of the range by the rule alone. The error is that the
// repository does not have what the verdict rests on.
func (r *run) verdict(ctx context.Context, gathered *gathered, ref fileRef, commits *gitwalk.Range) (*Verdict, error) {
	if err := r.blind[gathered.facts.Commit]; err != nil {
		return nil, err
	}
	facts, err := r.complete(ctx, gathered, ref, commits)
	if err != nil {
		return nil, err
	}
	return r.Policy.Judge(facts), nil
}

// complete adds to what was gathered of a commit its own file and those of its
// parents. Commits in the range are completed in its order, parents first, and
// their files are kept for their children.
func (r *run) complete(ctx context.Context, gathered *gathered, ref fileRef, commits *gitwalk.Range) (*Facts, error) {
	facts := &gathered.facts
	var err error
	if facts.File, err = r.files.get(ref); err != nil {
		return nil, r.uncheckedAt(facts.Commit, err)
	}
	for i := range facts.Parents {
		if err := ctx.Err(); err != nil { // a file can take long to parse
			return nil, err
		}
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
			return r.files.get(r.inRange[place])
		}
	}
	return r.files.of(commit)
}

func (r *run) count(v *Verdict) {
	if !v.Authentic() {
		return
	}
	r.report.Authentic++
	r.signers.Add(v.Signer)
}

func (r *run) record(v *Verdict) {
	r.observe(v)
	if v.Refusal != nil {
		r.refuse(v.Refusal)
	}
	if v.Unchecked != nil {
		r.unchecked(v.Unchecked)
	}
}

func (r *run) refuse(refusal *Refusal) {
	r.report.Refusals = append(r.report.Refusals, refusal)
}

func (r *run) unchecked(unchecked *UncheckedError) {
	r.report.UncheckedCount++
	if r.MaxRefusals == 0 || len(r.report.Unchecked) < r.MaxRefusals {
		r.report.Unchecked = append(r.report.Unchecked, unchecked)
	}
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
