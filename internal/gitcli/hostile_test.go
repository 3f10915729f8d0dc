package gitcli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// evil is a program that leaves a trace, and the trace.
func evil(t *testing.T) (program string, ran func() bool) {
	t.Helper()
	dir := t.TempDir()
	marker := filepath.Join(dir, "marker")
	program = filepath.Join(dir, "evil")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n: > "+marker+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return program, func() bool {
		_, err := os.Stat(marker)
		os.Remove(marker)
		return err == nil
	}
}

// hostileConfig names the program wherever a configuration can name one.
func hostileConfig(program string) string {
	return strings.ReplaceAll(`
[core]
	fsmonitor = EVIL
	hooksPath = HOOKS
	pager = EVIL
	editor = EVIL
	sshCommand = EVIL
	askPass = EVIL
	gitProxy = EVIL
	alternateRefsCommand = EVIL
	attributesFile = /nonexistent
[alias]
	rev-parse = !EVIL
	status = !EVIL
	cat-file = !EVIL
[pager]
	status = EVIL
	for-each-ref = EVIL
[credential]
	helper = !EVIL
[gpg]
	program = EVIL
[sequence]
	editor = EVIL
[uploadpack]
	packObjectsHook = EVIL
[protocol "ext"]
	allow = always
[protocol]
	allow = always
`, "EVIL", program)
}

// commands are what git is used for here, and what would run a hook.
var commands = [][]string{
	{"rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}"},
	{"cat-file", "-t", "HEAD"},
	{"for-each-ref", "--format=%(refname) %(objectname) %(symref)", "--", "refs"},
	{"symbolic-ref", "--quiet", "HEAD"},
	{"merge-tree", "--write-tree", "HEAD", "HEAD"},
	{"status", "--porcelain"},
	{"update-index", "--refresh"},
	{"update-ref", "refs/heads/new", "HEAD"},
	{"log", "-1"},
}

func TestRepositoryConfigurationRunsNothing(t *testing.T) {
	program, ran := evil(t)
	r := gittest.New(t)
	r.Commit("file", "text\n")
	gitDir := filepath.Join(r.Dir, ".git")
	for _, hook := range []string{"reference-transaction", "post-index-change", "fsmonitor-watchman", "post-checkout", "pre-auto-gc"} {
		copyFile(t, program, filepath.Join(gitDir, "hooks", hook))
	}
	config := strings.ReplaceAll(hostileConfig(program), "HOOKS", filepath.Join(gitDir, "hooks"))
	appendFile(t, filepath.Join(gitDir, "config"), config)
	if r.Git("update-ref", "refs/heads/other", "HEAD"); !ran() {
		t.Fatal("the trap does not work: not even git by itself runs the hook")
	}
	runAll(t, Repository{GitDir: gitDir, Dir: r.Dir}, ran)
}

func TestUserAndSystemConfigurationRunNothing(t *testing.T) {
	program, ran := evil(t)
	r := gittest.New(t)
	r.Commit("file", "text\n")
	home := t.TempDir()
	hooks := filepath.Join(home, "hooks")
	copyFile(t, program, filepath.Join(hooks, "reference-transaction"))
	config := strings.ReplaceAll(hostileConfig(program), "HOOKS", hooks)
	for _, name := range []string{".gitconfig", "git/config", "system"} {
		appendFile(t, filepath.Join(home, name), config)
	}
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("GIT_CONFIG_SYSTEM", filepath.Join(home, "system"))
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(home, ".gitconfig"))
	runAll(t, Repository{GitDir: filepath.Join(r.Dir, ".git"), Dir: r.Dir}, ran)
	out, err := Repository{GitDir: filepath.Join(r.Dir, ".git")}.Output(context.Background(), "config", "--list", "--show-origin")
	if err != nil || strings.Contains(string(out), home) {
		t.Errorf("error %v, configuration\n%s", err, out)
	}
}

func runAll(t *testing.T, r Repository, ran func() bool) {
	t.Helper()
	for _, command := range commands {
		if _, err := r.Output(context.Background(), command...); err != nil {
			t.Errorf("%q: %v", command, err)
		}
		if ran() {
			t.Errorf("%q ran a program that the configuration names", command)
		}
	}
}

func TestNothingIsFetched(t *testing.T) {
	program, ran := evil(t)
	r := gittest.New(t)
	id := r.Commit("file", "text\n")
	for _, url := range []string{"ext::" + program, "ssh://example.invalid/x", "evil::x", r.Dir} {
		r.Git("config", "core.sshCommand", program)
		r.Git("config", "remote.origin.url", url)
		r.Git("config", "remote.origin.uploadpack", program)
		r.Git("config", "protocol.allow", "always")
		r.Git("config", "protocol.ext.allow", "always")
		r.Git("config", "protocol.file.allow", "always")
		for _, command := range [][]string{{"fetch", "origin"}, {"ls-remote", "origin"}, {"ls-remote", url}} {
			out, err := Repository{GitDir: filepath.Join(r.Dir, ".git")}.Output(context.Background(), command...)
			if err == nil || strings.Contains(string(out), id) || ran() {
				t.Errorf("%s: %q works: %s", url, command, out)
			}
		}
	}
}

// Only parents and content that the objects themselves have are seen.
func TestReplaceRefsGraftsAndCommitGraphAreIgnored(t *testing.T) {
	r := gittest.New(t)
	first, second := r.Commit("file", "1\n"), r.Commit("file", "2\n")
	other := r.Commit("file", "3\n")
	r.Git("commit-graph", "write", "--reachable")
	r.Git("replace", second, other)
	appendFile(t, filepath.Join(r.Dir, ".git", "info", "grafts"), second+"\n")
	git := Repository{GitDir: filepath.Join(r.Dir, ".git")}
	out, err := git.Output(context.Background(), "rev-list", "--parents", "-1", second)
	if err != nil || string(out) != second+" "+first+"\n" {
		t.Errorf("parents %q, error %v", out, err)
	}
	// That they are not believed goes without saying.
	_, err = git.Output(context.Background(), "rev-list", "--end-of-options", second, "nowhere")
	if failed, ok := Failed(err); !ok || !strings.Contains(failed.Stderr, "nowhere") {
		t.Errorf("error %v", err)
	}
	out, err = git.Output(context.Background(), "cat-file", "commit", second)
	if err != nil || !strings.Contains(string(out), "parent "+first+"\n") {
		t.Errorf("commit %q, error %v", out, err)
	}
}

// The zero Repository is none, wherever the program runs.
func TestNoRepository(t *testing.T) {
	r := gittest.New(t)
	r.Git("config", "evil.key", "value")
	t.Chdir(r.Dir)
	ctx := context.Background()
	if out, err := (Repository{}).Output(ctx, "rev-parse", "--git-dir"); err == nil {
		t.Errorf("a repository was found: %s", out)
	}
	if out, err := (Repository{}).Output(ctx, "config", "evil.key"); err == nil {
		t.Errorf("its configuration was read: %s", out)
	}
	if out, err := (Repository{}).Output(ctx, "version"); err != nil || !strings.HasPrefix(string(out), "git version ") {
		t.Errorf("output %q, error %v", out, err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o755); err != nil {
		t.Fatal(err)
	}
}

func appendFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
