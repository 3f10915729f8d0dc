package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// From nothing to a verdict, with every kind of key.
func TestInit(t *testing.T) {
	t.Parallel()
	for _, k := range []*gittest.Key{
		gittest.SSH(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "alice"), gittest.PGP(t, gittest.Subkey, "alice"),
	} {
		m := newMaintainer(t, gittest.New(t), k)
		r := m.does("init", "--yes")
		commit := m.Git("rev-parse", "HEAD")
		says(t, r.stdout, "introduction "+commit, "git config commit.gpgSign true", "git remote add origin URL", "git push origin main",
			"nix-authorize clone URL --introduction "+commit+" --signer "+k.Fingerprint,
			"nix-authorize trust "+commit+" "+k.Fingerprint)
		if a := m.authentic(); a.Introduction.Commit != commit || a.Introduction.Signer != k.Fingerprint {
			t.Errorf("%+v", a.Introduction)
		}
		if files := m.Git("ls-tree", "--name-only", "HEAD"); files != nixName {
			t.Errorf("the introduction has %q", files)
		}
		if status := m.Git("status", "--porcelain"); status != "" {
			t.Errorf("status %q", status)
		}
		if !k.IsSSH() {
			says(t, r.stdout, "git push origin main keyring")
			says(t, string(m.Object("keyring")), "\ngpgsig ")
		}
		m.keeps(func() { m.refused(2, "introduction already", "init", "--yes") })
		inClone(t, m, commit)
	}
}

// inClone has somebody else record what was printed, in a clone.
func inClone(t *testing.T, m maintainer, introduction string) {
	t.Helper()
	target := filepath.Join(t.TempDir(), "clone")
	m.Git("clone", "--quiet", m.Dir, target)
	other := newUser(t, target)
	if r := other.run("trust", introduction, m.key.Fingerprint); r.exit != 0 {
		t.Errorf("trust: %s%s", r.stdout, r.stderr)
	}
	want(t, other.json("verify"), "authentic", "")
}

// What was there before stays: commits, staged changes, other branches.
func TestInitInAHistory(t *testing.T) {
	t.Parallel()
	m := newMaintainer(t, gittest.New(t), gittest.PGP(t, "ed25519", "alice"))
	first := m.Commit("file", "text\n")
	m.Write(".gitignore", ".*\n")
	m.Write("staged", "text\n")
	m.Git("add", "staged")
	m.Git("remote", "add", "upstream", "https://user:secret@example.org/hello.git")
	r := m.does("init", "--yes", "--name", "Alice Ex: ample", "--merges", "vouched", "--message", "Begin", "--keyring", "keys")
	if parent := m.Git("rev-parse", "HEAD~"); parent != first {
		t.Errorf("the parent is %s", parent)
	}
	if staged := m.Git("diff", "--cached", "--name-status"); staged != "A\tstaged" {
		t.Errorf("staged: %q", staged)
	}
	if changed := m.Git("diff", "--name-status", "HEAD~", "HEAD"); changed != "A\t"+nixName {
		t.Errorf("the introduction changes %q", changed)
	}
	if subject := m.Git("log", "-1", "--format=%s"); subject != "Begin" {
		t.Errorf("subject %q", subject)
	}
	says(t, m.Git("show", "HEAD:"+nixName), "merges: vouched\n", "- name: 'Alice Ex: ample'\n")
	says(t, r.stdout, "git push upstream main keys", "clone URL --introduction", "--keyring keys", "on top of "+first)
	if strings.Contains(r.stdout, "secret") {
		t.Errorf("a password is shown:\n%s", r.stdout)
	}
	if a := m.authentic(); a.Keyring != "branch keys" {
		t.Errorf("keyring %q", a.Keyring)
	}
}

// What is shown first is what is done, and --dry-run does nothing of it.
func TestInitDryRun(t *testing.T) {
	t.Parallel()
	m := newMaintainer(t, gittest.New(t), gittest.PGP(t, "ed25519", "alice"))
	m.Commit("file", "text\n")
	m.keeps(func() {
		r := m.does("init", "--dry-run")
		says(t, r.stdout, "+ alice", "one commit with alice.key on branch keyring, which is new", "dry run: nothing has been changed")
		m.refused(2, "nobody is there to be asked", "init")
		a := m.json("init")
		if a.Exit != 2 || a.Error.Class != "usage" {
			t.Errorf("%+v", a)
		}
	})
}

func TestInitJSON(t *testing.T) {
	t.Parallel()
	k := gittest.SSH(t, "ed25519", "alice")
	m := newMaintainer(t, gittest.New(t), k)
	a := m.json("init", "--yes")
	if a.Outcome != "done" || a.Introduction.Commit != m.Git("rev-parse", "HEAD") || a.Signer == nil || a.Signer.Fingerprint != k.Fingerprint ||
		len(a.Change.Rights) != 1 || a.Change.Rights[0].New.Name != "alice" || len(a.Next) != 3 {
		t.Errorf("%+v", a)
	}
}

