package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A trap is a program that leaves a file behind when it is run.
type trap struct {
	dir, program, sprung string
}

func newTrap(t *testing.T) trap {
	t.Helper()
	dir := t.TempDir()
	p := trap{dir, filepath.Join(dir, "trap"), filepath.Join(dir, "sprung")}
	script := "#!/bin/sh\necho \"$0 $*\" >>" + p.sprung + "\nexit 1\n"
	for _, name := range append([]string{"trap"}, hookNames...) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

var hookNames = []string{"reference-transaction", "post-index-change", "post-checkout", "pre-auto-gc", "pre-receive", "update", "fsmonitor-watchman"}

// set is whether the trap works at all: real git springs it.
func (p trap) set(t *testing.T, r *gittest.Repo) {
	t.Helper()
	_, _ = r.TryGit(nil, "status")
	if _, err := os.Stat(p.sprung); err != nil {
		t.Fatal("real git does not spring the trap, so that the test shows nothing")
	}
	if err := os.Remove(p.sprung); err != nil {
		t.Fatal(err)
	}
}

func (p trap) check(t *testing.T, what string) {
	t.Helper()
	if said, err := os.ReadFile(p.sprung); err == nil {
		t.Errorf("%s has run %s", what, said)
		os.Remove(p.sprung)
	}
}

// config is a configuration that makes git run the trap wherever it can.
func (p trap) config() []string {
	names := []string{
		"core.fsmonitor", "core.pager", "core.editor", "core.askPass", "core.sshCommand", "core.gitProxy",
		"core.alternateRefsCommand", "gpg.program", "gpg.openpgp.program", "gpg.ssh.program", "gpg.x509.program",
		"gpg.ssh.defaultKeyCommand", "diff.external", "diff.evil.textconv", "diff.evil.command", "filter.evil.smudge",
		"filter.evil.clean", "filter.evil.process", "merge.evil.driver", "credential.helper", "sequence.editor",
		"interactive.diffFilter", "remote.origin.uploadpack", "remote.origin.receivepack", "uploadpack.packObjectsHook",
		"pager.config", "pager.cat-file", "pager.rev-parse",
	}
	settings := []string{"core.hooksPath=" + p.dir}
	for _, name := range names {
		settings = append(settings, name+"="+p.program)
	}
	for _, alias := range []string{"cat-file", "rev-parse", "for-each-ref", "config", "symbolic-ref", "show-ref", "update-ref"} {
		settings = append(settings, "alias."+alias+"=!"+p.program)
	}
	return append(settings, "core.attributesFile="+filepath.Join(p.dir, "attributes"))
}

// commands are command lines that lead through all of the program.
func (h *history) commands() [][]string {
	judge := func(args ...string) []string { return append(args, h.flags()...) }
	return [][]string{
		judge("verify"), judge("verify", "main"), judge("verify", "main@{0}"), judge("verify", "main^{}"),
		judge("explain", "HEAD"), {"keyring", "list"},
		{"trust", h.introduction, h.signer.Fingerprint, "--branch", "other"},
		judge("verify", "main@{upstream}"), judge("verify", "nowhere"),
	}
}

// unknown says whether a command line of commands names what is not there.
func unknown(args []string) bool { return args[1] == "nowhere" || args[1] == "main@{upstream}" }

// Nothing in a repository's configuration or files makes this program run another.
func TestHostileConfiguration(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{"packed", "linked worktree"} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, guixName, alice(t))
			h.CommitAs(alice(t), ".gitattributes", "* diff=evil filter=evil merge=evil\n")
			u := h.user()
			if layout != "packed" {
				u.dir = filepath.Join(t.TempDir(), "tree")
				h.Git("worktree", "add", "--quiet", "-b", "second", u.dir)
			}
			p := newTrap(t)
			for _, setting := range p.config() {
				name, value, _ := strings.Cut(setting, "=")
				h.Git("config", "--file", ".git/config", name, value)
				h.Git("config", "--file", ".git/included", name, value)
			}
			h.Git("config", "--file", ".git/config", "include.path", "included")
			h.Git("config", "--file", ".git/config", "remote.origin.url", "ext::"+p.program)
			h.Git("config", "--file", ".git/config", "protocol.ext.allow", "always")
			h.Git("config", "--file", ".git/config", "branch.main.remote", "origin")
			h.Git("config", "--file", ".git/config", "branch.main.merge", "refs/heads/main")
			p.set(t, h.Repo)
			for _, args := range h.commands() {
				a := u.json(args...)
				p.check(t, strings.Join(args, " "))
				if exit := map[bool]int{true: 2}[unknown(args)]; a.Exit != exit {
					t.Errorf("%q ends with exit code %d instead of %d: %+v", args, a.Exit, exit, a)
				}
			}
		})
	}
}

