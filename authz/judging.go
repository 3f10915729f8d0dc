package authz

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// judgeRange judges all commits, parents first.
func (r *run) judgeRange(ctx context.Context, commits *gitwalk.Range) error {
	inner, cancel := context.WithCancel(ctx)
	stage := startJudges(inner, r.Verifier)
	defer stage.stop()
	defer cancel()
	q := queue{run: r, commits: commits}
	for place := range commits.Len() {
		if err := ctx.Err(); err != nil {
			return err
		}
		q.waiting = append(q.waiting, r.begin(ctx, place, commits, stage))
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
func (r *run) begin(ctx context.Context, place int, commits *gitwalk.Range, stage *judges) *pending {
	p := &pending{commit: commits.ID(place), done: make(chan struct{})}
	facts, ref := r.ofRange(place, commits)
	err := r.blind[p.commit]
	if err == nil {
		p.facts, err = r.complete(ctx, facts, ref, commits)
	}
	if err != nil {
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

// ofRange are the facts of a commit of the range that do not depend on its parents,
// and the reference to its file. They come from the gist, if that says anything, which
// leaves the subject out.
func (r *run) ofRange(place int, commits *gitwalk.Range) (*Facts, fileRef) {
	id, gist := commits.ID(place), r.survey.gists.at(commits.Number(place))
	if !gist.known() {
		gathered := r.gatherer().gather(id)
		gist.file = r.files.gathered(&gathered)
		return &gathered.facts, gist.file
	}
	facts := &Facts{Commit: id}
	r.survey.signatures.put(facts, gist.signature)
	for parent := range commits.Parents(place) {
		facts.Parents = append(facts.Parents, Parent{ID: parent})
	}
	return facts, gist.file
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
	if err := r.describe(p.verdict); err != nil {
		return err
	}
	r.record(p.verdict)
	return nil
}

// describe gives the verdict on a commit that is not authentic its subject, if it can
// be read.
func (r *run) describe(v *Verdict) error {
	raw, err := r.reader.Commit(v.Commit)
	if err != nil {
		if uncheckedFrom(v.Commit, err) != nil || isMalformed(err) {
			return nil
		}
		return err
	}
	if commit, err := parseCommit(v.Commit, raw); err == nil {
		v.Subject = clipSubject(commit.Subject())
		if v.Refusal != nil {
			v.Refusal.Subject = v.Subject
		}
	}
	return nil
}

// complete adds to the facts of a commit its own file and those of its parents. Commits
// in the range are completed in its order, parents first, and their files are kept for
// their children.
func (r *run) complete(ctx context.Context, facts *Facts, ref fileRef, commits *gitwalk.Range) (*Facts, error) {
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
		if place, ok := commits.Index(commit); ok {
			return r.files.get(r.survey.gists.at(commits.Number(place)).file)
		}
	}
	return r.files.of(commit)
}
