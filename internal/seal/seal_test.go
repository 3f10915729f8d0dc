package seal_test

import (
	"os"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/seal"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
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

// The branch may move between what was shown and the seal, for example because what
// somebody has pushed was pulled. Nobody has looked at that.
func TestMovedMeanwhile(t *testing.T) {
	r := gittest.New(t)
	alice := gittest.SSH(t, "ed25519", "alice")
	r.SignWith(alice)
	introduction := r.CommitAs(alice, ".nix-authorizations", "version: 1\nmerges: vouched\nkeys:\n  - name: alice\n    ssh: "+alice.Public+"\n")
	r.Git("checkout", "--quiet", "-b", "feature")
	head := r.Commit("file", "looked at\n")

	repository, err := gitrepo.Open(t.Context(), r.Dir, gitrepo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := verification.Prepare(repository, "", verification.Options{
		Dir: r.Dir, Getenv: func(string) string { return "" }, NoCache: true,
		Settings: trust.Settings{Introduction: introduction, Signer: alice.Fingerprint, Authorizations: authz.NixFormat.FileName()},
	})
	if err != nil {
		t.Fatal(err)
	}
	check, _, err := v.CheckMerge(t.Context(), id(t, introduction), id(t, head), nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := seal.Prepare(t.Context(), v, gitcli.User{Dir: r.Dir}, "main", check)
	if err != nil {
		t.Fatal(err)
	}
	evil := r.Commit("file", "pushed meanwhile\n")
	if _, err := plan.Make(t.Context(), ""); outcome.From(err).Class != outcome.Unchecked {
		t.Errorf("error %v", err)
	}
	if now := r.Git("rev-parse", "feature"); now != evil {
		t.Errorf("the branch is at %s", now)
	}
}

func id(t *testing.T, text string) gitwalk.ID {
	t.Helper()
	id, err := gitwalk.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
