package main

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// council is a repository in which so many of the keys must agree to a change. The
// first of them begins it.
func council(t testing.TB, threshold string, keys ...*gittest.Key) maintainer {
	t.Helper()
	m := newMaintainer(t, gittest.New(t), keys[0])
	var published []*gittest.Key
	for _, k := range keys {
		if !k.IsSSH() {
			published = append(published, k)
		}
	}
	m.Keyring(published...)
	m.Write(nixName, councilFile(threshold, keys...))
	m.does("init", "--yes")
	return m
}

func councilFile(threshold string, keys ...*gittest.Key) string {
	text := "version: 1\nthreshold: " + threshold + "\nkeys:\n"
	for _, k := range keys {
		key := "ssh: " + k.Public
		if !k.IsSSH() {
			key = "openpgp: " + k.Primary
		}
		text += "  - name: " + k.Holder + "\n    " + key + "\n"
	}
	return text
}

// Without enough approvals a change is refused, with them it is authentic, whatever
// kinds of keys there are and whoever signs the commit.
func TestApprove(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	carol, dave := gittest.PGP(t, gittest.Subkey, "carol"), gittest.SSH(t, "ecdsa", "dave")
	m := council(t, "3", alice, bob, carol)
	m.does("key", "add", "dave", "--ssh", dave.Public)
	bad := m.commits()
	want(t, m.json("verify"), "threshold", bad)
	m.Git("reset", "--quiet", "--soft", "HEAD~")

	r := m.with(bob).does("approve", "--yes")
	says(t, r.stdout, "+ dave", "3 of 3 keys missing; alice, bob, carol may agree", "approved: "+authz.ApprovalDir+"/bob.sig", "2 of 3 keys missing")
	m.Git("add", "--all")
	bad = m.commits()
	want(t, m.json("verify"), "threshold", bad)
	m.Git("reset", "--quiet", "--soft", "HEAD~")

	r = m.with(carol).does("approve", "--yes")
	says(t, r.stdout, "approved by   bob", "approved: "+authz.ApprovalDir+"/carol.asc", "1 of 3 keys missing; alice may agree")
	r = m.does("approve", "--yes")
	says(t, r.stdout, "git add -- "+nixName+" .nix-authorizations.d", "git commit --gpg-sign")
	m.Git("add", "--", nixName, ".nix-authorizations.d")
	m.commits()
	m.authentic()
	says(t, m.does("approvals", "HEAD").stdout, "signed by     alice", "enough: 3 keys must agree and do")
	m.CommitAs(dave, "file", "dave\n")
	m.authentic()
}

// The approvals of a commit that proposes a change go into that commit.
func TestApproveACommit(t *testing.T) {
	t.Parallel()
	alice, bob, carol := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob"), gittest.SSH(t, "ed25519", "carol")
	m := council(t, "2", alice, bob)
	m.does("key", "add", "carol", "--ssh", carol.Public)
	proposed := m.commits()
	a := m.json("approvals", "HEAD")
	if p := a.Approvals; p.Needed != 2 || p.Missing != 1 || len(p.Approved) != 1 || p.Approved[0].Name != "alice" || p.Approved[0].Commit != proposed ||
		len(p.Could) != 1 || p.Could[0].Name != "bob" || p.New != proposed || p.Old != m.Git("rev-parse", "HEAD~") || a.Change.Rights[0].New.Name != "carol" {
		t.Errorf("%+v", p)
	}
	b := m.with(bob)
	r := b.does("approve", "HEAD", "--yes")
	says(t, r.stdout, "signed by     alice, whose signature on the commit counts", "git commit --amend --no-edit --gpg-sign")
	says(t, r.stderr, "alice agrees by the signature on the commit, which another signature would replace")
	says(t, b.does("approvals", "HEAD").stdout, "bob.sig, which is not in the commit yet", "1 of 2 keys missing")
	m.Git("add", "--", ".nix-authorizations.d")
	m.GitAs(alice, "commit", "--quiet", "--amend", "--no-edit")
	m.authentic()
	if got := b.json("approvals", "HEAD").Approvals; got.Missing != 0 || len(got.Approved) != 2 || !got.Approved[1].Counts {
		t.Errorf("%+v", got)
	}
	other := b.does("approve", proposed, "--yes") // which is not checked out any more
	says(t, other.stdout, "you have approved this change already")
}

