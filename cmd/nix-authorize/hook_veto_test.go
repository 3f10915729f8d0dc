package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// TestHookVetoes has commands of git that would move a protected branch to a commit
// that is not signed, and what git has changed all the same when it stops.
func TestHookVetoes(t *testing.T) {
	const (
		local    = "refs/heads/main"
		tracking = "refs/remotes/origin/main"
	)
	tests := []struct {
		name   string
		before []string // a command that must succeed, if any
		args   []string // BAD stands for the bad commit, URL for the remote
		ref    string
		// changed is what git has changed, and undo the command that changes it back.
		changed string
		undo    []string
	}{
		{"fetch", nil, []string{"fetch"}, tracking, "", nil},
		{"fetch with refspec", nil, []string{"fetch", "origin", "main"}, tracking, "", nil},
		{"fetch --atomic", nil, []string{"fetch", "--atomic"}, tracking, "", nil},
		{"fetch into a branch", []string{"checkout", "--quiet", "-b", "topic"}, []string{"fetch", "URL", "main:main"}, local, "", nil},
		{"pull", nil, []string{"pull"}, tracking, "", nil},
		{"pull --rebase", nil, []string{"pull", "--rebase"}, tracking, "", nil},
		{"pull from a URL", nil, []string{"pull", "--no-rebase", "URL", "main"}, local, "", nil},
		{"pull from a URL's HEAD", nil, []string{"pull", "--no-rebase", "URL"}, local, "", nil},
		{"pull --rebase from a URL", nil, []string{"pull", "--rebase", "URL", "main"}, local, "", nil},
		{"merge FETCH_HEAD", []string{"fetch", "URL", "main"}, []string{"merge", "FETCH_HEAD"}, local, "", nil},
		{"merge --no-ff FETCH_HEAD", []string{"fetch", "URL", "main"}, []string{"merge", "--no-ff", "FETCH_HEAD"}, local, "", nil},
		{"merge of a branch", nil, []string{"merge", "refs/bad/main"}, local, "index files", []string{"reset", "--quiet", "--merge"}},
		{"merge --no-ff of a branch", nil, []string{"merge", "--no-ff", "refs/bad/main"}, local, "index files", []string{"merge", "--abort"}},
		{"reset --hard", []string{"fetch", "URL", "main"}, []string{"reset", "--hard", "FETCH_HEAD"}, local, "index files", []string{"reset", "--quiet", "--merge"}},
		{"reset --soft", []string{"fetch", "URL", "main"}, []string{"reset", "--soft", "FETCH_HEAD"}, local, "", nil},
		{"checkout -B", []string{"fetch", "URL", "main"}, []string{"checkout", "-B", "main", "FETCH_HEAD"}, local, "index files", []string{"reset", "--quiet", "--merge"}},
		{"branch --force", []string{"checkout", "--quiet", "--detach"}, []string{"branch", "--force", "main", "BAD"}, local, "", nil},
		{"update-ref", nil, []string{"update-ref", "refs/heads/main", "BAD"}, local, "", nil},
		{"update-ref of HEAD", nil, []string{"update-ref", "HEAD", "BAD"}, local, "", nil},
		{"commit", nil, []string{"commit", "--allow-empty", "--message", "Mine"}, local, "", nil},
		{"commit --amend", nil, []string{"commit", "--amend", "--no-gpg-sign", "--message", "Mine"}, local, "", nil},
		{"cherry-pick", []string{"fetch", "URL", "main"}, []string{"cherry-pick", "FETCH_HEAD"}, local, "index files", []string{"cherry-pick", "--abort"}},
		{"revert", nil, []string{"revert", "--no-edit", "HEAD"}, local, "index files", []string{"reset", "--quiet", "--merge"}},
		{"push to here", nil, []string{"push", ".", "BAD:refs/heads/main"}, local, "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHooked(t)
			bad := h.pushes(false)
			h.Git("fetch", "--quiet", "--no-write-fetch-head", h.remote.Dir, "refs/heads/main:refs/bad/main")
			if test.before != nil {
				h.Git(h.fill(test.before, bad)...)
			}
			before := h.snapshot()
			vetoed(t, h.Repo, test.ref, "unsigned", h.fill(test.args, bad)...)
			if changed := before.changed(h.snapshot()); changed != test.changed {
				t.Errorf("git has changed %q instead of %q", changed, test.changed)
			}
			if test.undo != nil {
				h.Git(test.undo...)
				if changed := before.changed(h.snapshot()); changed != "" {
					t.Errorf("git %s leaves %q", strings.Join(test.undo, " "), changed)
				}
			}
		})
	}
}

