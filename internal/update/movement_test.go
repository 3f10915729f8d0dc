package update_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

func TestPullForward(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	tip := s.grow(3)
	result := s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
	if in := result.Incoming; in.Commits != 3 || len(in.Signers) != 1 || in.Signers[0].Commits != 3 || in.Relation != movement.Forward {
		t.Errorf("%+v", in)
	}
	s.ends(outcome.Authentic)(s.pull(nil)) // nothing new
	s.at(checkout, tip)
}

func TestPullRefused(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	before := picture(t, checkout)
	good := s.grow(1)
	evil := s.attack()
	result := s.ends(outcome.Refused)(s.pull(nil))
	s.unmoved(checkout, before)
	if r := result.Report.Refusals; len(r) != 1 || r[0].Commit.String() != evil || r[0].Reason != authz.Unauthorized {
		t.Errorf("%v", r)
	}
	result = s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.NewestAuthorized = true }))
	s.at(checkout, good)
	if result.Report.Outcome() != authz.Refused {
		t.Error("nothing says that newer commits are refused")
	}
	// Once it is where it can be, it stays there and says so.
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.NewestAuthorized = true }))
	s.at(checkout, good)
}

func TestPullDryRun(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	before := picture(t, checkout)
	s.grow(1)
	result := s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.DryRun = true }))
	if result.Incoming.Commits != 1 || result.Moved {
		t.Errorf("%+v", result)
	}
	s.unmoved(checkout, before)
}

func TestPullDeclined(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	before := picture(t, checkout)
	s.server.CommitAs(s.alice, ".nix-authorizations", s.listing(s.alice, s.mallory))
	var shown *update.Incoming
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) {
		o.Accept = func(_ context.Context, in *update.Incoming) (bool, error) { shown = in; return false, nil }
	}))
	s.unmoved(checkout, before)
	if keys := shown.Authorizations.Keys; len(keys) != 1 || keys[0].Kind != authz.KeyAdded || keys[0].New.Name != "mallory" {
		t.Errorf("%+v", shown.Authorizations)
	}
}

// TestRollback: the remote serves an older tip than it did before.
func TestRollback(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	old := s.server.Git("rev-parse", "main")
	tip := s.grow(2)
	checkout := s.clone()
	before := picture(t, checkout)
	s.server.Git("reset", "--quiet", "--hard", old)
	s.ends(outcome.Downgrade)(s.pull(nil))
	s.unmoved(checkout, before)
	// The memory decides, whatever the refs say.
	checkout.Git("update-ref", "refs/remotes/origin/main", old)
	checkout.Git("reset", "--quiet", "--hard", old)
	s.ends(outcome.Downgrade)(s.pull(nil))
	// And the refs do where there is no memory.
	checkout.Git("update-ref", "refs/remotes/origin/main", tip)
	s.home = t.TempDir()
	s.ends(outcome.Downgrade)(s.pull(nil))
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.AllowDowngrade = true }))
	s.at(checkout, old)
	s.ends(outcome.Authentic)(s.pull(nil)) // from now on that is what was seen last
}

// TestFork: the remote serves an authentic history that leaves out the last tip.
func TestFork(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	base := s.server.Git("rev-parse", "main")
	s.grow(1)
	checkout := s.clone()
	before := picture(t, checkout)
	s.server.Git("reset", "--quiet", "--hard", base)
	fork := s.server.CommitAs(s.alice, "other", "fork\n")
	s.ends(outcome.Downgrade)(s.pull(nil))
	s.unmoved(checkout, before)
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.AllowDowngrade = true }))
	s.at(checkout, fork)
}

// TestTeleport: the remote serves another, authentic branch under the name.
func TestTeleport(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.server.Git("branch", "staging", "main")
	s.grow(2)
	checkout := s.clone()
	before := picture(t, checkout)
	s.server.Git("checkout", "--quiet", "staging")
	s.server.CommitAs(s.alice, "staged", "staged\n")
	s.server.Git("branch", "--quiet", "--force", "main", "staging")
	s.ends(outcome.Downgrade)(s.pull(nil))
	s.unmoved(checkout, before)
	// A history without the introduction is no history of this project.
	s.server.Git("checkout", "--quiet", "--orphan", "unrelated")
	s.server.CommitAs(s.alice, "unrelated", "unrelated\n")
	s.server.Git("branch", "--quiet", "--force", "main", "unrelated")
	result := s.ends(outcome.Refused)(s.pull(nil))
	s.unmoved(checkout, before)
	if r := result.Report.Refusals; len(r) != 1 || r[0].Reason != authz.NotDescendant {
		t.Errorf("%v", r)
	}
}

// TestFreeze: the remote serves the same tip for ever.
func TestFreeze(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	before := picture(t, checkout)
	s.ends(outcome.Stale)(s.pull(func(o *update.Options) { o.MaxAge = time.Hour }))
	s.unmoved(checkout, before)
	old := time.Since(time.Unix(gitTime(t, s, "main"), 0))
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.MaxAge = old + time.Hour }))
}

