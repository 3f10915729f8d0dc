package update_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

// adopt makes a repository that nix-authorize has not made the one that is pulled in.
func (s *scene) adopt(r *gittest.Repo) *gittest.Repo {
	s.dir = r.Dir
	s.settings = trust.Of(s.introduction)
	return r
}

// plainClone is a clone that git has made.
func (s *scene) plainClone(args ...string) *gittest.Repo {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "plain")
	r := gittest.At(s.t, filepath.Dir(dir))
	r.Git(append(append([]string{"clone", "--quiet"}, args...), s.url, dir)...)
	return gittest.At(s.t, dir)
}

// isAt requires that a ref is at a commit.
func isAt(t testing.TB, r *gittest.Repo, ref, commit string) {
	t.Helper()
	if got := r.Git("rev-parse", "--verify", ref); got != commit {
		t.Errorf("%s is at %s instead of %s", ref, got, commit)
	}
}

// isClean requires that a work tree is that of its HEAD.
func isClean(t testing.TB, r *gittest.Repo) {
	t.Helper()
	if status := r.Git("status", "--porcelain"); status != "" {
		t.Errorf("the work tree of %s differs from HEAD: %s", r.Dir, status)
	}
}

func TestPlainClone(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--single-branch"}, {"--no-tags"}, {"--origin", "up.stream"}, {"--origin", "up=stream/x"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			checkout := s.adopt(s.plainClone(args...))
			tip := s.grow(1)
			s.ends(outcome.Authentic)(s.pull(nil))
			isAt(t, checkout, "HEAD", tip)
			isAt(t, checkout, "@{upstream}", tip)
			isClean(t, checkout)
			s.attack()
			s.ends(outcome.Refused)(s.pull(nil))
			isAt(t, checkout, "@{upstream}", tip)
		})
	}
}

// TestBareRepository: with tracking branches, and as a mirror, whose branches follow
// those of the remote themselves.
func TestBareRepository(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"--bare", "--mirror"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.server.Keyring(s.alice)
			bare := s.adopt(s.plainClone(kind))
			old := bare.Git("rev-parse", "main")
			tip := s.grow(2)
			s.server.Keyring(s.alice, s.mallory)
			s.ends(outcome.Authentic)(s.pull(nil))
			isAt(t, bare, "refs/heads/main", tip)
			if kind == "--mirror" {
				isAt(t, bare, "refs/heads/keyring", s.server.Git("rev-parse", "keyring"))
			}
			before := bare.Git("for-each-ref")
			s.attack()
			s.ends(outcome.Refused)(s.pull(nil))
			s.server.Git("reset", "--quiet", "--hard", old)
			s.ends(outcome.Downgrade)(s.pull(nil))
			if now := bare.Git("for-each-ref"); now != before {
				t.Errorf("refs are\n%s\ninstead of\n%s", now, before)
			}
			s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.AllowDowngrade = true }))
			isAt(t, bare, "refs/heads/main", old)
		})
	}
}

// TestLinkedWorktree: what is checked out in a linked worktree moves with its files,
// also if the repository itself is bare.
func TestLinkedWorktree(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"--bare", "--no-tags"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			whole := s.plainClone(kind)
			whole.Git("symbolic-ref", "HEAD", "refs/heads/other")
			linked := filepath.Join(t.TempDir(), "linked")
			whole.Git("worktree", "add", "--quiet", linked, "main")
			checkout := s.adopt(gittest.At(t, linked))
			tip := s.grow(1)
			s.ends(outcome.Authentic)(s.pull(nil))
			isAt(t, checkout, "HEAD", tip)
			isClean(t, checkout)
			s.attack()
			s.ends(outcome.Refused)(s.pull(nil))
			isAt(t, checkout, "HEAD", tip)
			isClean(t, checkout)
		})
	}
}

// TestCheckedOutElsewhere: a branch that another worktree has does not move under
// its feet.
func TestCheckedOutElsewhere(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"--bare", "--no-tags"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			whole := s.adopt(s.plainClone(kind))
			linked := filepath.Join(t.TempDir(), "linked")
			whole.Git("worktree", "add", "--quiet", "--force", linked, "main")
			old := whole.Git("rev-parse", "main")
			tip := s.grow(1)
			s.ends(outcome.Usage)(s.pull(nil))
			isAt(t, whole, "refs/heads/main", old)
			isClean(t, gittest.At(t, linked))
			// One that is no longer there is not in the way.
			if err := os.RemoveAll(linked); err != nil {
				t.Fatal(err)
			}
			s.ends(outcome.Authentic)(s.pull(nil))
			isAt(t, whole, "refs/heads/main", tip)
		})
	}
}

// TestKeyringCheckedOutElsewhere: so does the keyring branch of a mirror.
func TestKeyringCheckedOutElsewhere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.server.Keyring(s.alice)
	mirror := s.adopt(s.plainClone("--mirror"))
	linked := filepath.Join(t.TempDir(), "linked")
	mirror.Git("worktree", "add", "--quiet", linked, "keyring")
	s.server.Keyring(s.mallory)
	tip := s.grow(1)
	s.ends(outcome.Authentic)(s.pull(nil))
	isAt(t, mirror, "refs/heads/main", tip)
	isClean(t, gittest.At(t, linked))
}

