// Package keybranch publishes keys: it adds files to the branch on which a keyring
// is, without a checkout of it, and never takes anything away.
package keybranch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// A DirectoryError says that the keyring is no branch but a directory, in which the
// user puts keys.
type DirectoryError struct{ Dir string }

func (e *DirectoryError) Error() string { return "the keyring is the directory " + e.Dir }

// A place is a branch as it is before something is added to it.
type place struct {
	branch string     // short name
	old    gitwalk.ID // where the branch is, zero if it is not there yet
	base   gitwalk.ID // what the new commit builds on, zero if on nothing
	from   string     // the ref that base is the tip of, or empty
}

// find finds the branch that a configured keyring stands for, the default if it is
// empty. A branch that only a remote has is continued here.
func find(ctx context.Context, repository *gitrepo.Repository, dir, configured string) (place, error) {
	name := strings.TrimPrefix(configured, "refs/heads/")
	switch {
	case name == "":
		name = keysource.DefaultBranch
	case strings.HasPrefix(name, ".") || filepath.IsAbs(name):
		return place{}, &DirectoryError{configured}
	}
	p := place{branch: name}
	if !gitrepo.ValidBranch(name) || strings.HasPrefix(name, "refs/") {
		return p, outcome.UsageError(fmt.Errorf("the keyring %q is not a branch that can be committed to", configured), "name one with --keyring BRANCH")
	}
	if err := p.readTips(repository); err != nil {
		return p, err
	}
	if p.base.IsZero() && configured != "" {
		if info, err := os.Stat(filepath.Join(dir, configured)); err == nil && info.IsDir() {
			return p, &DirectoryError{configured}
		}
	}
	return p, p.preferRemote(ctx, repository)
}

// readTips finds the branch here, or that of a remote.
func (p *place) readTips(repository *gitrepo.Repository) error {
	for _, ref := range keysource.Refs(p.branch) {
		tip, found, err := repository.Ref(ref)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		p.base, p.from = tip, ref
		switch {
		case strings.HasPrefix(ref, "refs/heads/"):
			p.old = tip
		case ref == "refs/remotes/"+p.branch: // "upstream/keyring" is continued as "keyring"
			_, p.branch, _ = strings.Cut(p.branch, "/")
		}
		return nil
	}
	return nil
}

// preferRemote builds on what origin has if the branch here is merely older.
func (p *place) preferRemote(ctx context.Context, repository *gitrepo.Repository) error {
	ref := "refs/remotes/origin/" + p.branch
	remote, found, err := repository.Ref(ref)
	if err != nil || !found || p.old.IsZero() || remote == p.old {
		return err
	}
	source, err := repository.NewSource()
	if err != nil {
		return err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	older, err := gitwalk.IsAncestor(ctx, reader, p.old, remote)
	if older {
		p.base, p.from = remote, ref
	}
	return err
}

// checkFree makes sure that the branch is checked out nowhere: its files would
// then seem to have been removed.
func (p *place) checkFree(ctx context.Context, repository *gitrepo.Repository, git gitcli.User) error {
	const hint = `check out the branch of the project there, for example with "git switch main"`
	if repository.HeadBranch() == p.branch {
		return outcome.UsageError(fmt.Errorf("the branch %s is checked out", p.branch), hint)
	}
	out, err := git.Output(ctx, "for-each-ref", "--format=%(worktreepath)", "refs/heads/"+p.branch)
	if err != nil {
		return err
	}
	if path := strings.TrimSpace(string(out)); path != "" {
		return outcome.UsageError(fmt.Errorf("the branch %s is checked out in %s", p.branch, path), hint)
	}
	return nil
}

// moved says that a branch is no longer where it was.
func moved(err error) error {
	if _, failed := gitcli.Failed(err); !failed {
		return err
	}
	return outcome.UncheckedError("", errors.Join(errors.New("the branch of the keyring could not be moved"), err), "nothing was overwritten; run the same command again")
}
