package authz

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// judgeRange judges all commits, parents first.
func (r *run) judgeRange(ctx context.Context, commits *gitwalk.Range) error {
	r.inRange = make([]fileRef, 0, commits.Len())
	inner, cancel := context.WithCancel(ctx)
	stage := startJudges(inner, r.Verifier)
	defer stage.stop()
	defer cancel()
	q := queue{run: r, commits: commits}
	for gathered, err := range gather(inner, r.Verifier, commits) {
		if err != nil {
			return err
		}
		q.waiting = append(q.waiting, r.begin(ctx, gathered, commits, stage))
		if err := q.settle(ctx, queued(r.Verifier)); err != nil || r.report.Truncated {
			return err
		}
	}
	return q.settle(ctx, 0)
}

// queue has the commits that wait for their verdicts, in the order of the range.
type queue struct {
	run     *run
	commits *gitwalk.Range
	waiting []*pending
	settled int
}

// settle takes verdicts in their order, as far as they have come, and waits for more
// until at most so many commits are left. It ends at the limit of refusals.
func (q *queue) settle(ctx context.Context, left int) error {
	for len(q.waiting) > 0 && (len(q.waiting) > left || q.waiting[0].isDone()) {
		p := q.waiting[0]
		select {
		case <-p.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		q.waiting = q.waiting[1:]
		q.settled++
		r := q.run
		if err := r.settle(ctx, p, q.commits); err != nil {
			return err
		}
		r.observe(Judging{q.settled, q.commits.Len()})
		if r.MaxRefusals > 0 && len(r.report.Refusals) >= r.MaxRefusals && q.settled < q.commits.Len() {
			r.report.Truncated = true
			return nil
		}
	}
	return nil
}

// begin completes the facts of a commit of the range and has it judged: at once by
// the rule alone, or in time where more has to be read.
func (r *run) begin(ctx context.Context, gathered *gathered, commits *gitwalk.Range, stage *judges) *pending {
	p := &pending{commit: gathered.facts.Commit, done: make(chan struct{})}
	ref := r.files.gathered(gathered)
	r.inRange = append(r.inRange, ref)
	if err := r.blind[p.commit]; err != nil {
		return p.finish(nil, err)
	}
	var err error
	if p.facts, err = r.complete(ctx, gathered, ref, commits); err != nil {
		return p.finish(nil, err)
	}
	if !r.Policy.needsEvidence(p.facts) {
		return p.finish(r.Policy.Judge(p.facts), nil)
	}
	select {
	case stage.work <- p:
		return p
	case <-ctx.Done():
		return p.finish(nil, ctx.Err())
	}
}

// settle records the verdict on a commit of the range. The walk may have let in an
// ancestor of the introduction whose date is wrong: such a commit needs no
// authorization, and it does not matter if its objects are missing.
func (r *run) settle(ctx context.Context, p *pending, commits *gitwalk.Range) error {
	if p.unreadable == nil && p.verdict.Authentic() {
		r.count(p.verdict)
		r.record(p.verdict)
		return nil
	}
	excluded, err := commits.Excluded(ctx, p.commit)
	switch {
	case excluded:
		r.report.Commits--
		return nil
	case p.unreadable != nil:
		return p.unreadable
	case err != nil:
		unchecked := uncheckedFrom(p.commit, err)
		if unchecked == nil {
			return err
		}
		p.verdict.Refusal, p.verdict.Unchecked = nil, unchecked
	}
	r.record(p.verdict)
	return nil
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
