package pullrequest

import (
	"errors"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

func open(t *testing.T, r *gittest.Repo) *gitrepo.Repository {
	t.Helper()
	repository, err := gitrepo.Open(t.Context(), r.Dir, gitrepo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return repository
}

// TestLocal: the branch that is checked out is compared with what it is meant for.
func TestLocal(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(r *gittest.Repo)
		flag string // --base
		want string // the base, or nothing if there is none
	}{
		{"follows nothing", func(r *gittest.Repo) {}, "", ""},
		{"the base is given", func(r *gittest.Repo) {}, "v1", "v1"},
		{"follows the remote's main branch", follow("origin", "main"), "", "refs/remotes/origin/main"},
		{"follows a branch here", follow(".", "main"), "", "refs/heads/main"},
		{"follows its own copy", follow("origin", "topic"), "", "refs/remotes/origin/HEAD"},
		{"follows its own copy, and the remote has no HEAD", func(r *gittest.Repo) {
			follow("origin", "topic")(r)
			r.Git("symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
		}, "", "refs/remotes/origin/topic"},
		{"follows what is gone", follow("origin", "gone"), "", "refs/remotes/origin/HEAD"},
		{"follows what can be no branch", func(r *gittest.Repo) {
			follow("origin", "main")(r)
			r.Git("config", "branch.topic.merge", "main")
		}, "", "refs/remotes/origin/HEAD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := gittest.New(t)
			r.Commit("a", "1")
			if test.name != "follows nothing" {
				for _, name := range []string{"main", "topic"} {
					r.Git("update-ref", "refs/remotes/origin/"+name, "HEAD")
				}
				r.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
			}
			r.Git("checkout", "--quiet", "-b", "topic")
			test.set(r)
			got, err := Find(open(t, r), Source{Base: test.flag})
			if test.want == "" {
				if !errors.Is(err, errNoBase) || outcome.From(err).Class != outcome.Usage {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			if err != nil || got.Kind != Merge || got.Base != test.want || got.Head != "HEAD" {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// follow makes the branch topic follow another one.
func follow(remote, branch string) func(*gittest.Repo) {
	return func(r *gittest.Repo) {
		r.Git("config", "branch.topic.remote", remote)
		r.Git("config", "branch.topic.merge", "refs/heads/"+branch)
	}
}

// TestResolve: an id is that commit or, where a branch is called like it, an error. The
// branch of the base says which settings count unless that is known.
func TestResolve(t *testing.T) {
	r := gittest.New(t)
	base := r.Commit("a", "1")
	head := r.Commit("a", "2")
	evil := r.Commit("a", "3")
	r.Git("reset", "--quiet", "--hard", base)
	repository := open(t, r)
	resolved, err := (&Request{Kind: Merge, Base: base, Head: head}).Resolve(repository)
	if err != nil || resolved.BaseCommit.ID.String() != base || resolved.HeadCommit.ID.String() != head {
		t.Errorf("%+v, %v", resolved, err)
	}
	for branch, want := range map[string]string{"": "main", "release": "release"} {
		resolved, err := (&Request{Kind: Merge, Base: "main", Head: head, Branch: branch}).Resolve(repository)
		if err != nil || resolved.Branch != want {
			t.Errorf("branch %q, %v", resolved.Branch, err)
		}
	}
	if resolved, err := (&Request{Kind: Commit, Head: head}).Resolve(repository); err != nil || !resolved.BaseCommit.ID.IsZero() {
		t.Errorf("%+v, %v", resolved, err)
	}
	for _, kind := range []string{"heads", "tags"} { // as somebody could push it
		r.Git("update-ref", "refs/"+kind+"/"+head, evil)
		resolved, err := (&Request{Kind: Merge, Base: base, Head: head}).Resolve(open(t, r))
		if err == nil || outcome.From(err).Class != outcome.Usage {
			t.Errorf("where the id is one of the %s, too: %+v, %v", kind, resolved, err)
		}
		r.Git("update-ref", "-d", "refs/"+kind+"/"+head)
	}
	for _, request := range []*Request{{Kind: Merge, Base: "main", Head: "nowhere"}, {Kind: Merge, Base: "nowhere", Head: "main"}} {
		if _, err := request.Resolve(repository); err == nil || outcome.From(err).Class != outcome.Usage || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("%+v: %v", request, err)
		}
	}
}
