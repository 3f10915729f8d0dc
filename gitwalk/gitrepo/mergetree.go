package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// A Merger lets git merge, as gitwalk.Merger says.
//
// Git does not see the repository for that. It gets a scratch repository in a
// temporary directory, and in it nothing but the trees and files that the merge is
// about, whose content has been hashed, and a small history that stands for the
// real one (gitwalk.MergeHistory). So it makes no difference how the repository is
// stored or configured: merge drivers, attributes, hooks, promisor remotes,
// replace refs and objects whose content is not what their id says have no way in,
// and what git writes goes away with the directory.
//
// Many merges share a directory and a run of git. Before version 2.49 "git
// merge-tree --stdin" answers only when its input ends, so all have to be known
// before it starts.
type Merger struct {
	mu    sync.Mutex
	asked bool // git is there and not too old
	stdin bool // it has "merge-tree --stdin"

	scratchSize int64 // see mergeBatch
}

// NewMerger returns a Merger. It asks for git when it first needs it.
func NewMerger() *Merger { return &Merger{scratchSize: maxScratch} }

var _ gitwalk.BatchMerger = (*Merger)(nil)

// The first git that has "merge-tree --write-tree", and that has "--stdin" too.
var (
	mergeTreeVersion      = gitcli.Version{Major: 2, Minor: 38}
	mergeTreeStdinVersion = gitcli.Version{Major: 2, Minor: 39}
)

// A GitTooOldError says that the installed git lacks what is needed of it.
type GitTooOldError struct {
	Reason     string // what git is needed for
	Has, Needs string // versions, such as "2.30"
}

func (e *GitTooOldError) Error() string {
	return fmt.Sprintf("git %s is too old, version %s or later is needed (%s)", e.Has, e.Needs, e.Reason)
}

// maxScratch is when a scratch repository has enough merges, in bytes.
const maxScratch = 64 << 20

const mergeReason = "a merge whose sides changed the same files"

// MergeTree implements gitwalk.Merger. A conflict that git calls clean is a conflict
// here, as scratch.merge says. A *gitwalk.CannotMergeError holds a *NeedGitError, a
// *GitTooOldError, a *gitcli.Error or an error of the temporary directory.
func (m *Merger) MergeTree(ctx context.Context, g *gitwalk.Graph, merge gitwalk.Merge) (tree gitwalk.ID, clean bool, err error) {
	merged := m.MergeTrees(ctx, g, []gitwalk.Merge{merge})[0]
	return merged.Tree, merged.Clean, merged.Err
}

// MergeTrees implements gitwalk.BatchMerger. If a number of merges cannot be made
// together, each is made alone.
func (m *Merger) MergeTrees(ctx context.Context, g *gitwalk.Graph, merges []gitwalk.Merge) []gitwalk.Merged {
	merged := make([]gitwalk.Merged, len(merges))
	err := m.askVersion(ctx)
	var jobs []*mergeJob
	for i, merge := range merges {
		job := &mergeJob{merge: merge, out: &merged[i]}
		if job.out.Err = err; err == nil {
			job.history, job.out.Err = g.MergeHistory(ctx, merge.Ours, merge.Theirs)
		}
		if job.out.Err == nil {
			jobs = append(jobs, job)
		}
	}
	batch := mergeBatch{reader: g.Reader(), stdin: m.stdin, scratchSize: m.scratchSize}
	for extent := gitwalk.Contested; extent <= gitwalk.Everything; extent++ {
		jobs = batch.merge(ctx, jobs, extent) // if git fails it may lack an object of the next extent
	}
	return merged
}

// askVersion makes sure that there is a git that can merge. It asks until it has
// been answered once.
func (m *Merger) askVersion(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asked {
		return nil
	}
	version, err := gitcli.InstalledVersion(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, gitcli.ErrNotInstalled):
		err = &NeedGitError{Reason: mergeReason}
	case err == nil && version.Before(mergeTreeVersion):
		err = &GitTooOldError{Reason: mergeReason, Has: version.String(), Needs: mergeTreeVersion.String()}
	}
	if err != nil {
		return &gitwalk.CannotMergeError{Err: err}
	}
	m.asked, m.stdin = true, !version.Before(mergeTreeStdinVersion)
	return nil
}
