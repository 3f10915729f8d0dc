package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// TestHookChains has hooks that were there before: they go on as they were, and their
// veto counts.
func TestHookChains(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	u := h.user()
	if r := u.run("hook", "uninstall"); r.exit != 0 {
		t.Fatalf("%+v", r)
	}
	log := filepath.Join(t.TempDir(), "log")
	own := filepath.Join(h.Dir, ".git", "hooks", "reference-transaction")
	text := "#!/bin/sh\ninput=$(cat)\necho \"$1 $input\" >> '" + log + "'\ncase $input in *forbidden*) echo not here >&2; exit 1;; esac\n"
	write(t, own, text)
	if err := os.Chmod(own, 0o750); err != nil {
		t.Fatal(err)
	}
	install(t, h.Repo)
	h.Git("branch", "topic")
	if _, err := h.TryGit(nil, "branch", "forbidden"); err == nil || !strings.Contains(err.Error(), "not here") {
		t.Errorf("the veto of the hook that was there before: %v", err)
	}
	seen, err := os.ReadFile(log)
	for _, want := range []string{"prepared ", "committed ", "aborted ", " refs/heads/topic", " refs/heads/forbidden"} {
		if err != nil || !strings.Contains(string(seen), want) {
			t.Errorf("the hook that was there before has not seen %q: %q, %v", want, seen, err)
		}
	}
	vetoed(t, h.Repo, "refs/heads/main", "unsigned", "commit", "--allow-empty", "--message", "Unsigned")
	if r := u.run("hook", "status"); r.exit != 0 || !strings.Contains(r.stdout, "and then reference-transaction.before-nix-authorize") {
		t.Errorf("%+v", r)
	}
	if r := u.run("hook", "uninstall"); r.exit != 0 || !strings.Contains(r.stdout, "is back") {
		t.Errorf("%+v", r)
	}
	info, err := os.Stat(own)
	if content, _ := os.ReadFile(own); err != nil || info.Mode() != 0o750 || string(content) != text {
		t.Errorf("the hook is not as it was: %v, %v, %q", err, info, content)
	}
	h.Git("commit", "--quiet", "--allow-empty", "--message", "Unsigned")
}

// TestHookForeign has a hook that another tool puts over ours.
func TestHookForeign(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	u := h.user()
	path := filepath.Join(h.Dir, ".git", "hooks", "pre-push")
	write(t, path, "#!/bin/sh\n")
	if r := u.run("hook", "status"); r.exit != 2 || !strings.Contains(r.stdout, "foreign       pre-push") || !strings.Contains(r.stderr, "pre-push does not work") {
		t.Errorf("%+v", r)
	}
	install(t, h.Repo)
	if r := u.run("hook", "status"); r.exit != 0 {
		t.Errorf("%+v", r)
	}
	write(t, path, "#!/bin/sh\n")
	if r := u.run("hook", "install"); r.exit != 2 || !strings.Contains(r.stderr, "neither is nix-authorize's") {
		t.Errorf("%+v", r)
	}
}

// TestHookPaths has hooks that are not in .git/hooks.
func TestHookPaths(t *testing.T) {
	tests := []struct {
		name string
		set  func(h *hooked) // the configuration
		dir  string          // that the hooks are in then, if it is in the checkout
		warn string
	}{
		{"absolute", func(h *hooked) { h.Git("config", "core.hooksPath", filepath.Join(h.Dir, ".git", "x y")) }, ".git/x y", ""},
		{"relative", func(h *hooked) { h.Git("config", "core.hooksPath", ".githooks") }, ".githooks", "relative-hooks"},
		{"global", func(h *hooked) {
			file := filepath.Join(h.t.TempDir(), "config")
			write(h.t, file, "[core]\n\thooksPath = "+h.t.TempDir()+"/hooks\n")
			h.Env = append(h.Env, "GIT_CONFIG_GLOBAL="+file)
		}, "", "shared-hooks"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHooked(t)
			h.user().run("hook", "uninstall")
			test.set(h)
			a := h.user().json("hook", "install")
			if a.Exit != 0 || test.warn != "" && !a.warned(test.warn) || test.warn == "" && len(a.Warnings) > 0 {
				t.Errorf("%+v", a)
			}
			if _, err := os.Stat(filepath.Join(h.Dir, test.dir, "pre-push")); test.dir != "" && err != nil {
				t.Error(err)
			}
			vetoed(t, h.Repo, "refs/heads/main", "unsigned", "commit", "--allow-empty", "--message", "Unsigned")
			h.Git("checkout", "--quiet", "-b", "topic")
			h.Write("sub/file", "")
			below := gittest.At(t, filepath.Join(h.Dir, "sub"))
			below.Env = h.Env
			below.Git("add", "file")
			below.Git("commit", "--quiet", "--message", "Unsigned")
			vetoed(t, below, "refs/heads/main", "unsigned", "update-ref", "refs/heads/main", "HEAD")
			other := gittest.New(t) // nobody has an introduction for this one
			other.Env = h.Env
			other.Commit("file", "")
			if a := h.user().json("hook", "uninstall"); a.Exit != 0 {
				t.Errorf("%+v", a)
			}
			h.Git("update-ref", "refs/heads/main", "HEAD")
		})
	}
}

