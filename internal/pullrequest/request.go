// Package pullrequest finds out what is to be judged before it is merged, or after:
// from flags, from the event that started a workflow on GitHub, or from the branch
// that is checked out; and fetches what a checkout lacks for that.
//
// Everything in an event is hostile except for the ids of the base, which GitHub
// itself puts there. Nothing of it is executed or used as a name, ids are read as
// such, and by what rules it is judged does not come from here at all.
package pullrequest

import (
	"errors"
	"fmt"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// A Kind is what is to be judged.
type Kind string

// The kinds of requests.
const (
	Merge   Kind = "merge"   // a merge that has not been made, of Head into Base
	Commit  Kind = "commit"  // Head itself, with its history
	Nothing Kind = "nothing" // a branch is gone
)

// A Request is what is to be judged.
type Request struct {
	Kind Kind
	// Base and Head are ids, or names of revisions given by the user. Only a
	// Merge has a Base, and nothing has neither.
	Base, Head string
	// Branch is the short name of the branch that is merged into, or empty. It
	// selects among the recorded settings; from an event it is hostile text.
	Branch string
	// Number is that of a pull request, 0 if it has none.
	Number int
	// Origin says in words where this was found.
	Origin string
}

// A Source is where to look for a request.
type Source struct {
	// Base and Head are what flags say; they come before all else.
	Base, Head string
	// GitHub says that a workflow's event says what is meant.
	GitHub bool
	Getenv func(string) string
}

// Find finds the request. The error is a usage error.
func Find(repository *gitrepo.Repository, s Source) (*Request, error) {
	request := new(Request)
	if s.GitHub && (s.Base == "" || s.Head == "") {
		var err error
		if request, err = fromEvent(s.Getenv); err != nil {
			return nil, err
		}
	}
	switch {
	case s.Base != "" && s.Head == "" && request.Kind == Commit:
		return nil, outcome.UsageError(fmt.Errorf("a base is given, and %s has no pull request", request.Origin), "leave the base out, or give the head too")
	case s.Base != "" || s.Head != "":
		request.override(s)
	}
	if s.GitHub || request.Base != "" && request.Head != "" {
		return request, nil
	}
	return request, request.local(repository)
}

// override puts what flags say in the place of what was found.
func (r *Request) override(s Source) {
	r.Origin = "the command line"
	if s.Base != "" {
		r.Base, r.Kind = s.Base, Merge
	}
	if s.Head != "" {
		r.Head = s.Head
		if r.Kind != Commit {
			r.Kind = Merge
		}
	}
}

// A Resolved request has its commits.
type Resolved struct {
	*Request
	BaseCommit, HeadCommit gitrepo.Revision
}

// Resolve finds the commits that a request names. Those of an event are ids, and a
// branch that is named like one does not take their place: that is an error.
func (r *Request) Resolve(repository *gitrepo.Repository) (*Resolved, error) {
	resolved := &Resolved{Request: r}
	for _, name := range []struct {
		name string
		to   *gitrepo.Revision
	}{{r.Base, &resolved.BaseCommit}, {r.Head, &resolved.HeadCommit}} {
		if name.name == "" {
			continue
		}
		revision, err := verification.Resolve(repository, name.name)
		if err != nil {
			return nil, err
		}
		*name.to = revision
	}
	if r.Branch == "" {
		r.Branch = resolved.BaseCommit.Branch
	}
	return resolved, nil
}

var errNoBase = errors.New("there is no branch to compare with")

// local takes the branch that is checked out for the head, and what it follows for
// the base. A branch that follows its own copy on the remote is meant for the remote's
// main branch.
func (r *Request) local(repository *gitrepo.Repository) error {
	r.Kind = Merge
	if r.Head == "" {
		r.Head = "HEAD"
	}
	if r.Base != "" {
		return nil
	}
	config, err := repository.Config()
	if err != nil {
		return err
	}
	branch := repository.HeadBranch()
	remote, _ := config.Get("branch", branch, "remote")
	merge, _ := config.Get("branch", branch, "merge")
	upstream := ""
	if short, ok := cutBranch(merge); ok && remote == "." {
		upstream = "refs/heads/" + short
	} else if ok && remote != "" {
		upstream = "refs/remotes/" + remote + "/" + short
	}
	candidates := []string{upstream, "refs/remotes/origin/HEAD"}
	if short, _ := cutBranch(merge); short == branch {
		candidates = []string{"refs/remotes/origin/HEAD", upstream}
	}
	for _, name := range candidates {
		if name == "" {
			continue
		}
		if _, ok, err := repository.Ref(name); err != nil || !ok {
			continue
		}
		r.Base = name
		r.Origin = "the branch that is checked out"
		return nil
	}
	return outcome.UsageError(errNoBase, `name it with --base, or say what this branch follows with "git branch --set-upstream-to"`)
}

func cutBranch(ref string) (string, bool) {
	const heads = "refs/heads/"
	if len(ref) <= len(heads) || ref[:len(heads)] != heads {
		return "", false
	}
	return ref[len(heads):], true
}

func isID(s string) bool {
	_, err := gitwalk.ParseID(s)
	return err == nil
}
