package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// judgedAs checks a verdict and how many commits it took to find it.
func judgedAs(t *testing.T, a answer, reason string, commits int) {
	t.Helper()
	want(t, a, reason, "")
	if a.judged() != commits {
		t.Errorf("%d commits were judged instead of %d", a.judged(), commits)
	}
}

// A second run judges what is new, and nothing else.
func TestSecondRunJudgesWhatIsNew(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t), bob(t))
	h.CommitAs(alice(t), "a", "1")
	h.Git("branch", "side")
	h.CommitAs(alice(t), "a", "2")
	u := h.user()
	judgedAs(t, h.verifyBy(u), "authentic", 2)
	judgedAs(t, h.verifyBy(u), "authentic", 0)
	h.CommitAs(alice(t), "a", "3")
	judgedAs(t, h.verifyBy(u), "authentic", 1)

	// What is merged is new where it is, however old the branch.
	h.Git("switch", "--quiet", "side")
	h.CommitAs(alice(t), "b", "1")
	h.CommitAs(alice(t), "b", "2")
	h.Git("switch", "--quiet", "main")
	h.MergeAs(alice(t), "side")
	judgedAs(t, h.verifyBy(u), "authentic", 3)

	// Back, forward, and to the side.
	judgedAs(t, h.verifyBy(u, "HEAD~2"), "authentic", 0)
	judgedAs(t, h.verifyBy(u), "authentic", 0)
	h.Git("switch", "--quiet", "--create", "other", "HEAD~1")
	h.CommitAs(alice(t), "c", "1")
	judgedAs(t, h.verifyBy(u), "authentic", 1)
	judgedAs(t, h.verifyBy(u, "main"), "authentic", 0)

	// A new clone of the same project has the same results.
	copied := clone(t, "--bare", h.Dir)
	there := u
	there.dir = copied.Dir
	judgedAs(t, h.verifyBy(there, "main"), "authentic", 0)
	judgedAs(t, h.verifyBy(u, "--no-cache", "main"), "authentic", 6)
}

// What is refused or could not be checked is not remembered, nor is what stands
// below it. What was authentic stays so.
func TestOnlyAuthenticTipsAreRemembered(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t), mallory(t))
	good := h.CommitAs(alice(t), "a", "1")
	bad := h.CommitAs(mallory(t), "evil", "1")
	h.CommitAs(alice(t), "a", "2")
	u := h.user()
	judgedAs(t, h.verifyBy(u), "unauthorized", 3)
	if _, err := os.ReadDir(u.cacheDir()); err == nil {
		t.Error("something was cached")
	}
	judgedAs(t, h.verifyBy(u), "unauthorized", 3)
	judgedAs(t, h.verifyBy(u, good), "authentic", 1)
	judgedAs(t, h.verifyBy(u), "unauthorized", 2)
	judgedAs(t, h.verifyBy(u, bad), "unauthorized", 1)
	judgedAs(t, h.verifyBy(u, good), "authentic", 0)
}

// A cache may know what a repository does not have, and the other way round.
func TestCacheOfAnotherRepository(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	older := clone(t, "--bare", h.Dir)
	h.CommitAs(alice(t), "a", "2")
	u := h.user()
	judgedAs(t, h.verifyBy(u), "authentic", 2)
	there := u
	there.dir = older.Dir
	judgedAs(t, h.verifyBy(there, "main"), "authentic", 1)
	judgedAs(t, h.verifyBy(u), "authentic", 0)
}

// A key that is gone from the keyring spoils no old verdict and allows no new one.
func TestKeyGoneAfterItsCommitsWereCached(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t), bob(t))
	h.authorize(alice(t), alice(t), bob(t))
	h.CommitAs(bob(t), "a", "1")
	u := h.user()
	judgedAs(t, h.verifyBy(u), "authentic", 2)
	h.Keyring(alice(t))
	judgedAs(t, h.verifyBy(u), "authentic", 0)
	h.CommitAs(bob(t), "a", "2")
	judgedAs(t, h.verifyBy(u), "unknown-key", 1)
	judgedAs(t, h.verifyBy(u, "--no-cache"), "unknown-key", 3)
}

// However many tips were verified, the file stays small.
func TestManyTips(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	u := h.user()
	for i := range 20 {
		h.CommitAs(alice(t), "a", fmt.Sprint(i))
		judgedAs(t, h.verifyBy(u), "authentic", 1)
	}
	info, err := os.Stat(cacheFile(t, u))
	if err != nil || info.Size() > 2000 {
		t.Errorf("the cache has %d bytes, %v", info.Size(), err)
	}
	judgedAs(t, h.verifyBy(u), "authentic", 0)
}

// XDG_CACHE_HOME says where the cache is.
func TestCacheDirectory(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	u := h.user()
	u.env["XDG_CACHE_HOME"] = filepath.Join(t.TempDir(), "caches")
	judgedAs(t, h.verifyBy(u), "authentic", 1)
	judgedAs(t, h.verifyBy(u), "authentic", 0)
	if _, err := os.Stat(u.cacheDir()); err == nil {
		t.Error("the cache is in the home directory")
	}
	info, err := os.Stat(filepath.Join(u.env["XDG_CACHE_HOME"], "nix-authorize"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache's directory has the mode %v, %v", info.Mode(), err)
	}
}