// TestHookWorktrees has a linked worktree and a submodule, which run the hooks of the
// repository that they belong to.
func TestHookWorktrees(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	h.pushes(false)
	h.Git("checkout", "--quiet", "-b", "topic")
	linked := gittest.At(t, filepath.Join(t.TempDir(), "linked"))
	linked.Env = h.Env
	h.Git("worktree", "add", "--quiet", linked.Dir, "main")
	for _, args := range [][]string{{"commit", "--allow-empty", "--message", "Unsigned"}, {"pull", "--no-rebase", h.remote.Dir, "main"}} {
		before := snapshotOf(t, linked)
		vetoed(t, linked, "refs/heads/main", "unsigned", args...)
		if changed := before.changed(snapshotOf(t, linked)); changed != "" {
			t.Errorf("changed: %s", changed)
		}
	}
	vetoed(t, linked, "refs/remotes/origin/main", "unsigned", "pull")
	if r := userOf(t, linked).run("hook", "status"); r.exit != 0 || !strings.Contains(r.stdout, filepath.Join(h.Dir, ".git", "hooks")) {
		t.Errorf("%+v", r)
	}

	outer := gittest.New(t)
	outer.Git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", h.upstream.Dir, "sub")
	sub := homed(t, filepath.Join(outer.Dir, "sub"))
	trustIn(h.upstream, sub)
	sub.Git("reset", "--quiet", "--hard", h.upstream.introduction)
	install(t, sub)
	vetoed(t, sub, "refs/heads/main", "unsigned", "commit", "--allow-empty", "--message", "Unsigned")
}

// TestHookProgramGone has hooks whose program was removed: nothing passes unseen, and
// what the message says to do helps.
func TestHookProgramGone(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	path := filepath.Join(h.Dir, ".git", "hooks", "reference-transaction")
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	program, _ := released()
	write(t, path, strings.ReplaceAll(string(script), program, "/nowhere/nix-authorize"))
	_, err = h.TryGit(nil, "commit", "--allow-empty", "--message", "Unsigned")
	if err == nil || !strings.Contains(err.Error(), "/nowhere/nix-authorize cannot be run") || !strings.Contains(err.Error(), `rm ".git/hooks/reference-transaction"`) {
		t.Errorf("%v", err)
	}
	h.Git("tag", "v1")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	h.Git("commit", "--quiet", "--allow-empty", "--message", "Unsigned")
}

// TestHookNewKey has a key that the project adds to keyring and file at once. Git
// fetches the keyring after the branch, if at all, so the hint has to help.
func TestHookNewKey(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	bob := gittest.PGP(t, "ed25519", "bob")
	h.upstream.authorize(h.upstream.signer, h.upstream.signer, bob)
	tip := h.upstream.CommitAs(bob, "file", "bob's\n")
	h.upstream.Keyring(h.upstream.signer, bob)
	h.upstream.Git("push", "--quiet", "origin", "main", "+keyring")
	text := vetoed(t, h.Repo, "refs/remotes/origin/main", "unknown-key", "pull")
	if !strings.Contains(text, "git fetch origin keyring\n") {
		t.Errorf("no hint:\n%s", text)
	}
	h.Git("fetch", "--quiet", "origin", "keyring")
	h.Git("pull", "--quiet")
	if got := h.Git("rev-parse", "main"); got != tip {
		t.Errorf("main is at %s instead of %s", got, tip)
	}
}

// TestHookNewKeyAtOnce has the same where git moves all refs together.
func TestHookNewKeyAtOnce(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	bob := gittest.PGP(t, "ed25519", "bob")
	h.upstream.authorize(h.upstream.signer, h.upstream.signer, bob)
	h.upstream.CommitAs(bob, "file", "bob's\n")
	h.upstream.Keyring(h.upstream.signer, bob)
	h.upstream.Git("push", "--quiet", "origin", "main", "+keyring")
	h.Git("fetch", "--quiet", "--atomic")
}