// TestFutureDate: a date in the future would be fresh for ever.
func TestFutureDate(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.clone()
	s.server.Env = append(s.server.Env, "GIT_COMMITTER_DATE="+time.Now().Add(2*time.Hour).Format(time.RFC3339))
	s.server.CommitAs(s.alice, "file", "tomorrow\n")
	s.ends(outcome.Stale)(s.pull(func(o *update.Options) { o.MaxAge = 240 * time.Hour }))
	s.ends(outcome.Authentic)(s.pull(nil))
}

func gitTime(t testing.TB, s *scene, rev string) int64 {
	t.Helper()
	when, err := time.Parse(time.RFC3339, s.server.Git("log", "-1", "--format=%cI", rev))
	if err != nil {
		t.Fatal(err)
	}
	return when.Unix()
}

// TestFreshCloneOfOlderTip: a second clone on the same machine is served less.
func TestFreshCloneOfOlderTip(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	old := s.server.Git("rev-parse", "main")
	s.grow(2)
	s.clone()
	s.server.Git("reset", "--quiet", "--hard", old)
	s.dir = filepath.Join(t.TempDir(), "second")
	result, err := update.Clone(t.Context(), s.cloneOptions())
	if err == nil || outcome.From(err).Class != outcome.Downgrade {
		t.Fatalf("%v %v", result, err)
	}
	nothingIn(t, filepath.Dir(s.dir))
	s.url += "/" // another spelling of the same address
	if _, err := update.Clone(t.Context(), s.cloneOptions()); err == nil || outcome.From(err).Class != outcome.Downgrade {
		t.Fatal(err)
	}
}

// TestVanished: the remote's history does not have the remembered tip any more, and
// neither has the repository.
func TestVanished(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	old := s.server.Git("rev-parse", "main")
	s.grow(1)
	s.clone()
	s.server.Git("reset", "--quiet", "--hard", old)
	s.server.CommitAs(s.alice, "other", "other\n")
	s.dir = filepath.Join(t.TempDir(), "second")
	_, err := update.Clone(t.Context(), s.cloneOptions())
	if err == nil || outcome.From(err).Class != outcome.Downgrade {
		t.Fatal(err)
	}
}

func TestCloneRefused(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.attack()
	result, err := update.Clone(t.Context(), s.cloneOptions())
	if err != nil || result.Report.Outcome() != authz.Refused {
		t.Fatalf("%v %v", result, err)
	}
	nothingIn(t, filepath.Dir(s.dir))
	o := s.cloneOptions()
	o.Keep = true
	if result, err = update.Clone(t.Context(), o); err != nil || result.Dir != s.dir {
		t.Fatalf("%v %v", result, err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != ".git" {
		t.Errorf("a refused clone that is kept has %v %v", entries, err)
	}
}

func nothingIn(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("%s has %v %v", dir, entries, err)
	}
}

// TestLocalCommits: own commits are neither lost nor moved.
func TestLocalCommits(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	mine := checkout.CommitAs(s.alice, "mine", "mine\n")
	s.ends(outcome.Authentic)(s.pull(nil)) // nothing to pull
	if got := checkout.Git("rev-parse", "HEAD"); got != mine {
		t.Errorf("HEAD moved to %s", got)
	}
	tip := s.grow(1)
	result := s.ends(outcome.Authentic)(s.pull(nil))
	if got := checkout.Git("rev-parse", "HEAD"); got != mine || result.Incoming.Relation != movement.Diverged {
		t.Errorf("HEAD is at %s, %s", got, result.Incoming.Relation)
	}
	if got := checkout.Git("rev-parse", "refs/remotes/origin/main"); got != tip {
		t.Errorf("the tracking ref is at %s", got)
	}
	// Not even a downgrade that is allowed takes them away.
	s.server.Git("reset", "--quiet", "--hard", "HEAD~2")
	s.ends(outcome.Authentic)(s.pull(func(o *update.Options) { o.AllowDowngrade = true }))
	if got := checkout.Git("rev-parse", "HEAD"); got != mine {
		t.Errorf("HEAD moved to %s", got)
	}
}

func TestDirtyWorkTree(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	s.grow(1)
	checkout.Write("file", "my change\n")
	head := checkout.Git("rev-parse", "HEAD")
	s.ends(outcome.Usage)(s.pull(nil))
	if got := checkout.Git("rev-parse", "HEAD"); got != head {
		t.Errorf("HEAD moved to %s", got)
	}
	checkout.Git("checkout", "--quiet", "--", "file")
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, s.server.Git("rev-parse", "main"))
}

// TestRemembers: what was verified is remembered for the address, however it is
// spelled, with who signed it.
func TestRemembers(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.clone()
	tip := s.grow(1)
	s.ends(outcome.Authentic)(s.pull(nil))
	tips, err := state.List(filepath.Join(s.home, "state"))
	if err != nil || len(tips) != 1 {
		t.Fatalf("%v %v", tips, err)
	}
	r := tips[0].Remembered
	if r.Tip.String() != tip || string(r.Signer) != s.alice.Fingerprint || r.SignerName != "alice" || r.CommitTime.Unix() != gitTime(t, s, "main") {
		t.Errorf("%+v", r)
	}
}
