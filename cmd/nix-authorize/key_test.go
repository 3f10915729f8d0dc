package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// founded is a maintainer with a repository that has its beginning.
func founded(t testing.TB, k *gittest.Key) maintainer {
	t.Helper()
	m := newMaintainer(t, gittest.New(t), k)
	m.does("init", "--yes", "--name", k.Holder)
	return m
}

// commits commits all that is tracked, as the maintainer does.
func (m maintainer) commits(args ...string) string {
	m.t.Helper()
	m.GitAs(m.key, append([]string{"commit", "--quiet", "--all", "--message", "Change"}, args...)...)
	return m.Git("rev-parse", "HEAD")
}

// with is the same place with somebody else at it.
func (m maintainer) with(k *gittest.Key) maintainer {
	m.t.Helper()
	return newMaintainer(m.t, m.Repo, k)
}

// Whoever is added may sign from the next commit on, whatever kind of key it is and
// wherever it comes from; whoever is removed may not.
func TestKeyAddAndRemove(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	carol, dave, eve := gittest.PGP(t, gittest.Subkey, "carol"), gittest.PGP(t, "rsa2048", "dave"), gittest.SSH(t, "ecdsa", "eve")
	m := founded(t, alice)
	m.Write("keys/bob.pub", bob.Public+" bob@laptop\n")
	m.Write("keys/dave.asc", dave.Public)
	head := m.Git("rev-parse", "HEAD")

	m.does("key", "add", "bob", "--ssh", "keys/bob.pub")
	m.does("key", "add", "Eve: e", "--ssh", eve.Public+" some comment", "--paths", "a/,b")
	r := m.does("key", "add", "carol", "--openpgp", strings.ToLower(carol.Primary)) // from gpg
	says(t, r.stdout, "+ carol", "carol.key on branch keyring", "git push origin keyring", "git commit --gpg-sign --message 'Let carol sign' -- "+nixName)
	other := m.with(alice)
	other.env["GNUPGHOME"] = t.TempDir() // a gpg that knows nobody
	r = other.does("key", "add", "dave", "--openpgp", "keys/dave.asc", "--may", "commit,merge")
	says(t, r.stdout, "+ dave  "+dave.Primary+"  may commit, merge")
	if m.Git("rev-parse", "HEAD") != head {
		t.Error("something was committed on the branch")
	}
	m.commits()
	for _, k := range []*gittest.Key{bob, carol, dave} {
		m.CommitAs(k, "file", k.Holder+"\n")
	}
	m.CommitAs(eve, "a/file", "eve\n")
	m.authentic()

	r = m.does("key", "remove", bob.Fingerprint)
	says(t, r.stdout, "- bob", "may not sign any more")
	m.commits()
	m.authentic()
	bad := m.CommitAs(bob, "file", "bob again\n")
	want(t, m.json("verify"), "unauthorized", bad)
}

// A key that is published already is listed without another commit, also if gpg does
// not have it.
func TestKeyAddOfAPublishedKey(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob")
	m := founded(t, alice)
	m.Keyring(bob)
	keyring := m.Git("rev-parse", "keyring")
	r := m.does("key", "add", "bob", "--openpgp", bob.Fingerprint)
	if strings.Contains(r.stdout, "keyring") || m.Git("rev-parse", "keyring") != keyring {
		t.Errorf("published again:\n%s", r.stdout)
	}
	m.commits()
	m.CommitAs(bob, "file", "bob\n")
	m.authentic()
}

func TestKeyAddRefused(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob")
	m := founded(t, alice)
	m.Write("two.asc", bob.Public+gittest.PGP(t, "ed25519", "alice").Public)
	m.Write("two.pub", alice.Public+"\n"+gittest.SSH(t, "ecdsa", "eve").Public+"\n")
	m.Write("secret", "-----BEGIN OPENSSH PRIVATE KEY-----\n")
	m.Write("options.pub", "restrict "+alice.Public+"\n")
	m.Write("secret.asc", bob.Public+"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxA==\n-----END PGP PRIVATE KEY BLOCK-----\n")
	for _, c := range []struct{ name, says string }{
		{"key add bob", "which key?"},
		{"key add bob --ssh x --openpgp y", "which key?"},
		{"key add bob --ssh nowhere", "neither a key nor a file"},
		{"key add bob --ssh secret", "private key"},
		{"key add bob --ssh two.pub", "2 keys instead of one"},
		{"key add bob --ssh options.pub", "cannot be used"},
		{"key add bob --openpgp nowhere", "neither a key nor a file"},
		{"key add bob --openpgp 6F5120A022FBB2D5", "neither a key nor a file"},
		{"key add bob --openpgp " + strings.Repeat("A", 40), "neither gpg nor the keyring"},
		{"key add bob --openpgp two.asc", "2 keys in the file"},
		{"key add bob --openpgp secret.asc", "not just one public key"},
		{"key add bob --openpgp two.pub", "no OpenPGP key"},
		{"key add alice --openpgp BOB", `the name "alice" is that of the key on line`},
		{"key add bob --ssh ALICE", "is listed on line"},
		{"key add bob --openpgp BOB --may rule", `unknown right "rule"`},
		{"key add bob --openpgp BOB --may merge --paths a/", "a key with paths never"},
		{"key add bob --openpgp BOB --paths ../a", "malformed"},
		{"key remove bob", `no key of the name or fingerprint "bob"`},
		{"key remove alice", "no list of keys"},
	} {
		args := strings.Fields(c.name)
		for i, arg := range args {
			switch arg {
			case "BOB":
				m.Write("bob.asc", bob.Public)
				args[i] = "bob.asc"
			case "ALICE":
				args[i] = alice.Public
			}
		}
		m.keeps(func() { m.refused(2, c.says, args...) })
	}
	m.Write(nixName, "version: 2\n")
	m.keeps(func() { m.refused(2, "in the work tree is malformed", "key", "add", "bob", "--openpgp", "bob.asc") })
	if err := os.Remove(filepath.Join(m.Dir, nixName)); err != nil {
		t.Fatal(err)
	}
	m.refused(2, "nix-authorize init", "key", "remove", "alice")
}

