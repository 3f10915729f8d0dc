package lint_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/lint"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

func run(t *testing.T, r *gittest.Repo, o lint.Options) (*lint.Subject, []string, error) {
	t.Helper()
	repository, err := gitrepo.Open(t.Context(), r.Dir, gitrepo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o.Dir, o.Git = r.Dir, gitcli.User{Dir: r.Dir}
	s, findings, err := lint.Run(t.Context(), repository, o)
	var list []string
	for _, f := range findings {
		list = append(list, f.Code)
	}
	return s, list, err
}

// wantFindings requires findings of these codes, and the format of the file.
func wantFindings(t *testing.T, r *gittest.Repo, o lint.Options, format authz.Format, codes ...string) {
	t.Helper()
	s, got, err := run(t, r, o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Format != format || !slices.Equal(got, codes) {
		t.Errorf("%+v: %s, found %q instead of %q", o, s.Format, got, codes)
	}
}

func TestRun(t *testing.T) {
	r := gittest.New(t)
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	wantFindings(t, r, lint.Options{}, authz.NixFormat, "absent")
	r.Write(".guix-authorizations", "(authorizations (version 1) ())")
	wantFindings(t, r, lint.Options{}, authz.GuixFormat, "malformed")
	r.Write("dir/file", "x\n")
	r.Git("add", "dir")
	r.Commit(".nix-authorizations", entries("", bob, alice, gittest.SSH(t, "ecdsa", "gina"), "    paths: [dir/, dir/file/, dir/x]\n"))
	wantFindings(t, r, lint.Options{}, authz.NixFormat, "key-missing", "path-missing", "path-missing")
	wantFindings(t, r, lint.Options{Revision: "HEAD"}, authz.NixFormat, "key-missing", "path-missing", "path-missing")
	r.Keyring(alice)
	wantFindings(t, r, lint.Options{Revision: "main"}, authz.NixFormat, "path-missing", "path-missing")
	r.Write(".nix-authorizations", "x\n")
	r.Write(".NIX-AUTHORIZATIONS", "x\n")
	wantFindings(t, r, lint.Options{}, authz.NixFormat, "look-alike", "malformed")
	wantFindings(t, r, lint.Options{Authorizations: ".guix-authorizations"}, authz.GuixFormat, "look-alike", "malformed")
	if _, _, err := run(t, r, lint.Options{Revision: "nowhere"}); outcome.From(err).Class != outcome.Usage {
		t.Errorf("%v", err)
	}
	if _, _, err := run(t, r, lint.Options{Keyring: "nowhere"}); err == nil {
		t.Error("no keyring, no error")
	}
}

// A link or a directory in the place of the file is seen, in a tree and on disk.
func TestRunOverOddTrees(t *testing.T) {
	r := gittest.New(t)
	r.Commit("file", "x\n")
	if err := os.Symlink("file", filepath.Join(r.Dir, ".nix-authorizations")); err != nil {
		t.Fatal(err)
	}
	wantFindings(t, r, lint.Options{}, authz.NixFormat, "malformed")
	r.Git("add", ".nix-authorizations")
	r.Git("commit", "--quiet", "--message", "A link")
	wantFindings(t, r, lint.Options{Revision: "HEAD"}, authz.NixFormat, "malformed")
	blob := r.Hash("blob", []byte("x\n"))
	twice := r.Hash("tree", []byte(gittest.TreeEntry{Mode: "100644", Name: "b", ID: blob}.Raw(t)+gittest.TreeEntry{Mode: "100644", Name: "a", ID: blob}.Raw(t)))
	commit := r.Hash("commit", r.RawCommit(twice, "Unsorted"))
	wantFindings(t, r, lint.Options{Revision: commit}, authz.NixFormat, "malformed")

	bare := gittest.At(t, filepath.Join(t.TempDir(), "bare"))
	r.Git("clone", "--quiet", "--bare", r.Dir, bare.Dir)
	wantFindings(t, bare, lint.Options{}, authz.NixFormat, "malformed")
	if _, _, err := run(t, bare, lint.Options{WorkTree: true}); outcome.From(err).Class != outcome.Usage {
		t.Errorf("%v", err)
	}
}

func TestLookBack(t *testing.T) {
	r := gittest.New(t)
	alice, bob, carol := gittest.PGP(t, gittest.Subkey, "alice"), gittest.SSH(t, "ed25519", "bob"), gittest.SSH(t, "ed25519", "carol")
	r.Keyring(alice)
	r.CommitAs(alice, ".nix-authorizations", entries("", alice))
	r.CommitAs(bob, "file", "1\n")
	r.Commit(".nix-authorizations", entries("", alice, bob, carol))
	r.Git("checkout", "--quiet", "-b", "side")
	r.CommitAs(alice, "side", "1\n")
	r.Git("checkout", "--quiet", "main")
	r.Commit("file", "2\n")
	r.Git("merge", "--quiet", "--no-ff", "--message", "Merge", "side")
	for commits, want := range map[int]string{1: "", 3: "alice", 10: "alice bob"} {
		s, _, err := run(t, r, lint.Options{Recent: commits})
		if err != nil {
			t.Fatal(err)
		}
		var signed []string
		for _, k := range []*gittest.Key{alice, bob, carol} {
			if s.Recent.Signed[signer.Fingerprint(k.Primary)] || s.Recent.Signed[signer.Fingerprint(k.Fingerprint)] {
				signed = append(signed, k.Holder)
			}
		}
		if got := join(signed); got != want || s.Recent.Commits != min(commits, 6) {
			t.Errorf("of the last %d commits (%d): signed by %q instead of %q", commits, s.Recent.Commits, got, want)
		}
		if old := len(s.Recent.Old); commits == 10 && old != 1 || commits == 1 && old != 3 {
			t.Errorf("of the last %d commits: %d old keys", commits, old)
		}
	}
}

func join(list []string) string {
	text := ""
	for i, s := range list {
		if i > 0 {
			text += " "
		}
		text += s
	}
	return text
}

// A shallow clone has no more than it has.
func TestLookBackInAShallowClone(t *testing.T) {
	r := gittest.New(t)
	alice := gittest.SSH(t, "ed25519", "alice")
	r.CommitAs(alice, ".nix-authorizations", entries("", alice))
	r.CommitAs(alice, "file", "1\n")
	shallow := gittest.At(t, filepath.Join(t.TempDir(), "shallow"))
	r.Git("clone", "--quiet", "--depth", "1", "file://"+r.Dir, shallow.Dir)
	s, _, err := run(t, shallow, lint.Options{Recent: 10})
	if err != nil || s.Recent.Commits != 1 {
		t.Errorf("%v, %+v", err, s)
	}
}