// What does not agree to exactly this change, or is not entitled to, does not count.
func TestApprovalsThatDoNotCount(t *testing.T) {
	t.Parallel()
	alice, bob, carol := gittest.PGP(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob"), gittest.SSH(t, "ed25519", "carol")
	unknown := gittest.PGP(t, "ed25519", "dave")
	m := council(t, "2", alice, bob)
	m.does("key", "add", "carol", "--ssh", carol.Public)
	m.does("approve", "--yes")
	armor, err := os.ReadFile(filepath.Join(m.Dir, authz.ApprovalDir, "alice.asc"))
	if err != nil {
		t.Fatal(err)
	}
	r := m.with(carol).refused(2, "may not authorize by the file of commit", "approve", "--yes")
	says(t, r.stderr, "these may agree to it: alice, bob")
	m.does("key", "remove", "carol")
	m.does("key", "add", "eve", "--ssh", carol.Public)
	m.Write(authz.ApprovalDir+"/unknown.asc", string(unknown.Sign(t, []byte("x"))))
	m.Write(authz.ApprovalDir+"/text", "no signature\n")
	m.Write(authz.ApprovalDir+"/large.asc", strings.Repeat("x", 70_000))
	m.Write(authz.ApprovalDir+"/copy.asc", string(armor))
	m.Write(authz.ApprovalDir+"/below/bob.sig", string(armor))
	a := m.json("approvals")
	details := map[string]string{}
	for _, ignored := range a.Approvals.Ignored {
		details[filepath.Base(ignored.File)] = ignored.Detail
	}
	for file, detail := range map[string]string{
		"alice.asc": "does not approve this change", "copy.asc": "does not approve this change", "unknown.asc": "not in the keyring",
		"text": "not that of an armor", "large.asc": "larger than",
	} {
		if !strings.Contains(details[file], detail) {
			t.Errorf("%s: %q", file, details[file])
		}
	}
	if a.Approvals.Missing != 2 || len(a.Approvals.Approved) != 0 {
		t.Errorf("%+v", a.Approvals)
	}
	m.does("approve", "--yes") // in the place of the old one
	if a = m.json("approvals"); a.Approvals.Missing != 1 || len(a.Approvals.Approved) != 1 {
		t.Errorf("%+v", a.Approvals)
	}
}

// Who may not authorize, or has too weak a key, has no say, whatever is in the file.
func TestApprovalsWithoutTheRight(t *testing.T) {
	t.Parallel()
	alice, bob, carol := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob"), gittest.SSH(t, "ed25519", "carol")
	dsa, sub := gittest.PGP(t, "dsa2048", "dave"), gittest.PGP(t, gittest.Subkey, "eve")
	m := newMaintainer(t, gittest.New(t), alice)
	m.Keyring(dsa, sub)
	text := councilFile("2", alice, bob, dsa, sub) + "  - name: eves-subkey\n    openpgp: " + sub.Fingerprint + "\n    may: [commit]\n" +
		"  - name: carol\n    ssh: " + carol.Public + "\n    may: [commit, merge]\n"
	m.Write(nixName, text)
	m.does("init", "--yes")
	m.Write(nixName, text+"# more\n")
	m.keeps(func() {
		m.with(carol).refused(2, "may not authorize by the file of commit", "approve", "--yes")
		// By the primary key she might, but the subkey that signs is listed for less.
		m.with(sub).refused(2, "may not authorize by the file of commit", "approve", "--yes")
	})
	digest := func(content string) [32]byte { return sha256.Sum256([]byte(content)) }
	message := authz.ApprovalMessage(digest(text), digest(text+"# more\n"))
	m.Write(authz.ApprovalDir+"/dsa.asc", string(dsa.Sign(t, message)))
	m.Write(authz.ApprovalDir+"/eve.asc", string(sub.Sign(t, message)))
	m.Write("message", string(message))
	file := strings.TrimPrefix(carol.Config()[1], "user.signingKey=")
	if out, err := exec.Command("ssh-keygen", "-Y", "sign", "-n", authz.ApprovalNamespace, "-f", file, filepath.Join(m.Dir, "message")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Rename(filepath.Join(m.Dir, "message.sig"), filepath.Join(m.Dir, authz.ApprovalDir, "carol.sig")); err != nil {
		t.Fatal(err)
	}
	a := m.json("approvals")
	if len(a.Approvals.Approved) != 0 || a.Approvals.Missing != 2 || len(a.Approvals.Ignored) != 3 {
		t.Fatalf("%+v", a.Approvals)
	}
	for i, detail := range []string{"carol may only commit, merge", "too weak", "eves-subkey may only commit"} {
		if got := a.Approvals.Ignored[i].Detail; !strings.Contains(got, detail) {
			t.Errorf("%q instead of %q", got, detail)
		}
	}
	m.Git("add", "--all")
	want(t, m.json("verify", m.commits()), "threshold", m.Git("rev-parse", "HEAD"))
}

func TestApproveRefused(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	m := council(t, "2", alice, bob)
	first := m.Git("rev-parse", "HEAD")
	m.keeps(func() { m.refused(2, "is the same in", "approve", "--yes") })
	m.keeps(func() { m.refused(2, "has no parent", "approve", "HEAD", "--yes") })
	m.Commit("file", "x\n")
	m.keeps(func() { m.refused(2, "is the same in", "approve", "HEAD", "--yes") })
	m.Write(nixName, "version: 3\n")
	m.keeps(func() { m.refused(2, "of the work tree is malformed: line 1, column 10", "approve", "--yes") })
	m.Write(nixName, councilFile("1", alice, bob))
	m.keeps(func() {
		m.refused(2, "nobody is there to be asked", "approve")
		says(t, m.does("approve", "--dry-run").stdout, "threshold: 1 (was 2)", "dry run: nothing has been changed")
		says(t, m.does("-q", "approvals").stdout)
	})
	if err := os.Symlink(t.TempDir(), filepath.Join(m.Dir, ".nix-authorizations.d")); err != nil {
		t.Fatal(err)
	}
	m.refused(2, "is not a directory", "approve", "--yes")
	if err := os.Remove(filepath.Join(m.Dir, ".nix-authorizations.d")); err != nil {
		t.Fatal(err)
	}
	m.keeps(func() { m.refused(2, "contradict", "approvals", "HEAD", "--staged") })
	m.does("approve", "--yes")

	one := founded(t, alice)
	one.does("key", "add", "bob", "--ssh", bob.Public)
	one.keeps(func() { says(t, one.does("approve").stdout, "none are needed: one key is enough") })
	bare := newMaintainer(t, gittest.At(t, filepath.Join(t.TempDir(), "bare")), alice)
	m.commits()
	m.Git("clone", "--quiet", "--bare", m.Dir, bare.Dir)
	bare.dir = bare.Dir
	says(t, bare.does("approvals", "main").stdout, "signed by     alice", "1 of 2 keys missing")
	bare.refused(2, "no work tree", "approve", "main", "--yes")
	bare.refused(2, "no work tree", "approvals")
	if m.Git("rev-parse", "HEAD~2") != first {
		t.Error("the history is not what it was")
	}
}

// Which file is meant, that of the work tree or of the index, is said.
func TestApproveStaged(t *testing.T) {
	t.Parallel()
	alice, bob, carol := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob"), gittest.SSH(t, "ed25519", "carol")
	m := council(t, "2", alice, bob)
	m.Write(nixName, councilFile("2", alice, bob, carol))
	m.Git("add", nixName)
	m.Write(nixName, councilFile("1", alice, bob))
	r := m.with(bob).does("approve", "--yes", "--staged")
	says(t, r.stdout, "and the index:", "+ carol")
	says(t, r.stderr, "yet another")
	if a := m.json("approvals"); a.Approvals.Missing != 2 || !a.warned("staged-differs") {
		t.Errorf("%+v", a)
	}
	m.Git("add", ".nix-authorizations.d")
	m.GitAs(alice, "commit", "--quiet", "--message", "Let carol in") // what is staged
	m.authentic()
}

// Two people whose names make the same file name do not overwrite each other.
func TestApproveByNamesakes(t *testing.T) {
	t.Parallel()
	alice, other := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ecdsa", "alice")
	m := newMaintainer(t, gittest.New(t), alice)
	text := "version: 1\nthreshold: 2\nkeys:\n  - name: alice\n    ssh: " + alice.Public + "\n  - name: Alice!\n    ssh: " + other.Public + "\n"
	m.Write(nixName, text)
	m.does("init", "--yes")
	m.Write(nixName, text+"# more\n")
	says(t, m.does("approve", "--yes").stdout, "nobody's: comments, order or layout alone")
	m.with(other).does("approve", "--yes")
	if a := m.json("approvals"); a.Approvals.Missing != 0 || len(a.Approvals.Approved) != 2 {
		t.Errorf("%+v", a.Approvals)
	}
}

// An approval that nobody else can check is told of.
func TestApproveWithAnUnpublishedKey(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob")
	m := council(t, "2", alice, bob)
	m.Git("update-ref", "-d", "refs/heads/keyring")
	m.Write(nixName, councilFile("1", alice, bob))
	a := m.with(bob).json("approve", "--yes")
	if !a.warned("key-missing") || a.Approvals.Written == "" {
		t.Errorf("%+v", a)
	}
}