// A file that is there already is taken as it is, if whoever signs can go on from it.
func TestInitWithAFile(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	m := newMaintainer(t, gittest.New(t), alice)
	for text, why := range map[string]string{
		"version: 2\n":        "malformed: line 1, column 10",
		listing(nixName, bob): "does not let your own key",
		listing(nixName, alice) + "    may: [commit]\n  - name: bob\n    " + keyField(bob) + "\n": "does not let your own key",
	} {
		m.Write(nixName, text)
		m.keeps(func() { m.refused(2, why, "init", "--yes") })
	}
	text := "# ours\n" + listing(nixName, alice, bob)
	m.Write(nixName, text)
	m.keeps(func() { m.refused(2, "taken as it is", "init", "--yes", "--name", "x") })
	m.does("init", "--yes")
	if committed := m.Git("show", "HEAD:"+nixName); committed != strings.TrimSuffix(text, "\n") {
		t.Errorf("committed:\n%s", committed)
	}
	m.authentic()
}

// Nothing is made where nothing can be.
func TestInitRefused(t *testing.T) {
	t.Parallel()
	alice := gittest.PGP(t, "ed25519", "alice")
	for _, c := range []struct {
		name, says string
		key        *gittest.Key
		prepare    func(m maintainer)
	}{
		{"no key", "gpg has no secret key", nil, func(maintainer) {}},
		{"no such rule", "unknown rule for merges", alice, nil},
		{"detached HEAD", "no branch is checked out", alice, func(m maintainer) { m.Git("checkout", "--quiet", "--detach") }},
		{"a file in HEAD", "is there already, in commit", alice, func(m maintainer) { m.Commit(nixName, "x\n") }},
		{"a link", "is not a regular file", alice, func(m maintainer) {
			if err := os.Symlink("file", filepath.Join(m.Dir, nixName)); err != nil {
				m.t.Fatal(err)
			}
		}},
		{"the keyring is checked out", "is checked out", alice, func(m maintainer) { m.Git("checkout", "--quiet", "-b", "keyring") }},
		{"a bad name", "would make .nix-authorizations malformed", alice, func(m maintainer) { m.env["GIT_COMMITTER_NAME"] = "a\tb" }},
		{"nobody", "does not know who you are", alice, func(m maintainer) { m.env["GIT_COMMITTER_EMAIL"] = ""; m.env["GIT_COMMITTER_NAME"] = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMaintainer(t, gittest.New(t), c.key)
			m.Commit("file", "text\n")
			args := []string{"init", "--yes"}
			if c.prepare == nil {
				args = append(args, "--merges", "lax")
			} else {
				c.prepare(m)
			}
			m.keeps(func() { m.refused(2, c.says, args...) })
		})
	}
	outside := newMaintainer(t, gittest.New(t), alice)
	outside.dir = t.TempDir()
	outside.refused(2, "git init", "init", "--yes")
	bare := newMaintainer(t, gittest.New(t, "--bare"), alice)
	bare.refused(2, "no work tree", "init", "--yes")
}

// If git cannot sign, there is no introduction, and the same command goes on when it
// can.
func TestInitGoesOn(t *testing.T) {
	t.Parallel()
	m := newMaintainer(t, gittest.New(t), gittest.SSH(t, "ed25519", "alice"))
	m.Write("staged", "x\n")
	m.Git("add", "staged")
	m.Git("config", "core.hooksPath", "hooks")
	m.Write("hooks/pre-commit", "#!/bin/sh\necho no >&2\nexit 1\n")
	if err := os.Chmod(filepath.Join(m.Dir, "hooks/pre-commit"), 0o777); err != nil {
		t.Fatal(err)
	}
	r := m.refused(2, "no signed commit was made", "init", "--yes", "--name", "alice")
	says(t, r.stderr, "stays in the work tree")
	if refs := m.Git("for-each-ref"); refs != "" {
		t.Errorf("refs %q", refs)
	}
	if staged := m.Git("ls-files"); staged != "staged" {
		t.Errorf("staged %q", staged)
	}
	m.Git("config", "core.hooksPath", "none")
	m.does("init", "--yes", "--name", "alice")
	m.authentic()
}

// What a hook has changed is noticed.
func TestInitAndAHookThatChangesTheFile(t *testing.T) {
	t.Parallel()
	m := newMaintainer(t, gittest.New(t), gittest.SSH(t, "ed25519", "alice"))
	mallory := listing(nixName, gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "mallory"))
	m.Git("config", "core.hooksPath", "hooks")
	m.Write("evil", mallory)
	m.Write("hooks/pre-commit", "#!/bin/sh\ncp evil "+nixName+"\ngit add "+nixName+"\n")
	if err := os.Chmod(filepath.Join(m.Dir, "hooks/pre-commit"), 0o777); err != nil {
		t.Fatal(err)
	}
	m.refused(2, "not the one that was shown", "init", "--yes")
	if config, err := os.ReadFile(filepath.Join(m.Dir, ".git/config")); err != nil || strings.Contains(string(config), "introduction") {
		t.Errorf("recorded: %s, %v", config, err)
	}
}
