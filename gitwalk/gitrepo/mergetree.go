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
// Each merge is one run of git over a few dozen objects. "git merge-tree --stdin"
// could do several, but before version 2.49 it answers only when its input ends,
// and starting git is no large part of what a merge costs.
type Merger struct {
	mu    sync.Mutex
	asked bool // git is there and not too old
	stdin bool // it has "merge-tree --stdin"
}

// NewMerger returns a Merger. It asks for git when it first needs it.
func NewMerger() *Merger { return &Merger{} }

var _ gitwalk.Merger = (*Merger)(nil)

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

const mergeReason = "a merge whose sides changed the same files"

// MergeTree implements gitwalk.Merger. A conflict that git calls clean is a conflict
// here, as scratch.merge says. A *gitwalk.CannotMergeError holds a
// *NeedGitError, a *GitTooOldError, a *gitcli.Error or an error of the temporary
// directory.
func (m *Merger) MergeTree(ctx context.Context, g *gitwalk.Graph, ours, theirs gitwalk.ID) (tree gitwalk.ID, clean bool, err error) {
	if err := m.askVersion(ctx); err != nil {
		return gitwalk.ID{}, false, err
	}
	history, err := g.MergeHistory(ctx, ours, theirs)
	if err != nil {
		return gitwalk.ID{}, false, err
	}
	for extent := gitwalk.Contested; extent <= gitwalk.Everything; extent++ {
		tree, clean, err = m.mergeIn(ctx, g, history, extent, ours, theirs)
		if !errors.As(err, new(*gitcli.Error)) {
			break // if git fails it may lack an object of the next extent
		}
	}
	return tree, clean, err
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

// mergeIn merges in a scratch repository that has the objects of an extent.
func (m *Merger) mergeIn(ctx context.Context, g *gitwalk.Graph, h gitwalk.MergeHistory, extent gitwalk.Extent, ours, theirs gitwalk.ID) (gitwalk.ID, bool, error) {
	s, err := newScratch()
	if err != nil {
		return gitwalk.ID{}, false, &gitwalk.CannotMergeError{Err: err}
	}
	defer s.remove()
	for object, err := range h.Objects(g.Reader(), extent) {
		if err != nil {
			return gitwalk.ID{}, false, err
		}
		if err := s.pack.put(object); err != nil {
			return gitwalk.ID{}, false, &gitwalk.CannotMergeError{Err: err}
		}
	}
	commits, err := s.putHistory(h)
	if err == nil {
		err = s.seal()
	}
	if err != nil {
		return gitwalk.ID{}, false, &gitwalk.CannotMergeError{Err: err}
	}
	return s.merge(ctx, commits[h.Place(ours)], commits[h.Place(theirs)], m.stdin)
}
