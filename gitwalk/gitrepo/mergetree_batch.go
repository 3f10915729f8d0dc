package gitrepo

import (
	"context"
	"errors"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// A mergeJob is one merge of a batch.
type mergeJob struct {
	merge   gitwalk.Merge
	history gitwalk.MergeHistory
	scratch sides           // the commits that stand for those to merge
	out     *gitwalk.Merged // where the result goes
}

func (j *mergeJob) fail(err error) { *j.out = gitwalk.Merged{Err: err} }

// A mergeBatch makes merges together.
type mergeBatch struct {
	reader *gitwalk.Reader
	stdin  bool // git reads merges from its standard input
	// scratchSize is how many bytes a scratch repository has when no further
	// merge is put into it.
	scratchSize int64
}

// merge makes merges in scratch repositories that have the objects of an extent. It
// returns those at which git itself has failed.
func (b *mergeBatch) merge(ctx context.Context, jobs []*mergeJob, extent gitwalk.Extent) (failed []*mergeJob) {
	for len(jobs) > 0 {
		some, rest, err := b.mergeSome(ctx, jobs, extent)
		switch n := len(jobs) - len(rest); {
		case err == nil:
			failed = append(failed, some...)
		case n == 1:
			jobs[0].fail(&gitwalk.CannotMergeError{Err: err})
		default: // together they may be too much for the temporary directory
			for i := range n {
				failed = append(failed, b.merge(ctx, jobs[i:i+1], extent)...)
			}
		}
		jobs = rest
	}
	return failed
}

// mergeSome makes as many of the merges as go into one scratch repository. The error
// is one of that repository.
func (b *mergeBatch) mergeSome(ctx context.Context, jobs []*mergeJob, extent gitwalk.Extent) (failed, rest []*mergeJob, err error) {
	s, err := newScratch()
	if err != nil {
		return nil, jobs[1:], err
	}
	defer s.remove()
	var ready []*mergeJob
	for len(jobs) > 0 && (len(ready) == 0 || s.pack.size <= b.scratchSize) {
		job := jobs[0]
		jobs = jobs[1:]
		if readErr := job.put(ctx, b.reader, extent, s); readErr != nil {
			job.fail(readErr)
			continue
		}
		ready = append(ready, job)
	}
	if err := s.seal(); err != nil {
		return nil, jobs, err
	}
	return b.run(ctx, s, ready), jobs, nil
}

// put puts what a merge is about into the scratch repository, whose errors show when
// it is sealed. The error is one of the objects.
func (j *mergeJob) put(ctx context.Context, r *gitwalk.Reader, extent gitwalk.Extent, s *scratch) error {
	for object, err := range j.history.Objects(r, extent, j.merge.Tree) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.put(object); s.err != nil {
			return nil
		}
	}
	ids := s.putHistory(j.history)
	j.scratch = sides{ids[j.history.Place(j.merge.Ours)], ids[j.history.Place(j.merge.Theirs)]}
	return nil
}

// run lets git merge. It ends at the first merge that it fails at; when it is killed
// it may have written less than it has done. So a merge has failed only if git failed
// at it alone, and has not answered.
func (b *mergeBatch) run(ctx context.Context, s *scratch, jobs []*mergeJob) (failed []*mergeJob) {
	for alone := false; len(jobs) > 0; {
		now := jobs
		if alone {
			now = jobs[:1]
		}
		done, err := b.runOnce(ctx, s, now)
		jobs = jobs[done:]
		alone = err != nil && len(now) > 1
		if err == nil || alone || done == len(now) {
			continue
		}
		if jobs[0].fail(err); errors.As(err, new(*gitcli.Error)) {
			failed = append(failed, jobs[0])
		}
		jobs = jobs[1:]
	}
	return failed
}

// runOnce runs git on merges and returns how many it has answered.
func (b *mergeBatch) runOnce(ctx context.Context, s *scratch, jobs []*mergeJob) (done int, err error) {
	var merges []sides
	for _, job := range jobs {
		merges = append(merges, job.scratch)
	}
	answers, err := s.merge(ctx, merges, b.stdin)
	for i, a := range answers {
		*jobs[i].out = gitwalk.Merged{Tree: a.tree, Clean: a.clean}
	}
	return len(answers), err
}