// What a maintainer should know before the commit is said.
func TestKeyWarnings(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	m := founded(t, alice)
	a := m.with(bob).json("key", "add", "bob", "--ssh", bob.Public)
	if !a.warned("not-authorized") || a.Outcome != "done" || len(a.Change.Rights) != 1 || len(a.Next) != 1 {
		t.Errorf("%+v", a)
	}
	if a = m.json("key", "remove", "alice"); !a.warned("own-key") {
		t.Errorf("%+v", a)
	}
	m.Write(nixName, "version: 1\nthreshold: 2\n"+strings.TrimPrefix(listing(nixName, alice, bob), "version: 1\n"))
	m.commits()
	carol := gittest.SSH(t, "ed25519", "carol")
	if a = m.json("key", "add", "carol", "--ssh", carol.Public); a.ApprovalsNeeded != 1 || a.Next[0] != "nix-authorize approve" {
		t.Errorf("%+v", a)
	}
}

// A keyring that is a directory is left to the user.
func TestKeyAddToADirectory(t *testing.T) {
	t.Parallel()
	m := founded(t, gittest.SSH(t, "ed25519", "alice"))
	bob := gittest.PGP(t, "ed25519", "bob")
	m.Write("keys/bob.key", bob.Public)
	m.Git("config", "nix-authorize.keyring", "./keys")
	r := m.with(bob).does("key", "add", "bob", "--openpgp", bob.Fingerprint)
	says(t, r.stdout, "gpg --armor --export "+bob.Fingerprint+" >./keys/bob.key")
	if refs := m.Git("for-each-ref", "--format=%(refname)"); refs != "refs/heads/main" {
		t.Errorf("refs %q", refs)
	}
}

func TestKeyList(t *testing.T) {
	t.Parallel()
	alice := gittest.PGP(t, "ed25519", "alice")
	m := founded(t, alice)
	expired, revoked := gittest.PGP(t, gittest.Expired, "bob"), gittest.PGP(t, gittest.Revoked, "carol")
	m.Keyring(alice, expired, revoked)
	m.Write(nixName, listing(nixName, alice, expired, revoked)+"  - name: dave\n    openpgp: "+strings.Repeat("A", 40)+"\n")
	r := m.does("key", "list")
	says(t, r.stdout, "4 keys, merges: strict, threshold: 1", "authorize  you", "expired 2020-06-02", "revoked", "not in the keyring", "not committed yet:", "+ dave")
	r = m.does("key", "list", "HEAD")
	says(t, r.stdout, "(HEAD): 1 key")
	if strings.Contains(r.stdout, "dave") {
		t.Error(r.stdout)
	}
	a := m.json("key", "list")
	if len(a.Authorized) != 4 || a.OwnKey != alice.Fingerprint || a.Rule.Merges != "strict" || len(a.Change.Rights) != 3 {
		t.Errorf("%+v", a)
	}
	m.refused(2, "unknown revision", "key", "list", "nowhere")
	m.Write(nixName, "x\n")
	m.refused(2, "malformed", "key", "list")
}

// From Guix's file to a verdict.
func TestImport(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob")
	m := newMaintainer(t, gittest.New(t), alice)
	m.refused(2, "neither a key nor a file", "import")
	guix := strings.Replace(listing(guixName, alice, bob), `"bob"`, `"alice"`, 1)
	m.CommitAs(alice, guixName, guix)
	r := m.does("import")
	says(t, r.stdout, "+ alice 2", `note          line 4: "alice" is called "alice 2"`, "nix-authorize lint")
	m.keeps(func() { m.refused(2, "is there already", "import", guixName) })
	r = m.does("init", "--yes")
	says(t, r.stdout, "as it is in the work tree", "--authorizations .nix-authorizations")
	m.does("key", "add", "carol", "--ssh", gittest.SSH(t, "ed25519", "carol").Public)
	m.commits()
	m.authentic()
}
