package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A sealing is a repository on a forge whose merge button makes unsigned merges, and a checkout of
// it by a maintainer.
type sealing struct {
	maintainer
	server *gittest.Repo
}

// newSealing begins a repository by a rule for merges. The first key is the
// maintainer's own; the text of further entries follows.
func newSealing(t testing.TB, merges, entries string, keys ...*gittest.Key) sealing {
	t.Helper()
	server := newMaintainer(t, gittest.New(t), keys[0])
	var published []*gittest.Key
	for _, k := range keys {
		if !k.IsSSH() {
			published = append(published, k)
		}
	}
	server.Keyring(published...)
	server.Write(nixName, strings.Replace(listing(nixName, keys...), "keys:", "merges: "+merges+"\nkeys:", 1)+entries)
	server.does("init", "--yes")
	introduction := server.Git("rev-parse", "HEAD")
	server.Git("config", "receive.denyCurrentBranch", "refuse")
	dir := filepath.Join(t.TempDir(), "clone")
	server.Git("clone", "--quiet", server.Dir, dir)
	m := newMaintainer(t, gittest.At(t, dir), keys[0])
	m.does("trust", introduction, keys[0].Fingerprint)
	return sealing{m, server.Repo}
}

// proposes makes a branch of unsigned commits, as a contributor does.
func (f sealing) proposes(branch string, files ...string) string {
	f.t.Helper()
	f.Git("checkout", "--quiet", "-b", branch, "--no-track", "origin/main")
	for _, file := range files {
		f.Commit(file, "by a contributor\n")
	}
	return f.Git("rev-parse", "HEAD")
}

// merges pushes a branch and presses the forge's merge button.
func (f sealing) merges(branch string) {
	f.t.Helper()
	f.Git("push", "--quiet", "origin", branch)
	f.server.Git("merge", "--quiet", "--no-ff", "--message", "Merge "+branch, branch)
	f.Git("fetch", "--quiet")
}

// Sealed by a maintainer, a contributor's branch can be merged by the forge.
func TestSeal(t *testing.T) {
	t.Parallel()
	for _, k := range []*gittest.Key{gittest.SSH(t, "ed25519", "alice"), gittest.PGP(t, gittest.Subkey, "alice")} {
		f := newSealing(t, "vouched", "", k)
		head := f.proposes("feature", "one", "two")
		f.Write("staged", "x\n")
		f.Git("add", "staged")
		r := f.does("seal", "--yes")
		says(t, r.stdout, "to be merged into origin/HEAD", "Change two, not signed by anybody who is listed", "changes       one", "sealed: commit ", "git push origin feature")
		sealed := f.Git("rev-parse", "HEAD")
		if f.Git("rev-parse", "HEAD~") != head || f.Git("rev-parse", "HEAD^{tree}") != f.Git("rev-parse", "HEAD~^{tree}") {
			t.Error("the seal is not an empty commit on top of the head")
		}
		if status := f.Git("status", "--porcelain"); status != "A  staged" {
			t.Errorf("status %q", status)
		}
		f.keeps(func() {
			says(t, f.does("seal").stdout, "vouched for already: a merge into origin/HEAD needs no seal", sealed+", signed by")
		})
		f.Git("reset", "--quiet", "--hard")
		f.merges("feature")
		a := f.authentic("origin/main")
		if len(a.Signers) != 1 || a.Signers[0].Name != "alice" {
			t.Errorf("%+v", a.Signers)
		}
	}
}

// Without a seal the same merge is refused.
func TestNoSeal(t *testing.T) {
	t.Parallel()
	f := newSealing(t, "vouched", "", gittest.SSH(t, "ed25519", "alice"))
	f.proposes("feature", "one")
	f.merges("feature")
	want(t, f.json("verify", "origin/main"), "not-vouched", f.Git("rev-parse", "origin/main"))
}

// A head that somebody who is listed has signed needs no seal.
func TestSealOfASignedHead(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob")
	f := newSealing(t, "vouched", "", alice, bob)
	f.proposes("feature", "one")
	head := f.CommitAs(bob, "two", "by bob\n")
	f.Git("checkout", "--quiet", "--detach", "origin/main")
	a := f.json("seal", "feature", "--base", "origin/main")
	if s := a.Seal; !s.Vouched || s.Head != head || s.Base != "origin/main" || len(s.Vouchers) != 1 || s.Vouchers[0].Signer.Name != "bob" || s.Commits != 2 || s.PathCount != 2 {
		t.Errorf("%+v", s)
	}
	f.keeps(func() { f.does("seal", "feature", "--base", "origin/main") })
}

