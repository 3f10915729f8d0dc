package update_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// target is what a pull in the checkout would be of, which must be something.
func (s *scene) target(remote, branch string) update.Target {
	s.t.Helper()
	target, err := s.findTarget(remote, branch)
	if err != nil {
		s.t.Fatal(err)
	}
	return target
}

func (s *scene) findTarget(remote, branch string) (update.Target, error) {
	s.t.Helper()
	repository, err := verification.Open(s.t.Context(), s.dir, func(string) string { return "" })
	if err != nil {
		s.t.Fatal(err)
	}
	return update.FindTarget(s.t.Context(), repository, s.options().Git, remote, branch)
}

func TestTarget(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.adopt(gittest.New(t))
	s.dir = checkout.Dir
	set := func(name, value string) { checkout.Git("config", "--add", name, value) }
	for _, args := range [][2]string{{"", ""}, {"nowhere", ""}, {"-x", ""}, {"", "-x"}, {"", "a b"}, {"", "a\nb"}, {"", "../x"}, {".", ""}} {
		if target, err := s.findTarget(args[0], args[1]); err == nil || outcome.From(err).Class != outcome.Usage || outcome.From(err).Hint == "" {
			t.Errorf("pull %q: %+v, %v", args, target, err)
		}
	}
	set("remote.origin.url", "https://example.org/first")
	set("remote.origin.url", "https://example.org/second")
	set("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
	if got := s.target("", ""); got.Remote != "origin" || got.URL != "https://example.org/first" || got.Branch != "main" ||
		got.Tracking != "refs/remotes/origin/main" || got.Local != "main" || !got.CheckedOut {
		t.Errorf("%+v", got)
	}
	set("remote.origin.url", "")
	set("remote.origin.url", "https://user:secret@example.org/third")
	if got := s.target("", ""); got.Address() != "https://example.org/third" || got.Name() != "origin" {
		t.Errorf("%+v", got)
	}
	set("remote.fork.url", "git@example.org:fork")
	set("branch.main.remote", "fork")
	set("branch.main.merge", "refs/heads/trunk")
	if got := s.target("", ""); got.Remote != "fork" || got.Branch != "trunk" || got.Tracking != "" {
		t.Errorf("%+v", got)
	}
	if got := s.target("origin", ""); got.Branch != "main" || got.Remote != "origin" {
		t.Errorf("what it follows has nothing to do with another remote: %+v", got)
	}
	if got := s.target("https://user:secret@example.org/x", "trunk"); got.Name() != "https://example.org/x" || got.Tracking != "" || got.Branch != "trunk" {
		t.Errorf("%+v", got)
	}
}

// TestRewrittenURL: what was seen is remembered for the address that was written,
// whatever mirror git is told to take it from.
func TestRewrittenURL(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	old := checkout.Git("rev-parse", "HEAD")
	checkout.Git("config", "remote.origin.url", "https://project.invalid/x")
	checkout.Git("config", "url."+s.url+".insteadOf", "https://project.invalid/x")
	tip := s.grow(1)
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
	tips, err := state.List(filepath.Join(s.home, "state"))
	if err != nil || len(tips) != 2 || tips[1].Key().Remote != "https://project.invalid/x" {
		t.Fatalf("%v %v", tips, err)
	}
	mirror := gittest.New(t, "--bare")
	s.server.Git("push", "--quiet", mirror.Dir, old+":refs/heads/main")
	checkout.Git("config", "--unset-all", "url."+s.url+".insteadOf")
	checkout.Git("config", "url.file://"+mirror.Dir+".insteadOf", "https://project.invalid/x")
	s.ends(outcome.Downgrade)(s.pull(nil))
}

// TestRelativeURL: a relative address means the same from every directory.
func TestRelativeURL(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.server.CommitAs(s.alice, "sub/file", "1\n")
	checkout := s.clone()
	relative, err := filepath.Rel(s.dir, s.server.Dir)
	if err != nil {
		t.Fatal(err)
	}
	checkout.Git("config", "remote.origin.url", relative)
	old := checkout.Git("rev-parse", "HEAD")
	tip := s.grow(1)
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
	s.server.Git("reset", "--quiet", "--hard", old)
	checkout.Git("update-ref", "refs/remotes/origin/main", old)
	s.dir = filepath.Join(s.dir, "sub")
	s.ends(outcome.Downgrade)(s.pull(nil))
	// It is the address that it was cloned from.
	if tips, err := state.List(filepath.Join(s.home, "state")); err != nil || len(tips) != 1 {
		t.Errorf("%d tips, %v", len(tips), err)
	}
}

// TestRelativeURLOfBareRepository: there git starts from the repository itself.
func TestRelativeURLOfBareRepository(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bare := s.adopt(s.plainClone("--bare"))
	relative, err := filepath.Rel(bare.Dir, s.server.Dir)
	if err != nil {
		t.Fatal(err)
	}
	bare.Git("config", "remote.origin.url", relative)
	tip := s.grow(1)
	s.ends(outcome.Authentic)(s.pull(nil))
	isAt(t, bare, "main", tip)
	if got := s.target("", "").URL; got != s.server.Dir {
		t.Errorf("the address is %q", got)
	}
}

// TestOddRefspecs: tracking refs are where the user has them, or there are none.
func TestOddRefspecs(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	old := checkout.Git("rev-parse", "HEAD")
	for name, tracking := range map[string]string{
		"^refs/heads/main":                       "",
		"refs/heads/main:refs/remotes/else/here": "refs/remotes/else/here",
		"+refs/heads/*:refs/heads/theirs/*":      "",
	} {
		checkout.Git("config", "--unset-all", "remote.origin.fetch")
		checkout.Git("config", "--add", "remote.origin.fetch", name)
		if name[0] == '^' {
			checkout.Git("config", "--add", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
		}
		tip := s.grow(1)
		s.ends(outcome.Authentic)(s.pull(nil))
		isAt(t, checkout, "HEAD", tip)
		isAt(t, checkout, "refs/remotes/origin/main", old)
		if tracking != "" {
			isAt(t, checkout, tracking, tip)
		}
		if theirs := checkout.Git("for-each-ref", "refs/heads/theirs"); theirs != "" {
			t.Errorf("a branch was made: %s", theirs)
		}
	}
}

// TestTrackingIsSymbolic: a tracking ref that stands for a branch does not move it.
func TestTrackingIsSymbolic(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	old := checkout.Git("rev-parse", "HEAD")
	checkout.Git("branch", "mine", "main")
	checkout.Git("symbolic-ref", "refs/remotes/origin/main", "refs/heads/mine")
	tip := s.grow(1)
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
	isAt(t, checkout, "mine", old)
}

// TestLeftovers: what a run that was killed has left is cleared away, and nothing
// that it may stand for.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	checkout.Git("branch", "mine", "main")
	checkout.Git("update-ref", "refs/nix-authorize/quarantine/X/tip", "HEAD")
	checkout.Git("symbolic-ref", "refs/nix-authorize/quarantine/X/keyring", "refs/heads/mine")
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, checkout.Git("rev-parse", "mine"))
	if _, err := os.Stat(filepath.Join(s.dir, ".git", "nix-authorize.lock")); err != nil {
		t.Error(err)
	}
}