func TestUnbornBranch(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.adopt(gittest.New(t))
	checkout.Git("remote", "add", "origin", s.url)
	checkout.Write("file", "mine\n")
	s.ends(outcome.Usage)(s.pull(nil)) // git does not overwrite it
	if content, err := os.ReadFile(filepath.Join(s.dir, "file")); string(content) != "mine\n" {
		t.Errorf("the file is %q, %v", content, err)
	}
	if err := os.Remove(filepath.Join(s.dir, "file")); err != nil {
		t.Fatal(err)
	}
	result := s.ends(outcome.Authentic)(s.pull(nil))
	tip := s.server.Git("rev-parse", "main")
	s.at(checkout, tip)
	if result.Branch.String() != tip || !result.Incoming.Authorizations.IsEmpty() {
		t.Errorf("%+v", result)
	}
}

func TestDetachedHead(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	s.grow(1)
	for _, odd := range [][]string{{"checkout", "--quiet", "--detach"}, {"symbolic-ref", "HEAD", "refs/odd"}} {
		checkout.Git("update-ref", "refs/odd", "main")
		checkout.Git(odd...)
		before := checkout.Git("for-each-ref")
		s.ends(outcome.Usage)(s.pull(nil))
		if now := checkout.Git("for-each-ref"); now != before {
			t.Errorf("%q: refs are\n%s", odd, now)
		}
	}
}

// TestSubmodule: the work tree of a submodule is a checkout like any other.
func TestSubmodule(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	super := gittest.New(t)
	super.Git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--", s.url, "sub")
	super.Git("commit", "--quiet", "--message", "Add sub")
	checkout := s.adopt(gittest.At(t, filepath.Join(super.Dir, "sub")))
	tip := s.grow(1)
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
	isAt(t, super, "HEAD:sub", checkout.Git("rev-parse", "HEAD~1"))
}

// TestSparseCheckout: files outside of it stay away.
func TestSparseCheckout(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.server.CommitAs(s.alice, "in/file", "1\n")
	s.server.CommitAs(s.alice, "out/file", "1\n")
	checkout := s.clone()
	checkout.Git("sparse-checkout", "set", "in")
	s.server.CommitAs(s.alice, "in/file", "2\n")
	tip := s.server.CommitAs(s.alice, "out/file", "2\n")
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
	if _, err := os.Stat(filepath.Join(s.dir, "out")); !os.IsNotExist(err) {
		t.Errorf("a directory that is left out is there: %v", err)
	}
}

// TestNamesLikeIDs: no branch or tag can pass for the commit that was judged.
func TestNamesLikeIDs(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	old := checkout.Git("rev-parse", "HEAD")
	evil := checkout.CommitAs(s.mallory, "file", "evil\n")
	checkout.Git("reset", "--quiet", "--hard", old)
	tip := s.grow(1)
	for _, id := range []string{old, tip} {
		for _, kind := range []string{"heads", "tags", "remotes"} {
			checkout.Git("update-ref", "refs/"+kind+"/"+id, evil)
		}
	}
	s.ends(outcome.Authentic)(s.pull(nil))
	isAt(t, checkout, "refs/heads/main", tip)
	isClean(t, checkout)
	s.server.Git("reset", "--quiet", "--hard", old)
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.AllowDowngrade = true }))
	isAt(t, checkout, "refs/heads/main", old)
	isClean(t, checkout)
}

// TestNoCommit: a branch of a remote can be at what is no commit.
func TestNoCommit(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"blob", "tree", "tag", "tag of a blob", "malformed commit"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			checkout := s.clone()
			before := picture(t, checkout)
			blob := s.server.Hash("blob", []byte("text\n"))
			id := map[string]string{
				"blob": blob, "tree": s.server.Git("rev-parse", "HEAD^{tree}"),
				"tag":              s.server.Hash("tag", []byte("object "+s.server.Git("rev-parse", "HEAD")+"\ntype commit\ntag t\ntagger A <a@b> 1 +0000\n\nx\n")),
				"tag of a blob":    s.server.Hash("tag", []byte("object "+blob+"\ntype blob\ntag t\ntagger A <a@b> 1 +0000\n\nx\n")),
				"malformed commit": s.server.Hash("commit", []byte("tree "+s.server.Git("rev-parse", "HEAD^{tree}")+"\nauthor x\n\nno\n")),
			}[kind]
			s.server.Write(".git/refs/heads/main", id+"\n")
			for _, newest := range []bool{false, true} {
				result, err := s.pull(func(o *update.Options) { o.NewestAuthorized = newest })
				if got := class(result, err); got == outcome.Authentic {
					t.Errorf("the pull ends as %v", got)
				}
				s.unmoved(checkout, before)
			}
		})
	}
}

// TestMaxRefusals: a history that is foreign from one end to the other does not fill
// the memory with refusals.
func TestMaxRefusals(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.clone()
	for range 4 {
		s.attack()
	}
	result := s.ends(outcome.Refused)(s.pull(func(o *update.Options) { o.Verification.MaxRefusals = 2 }))
	if n := len(result.Report.Refusals); n != 2 || !result.Report.Truncated {
		t.Errorf("%d refusals", n)
	}
	if result.Report.Refusals[0].Reason != authz.Unauthorized {
		t.Errorf("%v", result.Report.Refusals[0])
	}
}