// Nor does the environment, or the configuration of the user and the system, change
// what is read or run.
func TestHostileEnvironment(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t), mallory(t))
	good := h.CommitAs(alice(t), "a", "1")
	bad := h.CommitAs(mallory(t), "evil", "1")
	h.CommitAs(alice(t), "a", "2")
	h.Git("replace", bad, good)
	u := h.user()
	u.dir = filepath.Join(t.TempDir(), "tree")
	u.program = asProcess
	h.Git("worktree", "add", "--quiet", "-b", "second", u.dir)
	p := newTrap(t)
	global := gittest.At(t, u.env["HOME"])
	for _, setting := range p.config() {
		name, value, _ := strings.Cut(setting, "=")
		global.Git("config", "--file", ".gitconfig", name, value)
	}
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": filepath.Join(u.env["HOME"], ".gitconfig"), "GIT_CONFIG_SYSTEM": filepath.Join(u.env["HOME"], ".gitconfig"),
		"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": p.program,
		"GIT_CONFIG_PARAMETERS": "'core.fsmonitor'='" + p.program + "'",
		"GIT_PAGER":             p.program, "PAGER": p.program, "GIT_EDITOR": p.program, "GIT_ASKPASS": p.program,
		"GIT_SSH_COMMAND": p.program, "GIT_EXTERNAL_DIFF": p.program, "GIT_PROXY_COMMAND": p.program,
		"GIT_EXEC_PATH": p.dir, "GIT_TRACE": p.sprung, "GIT_TRACE2_EVENT": p.sprung, "GIT_TRACE_SETUP": p.sprung,
		"GIT_GRAFT_FILE": filepath.Join(p.dir, "grafts"), "GIT_REPLACE_REF_BASE": "refs/replace/",
		"GIT_NAMESPACE": "evil", "GIT_ATTR_SOURCE": "HEAD", "GIT_INDEX_FILE": p.sprung,
		"LC_ALL": "tr_TR.UTF-8", "TERM": "dumb",
	} {
		u.env[name] = value
	}
	gittest.At(t, p.dir).Write("grafts", h.Git("rev-parse", "HEAD")+" "+good+"\n")
	for _, args := range h.commands() {
		a := u.json(args...)
		p.check(t, strings.Join(args, " "))
		switch {
		case unknown(args):
			want(t, a, "usage", "")
		case args[0] == "verify":
			want(t, a, "unauthorized", bad)
		case a.Exit != 0:
			t.Errorf("%q ends with exit code %d: %+v", args, a.Exit, a)
		}
	}
}

// A program of git's name that lies where the command is started is not git.
func TestGitInTheCurrentDirectory(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	linked := filepath.Join(t.TempDir(), "tree")
	h.Git("worktree", "add", "--quiet", "-b", "second", linked)
	p := newTrap(t)
	if err := os.Rename(p.program, filepath.Join(linked, "git")); err != nil {
		t.Fatal(err)
	}
	program, err := released()
	if err != nil {
		t.Fatal(err)
	}
	cmd := newUser(t, linked).command(program, append([]string{"verify", "HEAD"}, h.flags()...))
	cmd.Dir = linked
	cmd.Env = append(cmd.Env, "PATH=.:")
	out, err := cmd.CombinedOutput()
	p.check(t, "verify")
	if cmd.ProcessState.ExitCode() != 5 || !strings.Contains(string(out), "git is not installed") {
		t.Errorf("without git on PATH: %v\n%s", err, out)
	}
}
