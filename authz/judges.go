package authz

import (
	"context"
	"sync"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A pending is a commit of the range whose verdict is on its way.
type pending struct {
	commit gitwalk.ID
	facts  *Facts
	// verdict, or why there is none: the repository does not have what it rests
	// on. Both are set when done is closed.
	verdict    *Verdict
	unreadable error
	done       chan struct{}
}

func (p *pending) finish(verdict *Verdict, unreadable error) *pending {
	p.verdict, p.unreadable = verdict, unreadable
	p.facts = nil // they hold files, and others may have to wait for their verdicts
	close(p.done)
	return p
}

func (p *pending) isDone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// needsEvidence says whether the verdict on a commit may depend on more than its
// facts. It is true for every commit for which Judge asks.
func (p *Policy) needsEvidence(f *Facts) bool {
	if f.Malformed != nil || len(f.Parents) == 0 {
		return false
	}
	if p.mergeRule(f.Parents) == MergesVouched {
		return true
	}
	for _, parent := range f.Parents {
		authorizations := p.authorizations(parent)
		if authorizations == nil {
			continue
		}
		if authorizations.Threshold > 1 && !f.File.same(parent.File) {
			return true
		}
		if entry, ok := authorizations.Match(f.Signature.Identity); ok && len(entry.Paths) > 0 {
			return true
		}
	}
	return false
}

// judges is the stage of the pipeline that judges commits for whose verdict more has
// to be read, on all cores.
type judges struct {
	work    chan *pending
	workers sync.WaitGroup
}

// startJudges starts the stage, which ends with stop. When ctx has ended it judges no
// more. Few commits wait for it, since each holds the files that it is judged by.
func startJudges(ctx context.Context, v *Verifier) *judges {
	j := &judges{work: make(chan *pending, batchSize)}
	for range v.workers() {
		j.workers.Go(func() { newJudge(ctx, v).run(j.work) })
	}
	return j
}

// queued is how many commits may wait for their verdict. Those with merges for git
// wait until there are mergesTogether of them, with all others in between.
func queued(v *Verifier) int { return 16 * batchSize * v.workers() }

func (j *judges) stop() {
	close(j.work)
	j.workers.Wait()
}
