package update

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// A Target says what is updated from where.
type Target struct {
	Local  string // short name of the branch that moves
	Remote string // name of the remote, or a URL
	URL    string // where the remote is; the same as Remote for a URL
	Branch string // short name of the remote's branch
	// Tracking is the ref that follows the remote's branch, such as
	// refs/remotes/origin/main, or empty if the remote has none.
	Tracking string
	// CheckedOut says that the work tree has the branch that moves.
	CheckedOut bool
}

// FindTarget says what "pull REMOTE BRANCH" means in a repository. Empty names stand
// for what the branch that is checked out follows, and "origin" if it follows
// nothing. The error is a usage error.
func FindTarget(repository *gitrepo.Repository, remote, branch string) (Target, error) {
	config, err := repository.Config()
	if err != nil {
		return Target{}, err
	}
	t := Target{Local: repository.HeadBranch(), Remote: remote, Branch: branch}
	if t.Local == "" {
		return Target{}, outcome.UsageError(errors.New("no branch is checked out"), `check out the branch that is to be updated, for example with "git switch main"`)
	}
	t.CheckedOut = !config.IsTrue("core", "", "bare")
	if t.Remote == "" {
		t.Remote = "origin"
		if name, ok := config.Get("branch", t.Local, "remote"); ok {
			t.Remote = name
		}
	}
	if t.Branch == "" {
		t.Branch = t.Local
		if ref, ok := config.Get("branch", t.Local, "merge"); ok && remote == "" {
			t.Branch = strings.TrimPrefix(ref, "refs/heads/")
		}
	}
	if err := t.check(); err != nil {
		return Target{}, err
	}
	t.URL = t.Remote
	if url, ok := config.Get("remote", t.Remote, "url"); ok {
		t.URL = url
		t.Tracking = trackingRef(config.All("remote", t.Remote, "fetch"), "refs/heads/"+t.Branch)
	} else if !strings.ContainsAny(t.Remote, "/:") {
		return Target{}, outcome.UsageError(fmt.Errorf("there is no remote %q", t.Remote), `"git remote -v" lists the remotes`)
	}
	return t, nil
}

// check refuses names that git could take for something else.
func (t *Target) check() error {
	if strings.HasPrefix(t.Remote, "-") {
		return outcome.UsageError(fmt.Errorf("%q is not the name of a remote", t.Remote), `"git remote -v" lists the remotes`)
	}
	if !gitrepo.ValidBranch(t.Branch) {
		return outcome.UsageError(fmt.Errorf("%q is not the name of a branch", t.Branch), "name a branch of the remote, such as main")
	}
	return nil
}

// trackingRef is where the refspecs of a remote put a ref, or empty.
func trackingRef(refspecs []string, ref string) string {
	for _, refspec := range refspecs {
		from, to, ok := strings.Cut(strings.TrimPrefix(refspec, "+"), ":")
		if !ok || !strings.HasPrefix(to, "refs/") {
			continue
		}
		if from == ref {
			return to
		}
		before, after, pattern := strings.Cut(from, "*")
		if !pattern || !strings.HasPrefix(ref, before) || !strings.HasSuffix(ref, after) || len(ref) < len(before)+len(after) {
			continue
		}
		return strings.Replace(to, "*", ref[len(before):len(ref)-len(after)], 1)
	}
	return ""
}
