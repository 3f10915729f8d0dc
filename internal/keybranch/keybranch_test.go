package keybranch_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/keybranch"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
		"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
	} {
		os.Setenv(name, value)
	}
	os.Exit(gittest.Run(m.Run))
}

// A place is a repository to which keys are added.
type place struct {
	*gittest.Repo
	t *testing.T
}

func newPlace(t *testing.T) place {
	t.Helper()
	r := gittest.New(t)
	r.Commit("file", "text\n")
	return place{r, t}
}

func (p place) open() *gitrepo.Repository {
	p.t.Helper()
	repository, err := gitrepo.Open(p.t.Context(), p.Dir, gitrepo.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	return repository
}

func key(k *gittest.Key) keybranch.Key {
	return keybranch.Key{Holder: k.Holder, Fingerprint: signer.Fingerprint(k.Primary), Content: []byte(k.Public)}
}

func (p place) plan(k *gittest.Key, o keybranch.Options) (*keybranch.Addition, error) {
	p.t.Helper()
	o.Dir = p.Dir
	return keybranch.Plan(p.t.Context(), p.open(), gitcli.User{Dir: p.Dir}, key(k), o)
}

// add adds a key, which must work, and returns the addition.
func (p place) add(k *gittest.Key, o keybranch.Options) *keybranch.Addition {
	p.t.Helper()
	a, err := p.plan(k, o)
	if err != nil || a == nil {
		p.t.Fatalf("%v, %v", a, err)
	}
	commit, err := a.Make(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	if at := p.Git("rev-parse", "refs/heads/"+a.Branch); at != commit.String() {
		p.t.Fatalf("%s is at %s instead of %s", a.Branch, at, commit)
	}
	p.Git("fsck", "--strict")
	return a
}

// wantKeys requires that the keyring has the keys.
func (p place) wantKeys(name string, keys ...*gittest.Key) {
	p.t.Helper()
	loaded, err := keysource.Load(p.open(), p.Dir, name, "")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, k := range keys {
		if _, ok := loaded.Lookup(signer.Fingerprint(k.Fingerprint)); !ok {
			p.t.Errorf("the key of %s is not there", k.Holder)
		}
	}
	if len(loaded.Skipped) > 0 {
		p.t.Errorf("skipped %v", loaded.Skipped)
	}
}

func TestAdd(t *testing.T) {
	p := newPlace(t)
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.PGP(t, gittest.Subkey, "bob")
	head, status := p.Git("rev-parse", "HEAD"), p.Git("status", "--porcelain")
	if a := p.add(alice, keybranch.Options{}); !a.New || a.Branch != "keyring" || a.File != "alice.key" {
		t.Errorf("%+v", a)
	}
	if a := p.add(bob, keybranch.Options{}); a.New || a.File != "bob.key" {
		t.Errorf("%+v", a)
	}
	p.wantKeys("", alice, bob)
	if log := p.Git("log", "--format=%s", "keyring"); log != "Add the key of bob\nAdd the key of alice" {
		t.Errorf("log %q", log)
	}
	if a, err := p.plan(alice, keybranch.Options{}); a != nil || err != nil {
		t.Errorf("added again: %+v, %v", a, err)
	}
	if now := p.Git("rev-parse", "HEAD"); now != head || p.Git("status", "--porcelain") != status {
		t.Error("the branch that is checked out has changed")
	}
}

// What the branch has besides, in whatever form, is still there afterwards.
func TestRestOfTheTree(t *testing.T) {
	p := newPlace(t)
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob")
	tree := p.SortedTree(
		gittest.TreeEntry{Mode: "100755", Name: "run me", ID: p.Hash("blob", []byte("x"))},
		gittest.TreeEntry{Mode: "120000", Name: "link", ID: p.Hash("blob", []byte("y"))},
		gittest.TreeEntry{Mode: "160000", Name: "sub", ID: p.Git("rev-parse", "HEAD")},
		gittest.TreeEntry{Mode: "40000", Name: "dir", ID: p.SortedTree(gittest.TreeEntry{Mode: "100644", Name: "carol.key", ID: p.Hash("blob", []byte(alice.Public))})},
		gittest.TreeEntry{Mode: "100644", Name: "BOB.key", ID: p.Hash("blob", []byte("no key"))},
	)
	p.Git("update-ref", "refs/heads/keyring", p.Hash("commit", p.RawCommit(tree, "Keys")))
	a := p.add(bob, keybranch.Options{})
	if want := "bob-" + bob.Fingerprint[32:] + ".key"; a.File != want {
		t.Errorf("file %s instead of %s", a.File, want)
	}
	if diff := p.Git("diff-tree", "-r", "--name-status", "keyring~", "keyring"); diff != "A\t"+a.File {
		t.Errorf("the commit changes\n%s", diff)
	}
}

// A revocation that was published is not replaced by a copy that lacks it, and one
// that is new is added.
func TestNothingIsTakenAway(t *testing.T) {
	revoked := gittest.PGP(t, gittest.Revoked, "carol")
	fresh := *revoked
	fresh.Public = gittest.Unrevoked(t, revoked)

	p := newPlace(t)
	p.add(revoked, keybranch.Options{})
	if a, err := p.plan(&fresh, keybranch.Options{}); a != nil || err != nil {
		t.Errorf("an old copy was added: %+v, %v", a, err)
	}

	p = newPlace(t)
	p.add(&fresh, keybranch.Options{})
	if a := p.add(revoked, keybranch.Options{}); a.File != "carol.key" {
		t.Errorf("%+v", a)
	}
	loaded, err := keysource.Load(p.open(), p.Dir, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := loaded.Lookup(signer.Fingerprint(revoked.Primary)); !ok || !k.Revoked {
		t.Errorf("%+v", k)
	}
}

// A branch that only the remote has is continued here, and so is one of which the
// remote has more.
func TestRemoteBranch(t *testing.T) {
	alice, bob, carol := gittest.PGP(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob"), gittest.PGP(t, "ed25519", "carol")
	p := newPlace(t)
	p.Keyring(alice)
	p.Git("update-ref", "refs/remotes/origin/keyring", "refs/heads/keyring")
	p.Git("update-ref", "-d", "refs/heads/keyring")
	if a := p.add(bob, keybranch.Options{}); a.New || a.From != "origin/keyring" {
		t.Errorf("%+v", a)
	}
	p.wantKeys("refs/heads/keyring", alice, bob)

	old := p.Git("rev-parse", "keyring~")
	p.Git("update-ref", "refs/remotes/origin/keyring", "refs/heads/keyring")
	p.Git("update-ref", "refs/heads/keyring", old)
	if a := p.add(carol, keybranch.Options{}); a.From != "origin/keyring" {
		t.Errorf("%+v", a)
	}
	p.wantKeys("refs/heads/keyring", alice, bob, carol)

	p.Git("update-ref", "refs/heads/keyring", p.CommitFiles(map[string]string{"bob.key": bob.Public}))
	if a := p.add(carol, keybranch.Options{}); a.From != "" {
		t.Errorf("a branch that has diverged: %+v", a)
	}
	p.wantKeys("refs/heads/keyring", bob, carol)
}

func TestPlaces(t *testing.T) {
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob")
	p := newPlace(t)
	p.Keyring(alice)
	p.Git("update-ref", "refs/remotes/up/keys", "refs/heads/keyring")
	for configured, branch := range map[string]string{"": "keyring", "other": "other", "refs/heads/third": "third", "up/keys": "keys"} {
		if a := p.add(bob, keybranch.Options{Keyring: configured}); a.Branch != branch {
			t.Errorf("%q is the branch %s", configured, a.Branch)
		}
	}
	if err := os.Mkdir(filepath.Join(p.Dir, "keydir"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, configured := range []string{"./keydir", "/srv/keys", "keydir"} {
		if _, err := p.plan(bob, keybranch.Options{Keyring: configured}); !errors.As(err, new(*keybranch.DirectoryError)) {
			t.Errorf("%q: %v", configured, err)
		}
	}
	for _, configured := range []string{"-x", "a b", "refs/remotes/origin/keyring", "a..b"} {
		if _, err := p.plan(bob, keybranch.Options{Keyring: configured}); outcome.From(err).Class != outcome.Usage {
			t.Errorf("%q: %v", configured, err)
		}
	}
}

// A branch that is checked out, here or elsewhere, is not moved.
func TestCheckedOut(t *testing.T) {
	alice := gittest.PGP(t, "ed25519", "alice")
	p := newPlace(t)
	p.Git("branch", "keyring")
	p.Git("worktree", "add", "--quiet", filepath.Join(t.TempDir(), "other"), "keyring")
	if _, err := p.plan(alice, keybranch.Options{}); err == nil || !strings.Contains(err.Error(), "checked out in ") {
		t.Errorf("%v", err)
	}
	p = newPlace(t)
	p.Git("checkout", "--quiet", "--orphan", "keyring")
	if _, err := p.plan(alice, keybranch.Options{}); outcome.From(err).Class != outcome.Usage {
		t.Errorf("%v", err)
	}
}

// Somebody else may add a key between plan and commit.
func TestMovedMeanwhile(t *testing.T) {
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob")
	p := newPlace(t)
	for range 2 { // when there is no branch, and when there is
		a, err := p.plan(alice, keybranch.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p.Git("update-ref", "refs/heads/keyring", p.CommitFiles(map[string]string{"bob.key": bob.Public}))
		at := p.Git("rev-parse", "keyring")
		if _, err := a.Make(t.Context()); outcome.From(err).Class != outcome.Unchecked || !strings.Contains(err.Error(), "could not be moved") {
			t.Errorf("%v", err)
		}
		if p.Git("rev-parse", "keyring") != at {
			t.Error("the branch was moved")
		}
	}
}

func TestSigned(t *testing.T) {
	alice := gittest.SSH(t, "ed25519", "alice")
	bob := gittest.PGP(t, "ed25519", "bob")
	p := newPlace(t)
	p.SignWith(alice)
	p.Git("config", "commit.gpgSign", "true")
	p.add(bob, keybranch.Options{Signed: true})
	if !strings.Contains(string(p.Object("keyring")), "\ngpgsig -----BEGIN SSH") {
		t.Error("not signed")
	}
	p.add(gittest.PGP(t, "ed25519", "carol"), keybranch.Options{})
	if strings.Contains(string(p.Object("keyring")), "\ngpgsig ") {
		t.Error("signed without being asked to")
	}
	p.Git("config", "user.signingKey", "/nowhere")
	a, err := p.plan(gittest.PGP(t, "ed25519", "dave"), keybranch.Options{Signed: true})
	if err != nil {
		t.Fatal(err)
	}
	before := p.Git("rev-parse", "keyring")
	_, err = a.Make(t.Context())
	if _, failed := gitcli.Failed(err); !failed || p.Git("rev-parse", "keyring") != before {
		t.Errorf("%v", err)
	}
}