func TestSealRefused(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	limited := "  - name: carol\n    " + keyField(gittest.SSH(t, "ed25519", "carol")) + "\n    paths: [a/]\n" +
		"  - name: dave\n    " + keyField(gittest.SSH(t, "ed25519", "dave")) + "\n    may: [merge]\n"
	f := newSealing(t, "vouched", limited, alice)
	f.keeps(func() { f.refused(2, "is part of origin/HEAD already", "seal", "--yes") })
	f.proposes("feature", "a/one", "b")
	as := func(k *gittest.Key) sealing { return sealing{f.with(k), f.server} }
	f.keeps(func() {
		f.refused(2, "nobody is there to be asked", "seal")
		says(t, f.does("seal", "--dry-run").stdout, "you           alice", "dry run")
		r := as(bob).refused(2, "is not listed in the authorizations of origin/HEAD", "seal", "--yes")
		says(t, r.stderr, "these may: alice")
		as(gittest.SSH(t, "ed25519", "carol")).refused(2, "may change only what is below a/", "seal", "--yes")
		as(gittest.SSH(t, "ed25519", "dave")).refused(2, "may only merge", "seal", "--yes")
		f.refused(2, "is not the tip of a branch that is checked out", "seal", "HEAD~", "--yes")
		f.refused(2, "unknown revision", "seal", "nowhere")
		f.refused(2, "unknown revision", "seal", "--base", "nowhere")
		as(nil).refused(2, "gpg has no secret key", "seal", "--yes")
	})
	carol := as(gittest.SSH(t, "ed25519", "carol"))
	f.proposes("small", "a/one")
	says(t, carol.does("seal", "--yes").stdout, "sealed: ")
	f.merges("small")
	f.authentic("origin/main")

	f.proposes("rights", "x")
	f.Commit(nixName, strings.Replace(f.Git("show", "origin/main:"+nixName), "alice", "Alice", 1)+"\n")
	f.keeps(func() { f.refused(2, "no seal vouches for that", "seal", "--yes") })

	f.Git("checkout", "--quiet", "--detach", "feature")
	f.keeps(func() { f.refused(2, "is not the tip of a branch", "seal", "--yes") })
	f.Git("update-ref", "-d", "refs/remotes/origin/HEAD")
	f.keeps(func() { f.refused(2, "which branch will it be merged into?", "seal", "--yes") })
	bad := f.CommitAs(bob, "evil", "x\n")
	f.keeps(func() { f.refused(1, "refused commit ", "seal", "feature", "--base", bad, "--yes") })
}

// A seal that turns out to be somebody else's does not get onto the branch.
func TestSealBySomebodyElse(t *testing.T) {
	t.Parallel()
	alice, mallory := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "mallory")
	f := newSealing(t, "vouched", "", alice)
	f.proposes("feature", "one")
	program := filepath.Join(t.TempDir(), "sign")
	file := strings.TrimPrefix(mallory.Config()[1], "user.signingKey=")
	script := "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\nexec ssh-keygen -Y sign -n git -f '" + file + "' \"$1\"\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	f.Git("config", "gpg.ssh.program", program)
	f.keeps(func() { f.refused(2, "a merge would not be authentic all the same", "seal", "--yes") })
}

// By the other rules a seal means nothing, and that is said.
func TestSealByOtherRules(t *testing.T) {
	t.Parallel()
	for rule, text := range map[string]string{"strict": "each commit must be signed", "signed": "whoever merges vouches"} {
		f := newSealing(t, rule, "", gittest.SSH(t, "ed25519", "alice"))
		f.proposes("feature", "one")
		f.keeps(func() { f.refused(2, text, "seal", "--yes") })
	}
}

// What the branch follows is where it will be merged, unless that is its own copy.
func TestSealBase(t *testing.T) {
	t.Parallel()
	f := newSealing(t, "vouched", "", gittest.SSH(t, "ed25519", "alice"))
	f.server.Git("branch", "release")
	f.Git("fetch", "--quiet")
	f.proposes("feature", "one")
	f.Git("branch", "--quiet", "--set-upstream-to", "origin/release")
	r := f.does("seal", "--yes")
	says(t, r.stdout, "to be merged into origin/release", "git push origin feature\n")
	f.proposes("other", "two")
	f.Git("push", "--quiet", "--set-upstream", "origin", "other")
	says(t, f.does("seal", "--dry-run").stdout, "to be merged into origin/HEAD")
}

// What both sides have changed is settled before it is sealed.
func TestSealOfAConflict(t *testing.T) {
	t.Parallel()
	alice := gittest.SSH(t, "ed25519", "alice")
	f := newSealing(t, "vouched", "", alice)
	f.proposes("feature", "file")
	f.server.CommitAs(alice, "file", "by alice\n")
	f.Git("fetch", "--quiet")
	f.keeps(func() {
		r := f.refused(2, "would be refused with a seal, too", "seal", "--yes")
		says(t, r.stderr, "merge origin/HEAD into the branch first")
	})
}