// TestHookRebase has commits of one's own that are put on top of a bad one. They have
// left the branch by the time that it is to move.
func TestHookRebase(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	h.CommitAs(h.upstream.signer, "mine", "mine\n")
	h.pushes(false)
	before := h.snapshot()
	vetoed(t, h.Repo, "refs/heads/main", "unsigned", "pull", "--rebase", h.remote.Dir, "main")
	h.Git("rebase", "--abort")
	if changed := before.changed(h.snapshot()); changed != "" {
		t.Errorf("git rebase --abort leaves %s", changed)
	}
}

// fill puts values in place of words.
func (h *hooked) fill(args []string, bad string) []string {
	var out []string
	for _, arg := range args {
		arg = strings.ReplaceAll(arg, "BAD", bad)
		out = append(out, strings.ReplaceAll(arg, "URL", h.remote.Dir))
	}
	return out
}

// TestHookSaysWhatVerifySays compares a veto with the verdict of verify, line by line.
func TestHookSaysWhatVerifySays(t *testing.T) {
	h := newHooked(t)
	bad := h.pushes(false)
	text := vetoed(t, h.Repo, "refs/remotes/origin/main", "unsigned", "fetch")
	h.Git("update-ref", "refs/bad/main", bad)
	said := h.user().run("verify", "refs/bad/main")
	if said.exit != 1 {
		t.Fatalf("%+v", said)
	}
	said.stdout = strings.ReplaceAll(said.stdout, "(refs/bad/main)", "(origin/main)")
	if !strings.Contains(text, said.stdout) {
		t.Errorf("the hook says\n%s\nand verify\n%s", text, said.stdout)
	}
	if fetched, err := os.ReadFile(filepath.Join(h.Dir, ".git", "FETCH_HEAD")); err != nil || !strings.HasPrefix(string(fetched), bad) {
		t.Errorf("FETCH_HEAD has %q, %v; docs/hooks.md says that it names the commit", fetched, err)
	}
}

// TestHookCommitStaysStaged has a commit that is refused because it is not signed,
// and what the hint says to do.
func TestHookCommitStaysStaged(t *testing.T) {
	h := newHooked(t)
	h.Write("mine", "mine\n")
	h.Git("add", "mine")
	before := h.snapshot()
	text := vetoed(t, h.Repo, "refs/heads/main", "unsigned", "commit", "--message", "Mine")
	if changed := before.changed(h.snapshot()); changed != "" {
		t.Errorf("changed: %s", changed)
	}
	if !strings.Contains(text, "git commit -S") {
		t.Errorf("no hint:\n%s", text)
	}
	h.GitAs(h.upstream.signer, "commit", "--quiet", "--message", "Mine")
	h.Git("push", "--quiet", "origin", "main")
}

