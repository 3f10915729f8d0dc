package authz

import (
	"context"
	"iter"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// mergesTogether is how many merges a judge gives to git at a time.
const mergesTogether = 64

// lingers is how long a judge that has fewer waits for another commit to judge.
const lingers = 2 * time.Millisecond

// A judge judges commits. One that has to ask git is put aside until enough of them
// have to, for it costs git little more to merge many times than once.
type judge struct {
	ctx      context.Context
	verifier *Verifier
	evidence *reading // opened for the first commit: most histories have none
	aside    []*trial
}

func newJudge(ctx context.Context, v *Verifier) *judge { return &judge{ctx: ctx, verifier: v} }

// run judges commits until there are no more.
func (j *judge) run(work <-chan *pending) {
	for more := true; more || len(j.aside) > 0; {
		var p *pending
		if more && len(j.aside) < mergesTogether {
			p, more = j.take(work)
		}
		if p != nil {
			j.begin(p)
		} else {
			j.merge()
		}
	}
	if j.evidence != nil {
		j.evidence.reader.Close()
	}
}

// take takes a commit, or none if git can be asked meanwhile.
func (j *judge) take(work <-chan *pending) (p *pending, more bool) {
	if len(j.aside) == 0 {
		p, more = <-work
		return p, more
	}
	timer := time.NewTimer(lingers)
	defer timer.Stop()
	select {
	case p, more = <-work:
		return p, more
	case <-timer.C:
		return nil, true
	}
}

// begin judges a commit, or puts it aside.
func (j *judge) begin(p *pending) {
	if j.evidence == nil {
		source, err := j.verifier.Objects.NewSource()
		if err != nil {
			p.finish(nil, err)
			return
		}
		j.evidence = newReading(j.ctx, gitwalk.NewReader(source), j.verifier)
	}
	if err := j.ctx.Err(); err != nil {
		p.finish(nil, err)
		return
	}
	j.evidence.next()
	p.facts.Evidence = j.evidence
	j.goOn(newTrial(func() {
		verdict := j.verifier.Policy.Judge(p.facts)
		p.finish(verdict, cancelled(verdict))
	}))
}

// goOn goes on with a trial, and puts it aside if it asks git.
func (j *judge) goOn(t *trial) {
	if _, ok := j.verifier.Merger.(gitwalk.BatchMerger); ok {
		j.evidence.merger = t // and not another that has been put aside
	}
	if t.goOn() {
		j.aside = append(j.aside, t)
	}
}

// merge lets git merge for all that have been put aside, and goes on with them.
func (j *judge) merge() {
	aside := j.aside
	if len(aside) == 0 {
		return
	}
	j.aside = nil
	var asked []gitwalk.Merge
	for _, t := range aside {
		asked = append(asked, t.asked)
	}
	merged := j.verifier.Merger.(gitwalk.BatchMerger).MergeTrees(j.ctx, j.evidence.graph, asked)
	for i, t := range aside {
		t.answer = merged[i]
		j.goOn(t)
	}
}

// A trial judges a commit and can pause in it. It is the Merger that the judge's
// evidence asks meanwhile.
type trial struct {
	resume func() (gitwalk.Merge, bool)
	pause  func(gitwalk.Merge) bool
	asked  gitwalk.Merge
	answer gitwalk.Merged
}

func newTrial(judge func()) *trial {
	t := &trial{}
	t.resume, _ = iter.Pull(func(yield func(gitwalk.Merge) bool) {
		t.pause = yield
		judge()
	})
	return t
}

// goOn judges until git has to merge what is asked, and returns true, or to the end.
func (t *trial) goOn() (asks bool) {
	t.asked, asks = t.resume()
	return asks
}

// MergeTree implements gitwalk.Merger.
func (t *trial) MergeTree(_ context.Context, _ *gitwalk.Graph, m gitwalk.Merge) (gitwalk.ID, bool, error) {
	t.pause(m)
	return t.answer.Tree, t.answer.Clean, t.answer.Err
}
