package authz

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

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