// TestHookPasses has commands of git that must not be vetoed.
func TestHookPasses(t *testing.T) {
	h := newHooked(t)
	alice := h.upstream.signer
	good := h.pushes(true)
	h.Git("fetch", "--quiet")
	h.Git("pull", "--quiet")
	if got := h.Git("rev-parse", "main", "origin/main"); got != good+"\n"+good {
		t.Errorf("after a pull: %s", got)
	}
	bad := h.upstream.Git("commit-tree", "-p", good, "-m", "Unsigned", good+"^{tree}")
	h.upstream.Git("push", "--quiet", "origin", bad+":refs/heads/topic", bad+":refs/tags/v1", bad+":refs/notes/x", "+"+bad+":refs/heads/keyring")
	steps := []struct {
		name string
		as   *gittest.Key
		args []string
	}{
		{"other branches, tags and the keyring", nil, []string{"fetch", "--quiet", "--tags"}},
		{"a branch of their own", nil, []string{"checkout", "--quiet", "-b", "mine"}},
		{"a commit there", nil, []string{"commit", "--quiet", "--allow-empty", "--message", "Unsigned"}},
		{"a tag of it", nil, []string{"tag", "mine-1"}},
		{"a stash", nil, []string{"stash", "push", "--include-untracked", "--quiet"}},
		{"a push of it", nil, []string{"push", "--quiet", "origin", "mine", "mine-1"}},
		{"the deletion of it over there", nil, []string{"push", "--quiet", "origin", ":mine", ":mine-1"}},
		{"back", nil, []string{"checkout", "--quiet", "main"}},
		{"the deletion of it here", nil, []string{"branch", "--quiet", "-D", "mine"}},
		{"a signed commit", alice, []string{"commit", "--quiet", "--allow-empty", "--message", "Signed"}},
		{"another message", alice, []string{"commit", "--quiet", "--amend", "--allow-empty", "--message", "Signed again"}},
		{"a push", nil, []string{"push", "--quiet", "origin", "main"}},
		{"back to an older commit", nil, []string{"reset", "--quiet", "--hard", "HEAD~1"}},
		{"forward again", nil, []string{"merge", "--quiet", "origin/main"}},
		{"a squash of what is not signed", nil, []string{"merge", "--quiet", "--squash", "origin/topic"}},
		{"a bad commit without a branch", nil, []string{"checkout", "--quiet", "--detach", "origin/topic"}},
		{"a commit on it", nil, []string{"commit", "--quiet", "--allow-empty", "--message", "Unsigned"}},
		{"and back", nil, []string{"checkout", "--quiet", "main"}},
		{"packed refs", nil, []string{"pack-refs", "--all"}},
		{"a repack", nil, []string{"gc", "--quiet"}},
		{"another name", nil, []string{"branch", "--quiet", "--copy", "main", "copy"}},
		{"the deletion of a protected branch here", nil, []string{"update-ref", "-d", "refs/remotes/origin/main"}},
		{"the same from the remote", nil, []string{"fetch", "--quiet"}},
		{"a prune", nil, []string{"fetch", "--quiet", "--prune"}},
		{"a rebase", alice, []string{"rebase", "--quiet", "--force-rebase", "HEAD~1"}},
	}
	for _, step := range steps {
		var err error
		if step.as != nil {
			h.GitAs(step.as, step.args...)
		} else {
			_, err = h.TryGit(nil, step.args...)
		}
		if err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	if !strings.Contains(h.Git("for-each-ref"), bad+" commit\trefs/remotes/origin/keyring") {
		t.Error("the keyring has not moved")
	}
}

// TestHookBadBranch has a branch that was bad before there were hooks. It can be put
// right, and nothing else is in the way.
func TestHookBadBranch(t *testing.T) {
	h := newHooked(t)
	good := h.Git("rev-parse", "HEAD")
	bad := h.Git("commit-tree", "-p", good, "-m", "Unsigned", good+"^{tree}")
	h.Git("-c", "core.hooksPath="+os.DevNull, "reset", "--quiet", "--hard", bad)
	h.Git("gc", "--quiet")
	h.Git("pack-refs", "--all")
	h.Git("checkout", "--quiet", "-b", "topic")
	h.Git("checkout", "--quiet", "main")
	h.Git("reset", "--quiet", "--hard")
	vetoed(t, h.Repo, "refs/heads/main", "unsigned", "commit", "--allow-empty", "--message", "On top")
	h.Git("reset", "--quiet", "--hard", good)
	if got := h.Git("rev-parse", "main"); got != good {
		t.Errorf("main is at %s", got)
	}
}

// TestHookDowngrade has a remote that goes back, or goes another way.
func TestHookDowngrade(t *testing.T) {
	h := newHooked(t)
	h.pushes(true)
	h.Git("pull", "--quiet")
	before := h.snapshot()
	h.upstream.Git("reset", "--quiet", "--hard", "HEAD~1")
	h.upstream.Git("push", "--quiet", "--force", "origin", "main")
	vetoed(t, h.Repo, "refs/remotes/origin/main", "downgrade", "pull")
	h.upstream.CommitAs(h.upstream.signer, "file", "another way\n")
	h.upstream.Git("push", "--quiet", "--force", "origin", "main")
	text := vetoed(t, h.Repo, "refs/remotes/origin/main", "downgrade", "fetch")
	if changed := before.changed(h.snapshot()); changed != "" {
		t.Errorf("changed: %s", changed)
	}
	if !strings.Contains(text, "nix-authorize pull --allow-downgrade") {
		t.Errorf("no hint:\n%s", text)
	}
	// What the hint says.
	if r := h.user().run("pull", "--allow-downgrade", "--yes"); r.exit != 0 {
		t.Errorf("%+v", r)
	}
	if got, want := h.Git("rev-parse", "main", "origin/main"), h.upstream.Git("rev-parse", "main", "main"); got != want {
		t.Errorf("it is at %s instead of %s", got, want)
	}
	h.Git("fetch", "--quiet")
}
