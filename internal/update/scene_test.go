package update_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "nix-authorize-update")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The user's git is one without configuration.
	for name, value := range map[string]string{"HOME": home, "GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1"} {
		os.Setenv(name, value)
	}
	code := childOr(m)
	os.RemoveAll(home)
	os.Exit(code)
}

// childOr is the process that a fault injection ends, or all tests.
func childOr(m *testing.M) int {
	if os.Getenv(childVariable) != "" {
		return child()
	}
	return gittest.Run(m.Run)
}

// A scene is a remote, a user and a checkout of his.
type scene struct {
	t              testing.TB
	server         *gittest.Repo
	alice, mallory *gittest.Key
	introduction   authz.Introduction
	url            string
	dir            string          // where the checkout is
	home           string          // for cache and state
	settings       trust.Settings  // where the checkout has none recorded
	ctx            context.Context // of pulls, nil for that of the test
}

// newScene makes a remote with three authentic commits, and no checkout yet.
func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{
		t: t, server: gittest.New(t), home: t.TempDir(), dir: filepath.Join(t.TempDir(), "checkout"),
		alice: gittest.SSH(t, "ed25519", "alice"), mallory: gittest.SSH(t, "ed25519", "mallory"),
	}
	s.url = "file://" + s.server.Dir
	s.server.Git("config", "uploadpack.allowFilter", "true")
	s.server.Git("config", "uploadpack.allowAnySHA1InWant", "true")
	commit := s.server.CommitAs(s.alice, ".nix-authorizations", s.listing(s.alice))
	settings := trust.Settings{Introduction: commit, Signer: s.alice.Fingerprint, Authorizations: ".nix-authorizations"}
	var err error
	if s.introduction, err = settings.Parse(); err != nil {
		t.Fatal(err)
	}
	s.grow(2)
	return s
}

func (s *scene) listing(keys ...*gittest.Key) string {
	text := "version: 1\nkeys:\n"
	for _, k := range keys {
		if k.IsSSH() {
			text += fmt.Sprintf("  - {name: %s, ssh: %s}\n", k.Holder, k.Public)
		} else {
			text += fmt.Sprintf("  - {name: %s, openpgp: %s}\n", k.Holder, k.Fingerprint)
		}
	}
	return text
}

// grow adds authentic commits to the remote's branch and returns the last.
func (s *scene) grow(n int) (tip string) {
	s.t.Helper()
	for range n {
		count := s.server.Git("rev-list", "--count", "--all")
		tip = s.server.CommitAs(s.alice, "file", "content "+count+"\n")
	}
	return tip
}

// attack adds a commit to the remote's branch that nobody authorized.
func (s *scene) attack() string {
	s.t.Helper()
	return s.server.CommitAs(s.mallory, "file", "evil\n")
}

func (s *scene) getenv(name string) string {
	return map[string]string{
		"XDG_CACHE_HOME": filepath.Join(s.home, "cache"), "XDG_STATE_HOME": filepath.Join(s.home, "state"),
	}[name]
}

func (s *scene) options() update.Options {
	return update.Options{
		StateDir:     filepath.Join(s.home, "state"),
		Verification: verification.Options{Dir: s.dir, Getenv: s.getenv, Settings: s.settings},
		Git:          gitcli.User{Dir: s.dir},
	}
}

func (s *scene) cloneOptions() update.CloneOptions {
	o := update.CloneOptions{Options: s.options(), URL: s.url, Dir: s.dir, Open: func(ctx context.Context, dir string) (*gitrepo.Repository, error) {
		return verification.Open(ctx, dir, func(string) string { return "" })
	}}
	o.Verification.Dir = filepath.Dir(s.dir)
	o.Git.Dir = o.Verification.Dir
	o.Verification.Settings = trust.Of(s.introduction)
	return o
}

// clone makes the checkout, which must work.
func (s *scene) clone() *gittest.Repo {
	s.t.Helper()
	result, err := update.Clone(s.t.Context(), s.cloneOptions())
	if err != nil {
		s.t.Fatal(err)
	}
	if result.Dir != s.dir || result.Report.Outcome() != authz.Authentic {
		s.t.Fatalf("cloned into %q: %v", result.Dir, result.Report.Refusals)
	}
	return gittest.At(s.t, s.dir)
}

func (s *scene) pull(change func(*update.Options)) (*update.Result, error) {
	s.t.Helper()
	ctx := s.ctx
	if ctx == nil {
		ctx = s.t.Context()
	}
	repository, err := verification.Open(ctx, s.dir, func(string) string { return "" })
	if err != nil {
		s.t.Fatal(err)
	}
	o := s.options()
	if change != nil {
		change(&o)
	}
	return update.Pull(ctx, repository, o)
}

// picture is all of a checkout that a pull could move: refs, FETCH_HEAD, the index
// and the work tree.
func picture(t testing.TB, checkout *gittest.Repo) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(checkout.Git("for-each-ref") + "\n" + checkout.Git("symbolic-ref", "HEAD") + "\n")
	b.WriteString(checkout.Git("status", "--porcelain=v1", "--untracked-files=all") + "\n")
	b.WriteString(checkout.Git("ls-files", "--stage") + "\n")
	for _, name := range []string{".git/FETCH_HEAD", "file", ".nix-authorizations"} {
		content, err := os.ReadFile(filepath.Join(checkout.Dir, name))
		fmt.Fprintf(&b, "%s: %q %v\n", name, content, err != nil)
	}
	return b.String()
}

// unmoved requires that a checkout is as it was.
func (s *scene) unmoved(checkout *gittest.Repo, before string) {
	s.t.Helper()
	if now := picture(s.t, checkout); now != before {
		s.t.Errorf("the checkout has changed:\n%s\ninstead of\n%s", now, before)
	}
}

// at requires that branch, tracking ref and work tree are at a commit.
func (s *scene) at(checkout *gittest.Repo, commit string) {
	s.t.Helper()
	for _, ref := range []string{"HEAD", "refs/heads/main", "refs/remotes/origin/main"} {
		if got := checkout.Git("rev-parse", ref); got != commit {
			s.t.Errorf("%s is at %s instead of %s", ref, got, commit)
		}
	}
	if status := checkout.Git("status", "--porcelain"); status != "" {
		s.t.Errorf("the work tree differs from HEAD: %s", status)
	}
	if left := checkout.Git("for-each-ref", "refs/nix-authorize/"); left != "" {
		s.t.Errorf("the quarantine is still there: %s", left)
	}
}

// class is how an update ended.
func class(result *update.Result, err error) outcome.Class {
	if err != nil {
		return outcome.From(err).Class
	}
	if result.Incoming != nil {
		return outcome.Authentic
	}
	return outcome.Of(result.Report.Outcome())
}

func (s *scene) ends(want outcome.Class) func(*update.Result, error) *update.Result {
	return func(result *update.Result, err error) *update.Result {
		s.t.Helper()
		if got := class(result, err); got != want {
			s.t.Fatalf("the update ended as %v instead of %v: %v", got, want, err)
		}
		return result
	}
}
