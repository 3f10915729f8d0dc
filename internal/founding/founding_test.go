package founding_test

import (
	"os"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/founding"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
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

func plan(t *testing.T, r *gittest.Repo) *founding.Plan {
	t.Helper()
	repository, err := gitrepo.Open(t.Context(), r.Dir, gitrepo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := founding.Prepare(t.Context(), repository, founding.Options{
		Dir: r.Dir, Git: gitcli.User{Dir: r.Dir}, Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Between what was shown and what is done somebody may commit, switch branches or
// write the file. Then nothing is committed.
func TestChangedMeanwhile(t *testing.T) {
	for _, c := range []struct {
		name, says string
		meanwhile  func(r *gittest.Repo)
	}{
		{"commit", "committed or switched branches meanwhile", func(r *gittest.Repo) { r.Commit("file", "2\n") }},
		{"switch", "committed or switched branches meanwhile", func(r *gittest.Repo) { r.Git("checkout", "--quiet", "-b", "other") }},
		{"file", "has changed .nix-authorizations meanwhile", func(r *gittest.Repo) { r.Write(".nix-authorizations", "version: 1\n") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := gittest.New(t)
			r.SignWith(gittest.SSH(t, "ed25519", "alice"))
			r.Commit("file", "1\n")
			p := plan(t, r)
			c.meanwhile(r)
			commits := r.Git("rev-list", "--count", "--all")
			_, err := p.Found(t.Context())
			if outcome.From(err).Class != outcome.Usage || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v", err)
			}
			if now := r.Git("rev-list", "--count", "--all"); now != commits {
				t.Errorf("%s commits became %s", commits, now)
			}
		})
	}
}

// The keyring is published before the file is written, and a run that ended in
// between goes on from there.
func TestKeyringComesFirst(t *testing.T) {
	r := gittest.New(t)
	alice := gittest.PGP(t, "ed25519", "alice")
	r.SignWith(alice)
	for _, variable := range alice.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	p := plan(t, r)
	if _, err := p.Keyring.Make(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := plan(t, r)
	if again.Keyring != nil {
		t.Errorf("the key would be published again: %+v", again.Keyring)
	}
	founded, err := again.Found(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if head := r.Git("rev-parse", "HEAD"); founded.Introduction.Commit.String() != head || string(founded.Introduction.Signer) != alice.Fingerprint {
		t.Errorf("%+v", founded.Introduction)
	}
}