// TestHookCommands has what the commands say and how they end.
func TestHookCommands(t *testing.T) {
	h := newHistory(t, nixName, gittest.SSH(t, "ed25519", "alice"))
	u := h.user()
	u.program = asReleased
	for _, command := range []string{"install", "status"} {
		if r := u.run("hook", command); r.exit != 2 || !strings.Contains(r.stderr, "nix-authorize") || !strings.Contains(r.stderr, "hint: ") {
			t.Errorf("%s without an introduction: %+v", command, r)
		}
	}
	trustIn(h, h.Repo)
	if a := u.json("hook", "install", "--protect", "-x"); a.Exit != 2 {
		t.Errorf("%+v", a)
	}
	a := u.json("hook", "install")
	if a.Outcome != "done" || len(a.Hooks.Hooks) != 2 || a.Hooks.Hooks[0].State != "installed" || !slices.Equal(a.Hooks.Protected, []string{"main"}) {
		t.Errorf("%+v", a)
	}
	config := func() string { return h.Git("config", "--get-all", "nix-authorize.protect") }
	u.run("hook", "install")
	if got := config(); got != "main" {
		t.Errorf("protected after the second time: %q", got)
	}
	u.run("hook", "install", "--protect", "release-*", "--protect", "main")
	if got := config(); got != "main\nrelease-*" {
		t.Errorf("protected: %q", got)
	}
	if a := u.json("hook", "status"); a.Exit != 0 || !slices.Equal(a.Hooks.Protected, []string{"main", "release-*"}) || a.Hooks.Dir != filepath.Join(h.Dir, ".git", "hooks") {
		t.Errorf("%+v", a)
	}
	h.Git("config", "--unset-all", "nix-authorize.protect")
	if r := u.run("hook", "status"); r.exit != 2 || !strings.Contains(r.stderr, "no branch is protected") {
		t.Errorf("%+v", r)
	}
	h.Git("checkout", "--quiet", "--detach")
	if r := u.run("hook", "install"); r.exit != 2 || !strings.Contains(r.stderr, "--protect main") {
		t.Errorf("%+v", r)
	}
	a = u.json("hook", "uninstall")
	if a.Exit != 0 || a.Hooks.Hooks[0].State != "removed" {
		t.Errorf("%+v", a)
	}
	if a := u.json("hook", "uninstall"); a.Exit != 0 || a.Hooks.Hooks[0].State != "absent" {
		t.Errorf("%+v", a)
	}
	if r := u.run("hook", "run", "reference-transaction", "prepared"); r.stdout != "" {
		t.Errorf("%+v", r)
	}
}

// TestHookOwnIntroduction has a branch with an introduction of its own: it is
// protected without being named.
func TestHookOwnIntroduction(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nixName, gittest.SSH(t, "ed25519", "alice"))
	h.Env = append(h.Env, "HOME="+t.TempDir())
	h.Git("branch", "stable")
	h.Git("config", "nix-authorize.stable.introduction", h.introduction)
	h.Git("config", "nix-authorize.stable.signer", h.signer.Fingerprint)
	if r := install(t, h.Repo); !strings.Contains(r.stdout, "stable, which has an introduction of its own") {
		t.Errorf("%+v", r)
	}
	h.Git("commit", "--quiet", "--allow-empty", "--message", "Unsigned")
	vetoed(t, h.Repo, "refs/heads/stable", "unsigned", "branch", "--force", "stable", "main")
}

// TestHookUnborn has the first commit of a branch, and a repository without any.
func TestHookUnborn(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	good := h.Git("rev-parse", "HEAD")
	h.Git("update-ref", "-d", "refs/heads/main")
	vetoed(t, h.Repo, "refs/heads/main", "not-descendant", "commit", "--allow-empty", "--message", "Unsigned")
	h.Git("reset", "--quiet", "--hard", good)
	dir := filepath.Join(t.TempDir(), "empty")
	h.upstream.Git("init", "--quiet", "--initial-branch=main", dir)
	empty := homed(t, dir)
	trustIn(h.upstream, empty)
	install(t, empty)
	empty.Git("remote", "add", "origin", h.remote.Dir)
	empty.Git("pull", "--quiet", "origin", "main")
	vetoed(t, empty, "refs/heads/main", "unsigned", "commit", "--allow-empty", "--message", "Unsigned")
}
