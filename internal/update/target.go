package update

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
)

// A Target says what is updated from where.
type Target struct {
	Local  string // short name of the branch that moves
	Remote string // name of the remote, or a URL; it can have a password in it
	// URL is where the remote is, as the configuration has it: before git
	// rewrites it by url.*.insteadOf. A local path is absolute. It can have a
	// password in it.
	URL    string
	Branch string // short name of the remote's branch
	// Tracking is the ref that follows the remote's branch, such as
	// refs/remotes/origin/main, or empty if there is none.
	Tracking string
	// CheckedOut says that there is a work tree, which has the branch.
	CheckedOut bool

	refspecs refspecs
}

// Name is what people call the remote.
func (t *Target) Name() string { return remoteurl.Shown(t.Remote) }

// Address is where the remote is, for people.
func (t *Target) Address() string { return remoteurl.Shown(t.URL) }

// FindTarget says what "pull REMOTE BRANCH" means in a repository. Empty names stand
// for what the branch that is checked out follows, and "origin" if it follows
// nothing. The error is a usage error.
func FindTarget(ctx context.Context, repository *gitrepo.Repository, git gitcli.User, remote, branch string) (Target, error) {
	config, err := repository.Config()
	if err != nil {
		return Target{}, err
	}
	t := Target{Local: repository.HeadBranch(), Remote: remote, Branch: branch}
	if t.Local == "" {
		return Target{}, outcome.UsageError(errors.New("no branch is checked out"), `check out the branch that is to be updated, for example with "git switch main"`)
	}
	t.CheckedOut = !isBare(repository, config)
	t.follow(config)
	if err := t.check(); err != nil {
		return Target{}, err
	}
	urls := config.RemoteURLs(t.Remote)
	if len(urls) == 0 && !strings.ContainsAny(t.Remote, "/:") {
		return Target{}, outcome.UsageError(fmt.Errorf("there is no remote %q", t.Remote), `"git remote -v" lists the remotes`)
	}
	t.URL = t.Remote
	if len(urls) > 0 {
		t.URL = urls[0]
		t.refspecs = config.All("remote", t.Remote, "fetch")
		t.Tracking = t.tracking()
	}
	return t, t.makeAbsolute(ctx, repository, git)
}

// isBare says whether the repository has no work tree. A linked worktree of a bare
// repository has one.
func isBare(repository *gitrepo.Repository, config gitrepo.Config) bool {
	return repository.GitDir() == repository.CommonDir() && config.IsTrue("core", "", "bare")
}

// follow fills in what the branch follows where nothing else was said.
func (t *Target) follow(config gitrepo.Config) {
	asked := t.Remote != ""
	if !asked {
		t.Remote = "origin"
		if name, ok := config.Get("branch", t.Local, "remote"); ok {
			t.Remote = name
		}
	}
	if t.Branch == "" {
		t.Branch = t.Local
		if ref, ok := config.Get("branch", t.Local, "merge"); ok && !asked {
			t.Branch = strings.TrimPrefix(ref, "refs/heads/")
		}
	}
}

// check refuses names that git could take for something else.
func (t *Target) check() error {
	if t.Remote == "" || strings.HasPrefix(t.Remote, "-") {
		return outcome.UsageError(fmt.Errorf("%q is not the name of a remote", t.Remote), `"git remote -v" lists the remotes`)
	}
	if !gitrepo.ValidBranch(t.Branch) {
		return outcome.UsageError(fmt.Errorf("%q is not the name of a branch", t.Branch), "name a branch of the remote, such as main")
	}
	return nil
}

// tracking is where the refspecs keep the remote's branch. A branch of this
// repository is no such place: it moves as a branch does, or not at all.
func (t *Target) tracking() string {
	to, _ := t.refspecs.destination("refs/heads/" + t.Branch)
	if isBranch(to) {
		return ""
	}
	return to
}

// keyringRef is where the remote's keyring branch is kept: where the refspecs say,
// or else beside the tracking ref. It is empty if that is nowhere. In a bare
// repository, a mirror, it can be a branch.
func (t *Target) keyringRef(name string) string {
	if name == "" {
		return ""
	}
	to, excluded := t.refspecs.destination("refs/heads/" + name)
	if beside, ok := strings.CutSuffix(t.Tracking, "/"+t.Branch); to == "" && !excluded && ok {
		to = beside + "/" + name
	}
	if to == t.Tracking || isBranch(to) && (t.CheckedOut || to == "refs/heads/"+t.Local) {
		return ""
	}
	return to
}

// makeAbsolute makes an absolute path of a relative one, which git reads from the
// top of the work tree or from the bare repository.
func (t *Target) makeAbsolute(ctx context.Context, repository *gitrepo.Repository, git gitcli.User) error {
	if !remoteurl.IsLocal(t.URL) || filepath.IsAbs(t.URL) {
		return nil
	}
	top := repository.GitDir()
	if t.CheckedOut {
		out, err := git.Output(ctx, "rev-parse", "--show-toplevel")
		if err != nil {
			return userGit(err)
		}
		top = strings.TrimSuffix(string(out), "\n")
	}
	t.URL = filepath.Join(top, t.URL)
	return nil
}
