package pullrequest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// A checkout is what a runner has: one commit of a forge's repository, in which a pull
// request has a head that no branch has.
type checkout struct {
	*gittest.Repo
	forge      *gittest.Repo
	base, head string
}

func newCheckout(t *testing.T, clone ...string) *checkout {
	t.Helper()
	home := t.TempDir() // the user's git has no configuration
	t.Setenv("HOME", home)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	c := &checkout{forge: gittest.New(t)}
	c.forge.Commit("a", "1")
	c.base = c.forge.Commit("a", "2")
	c.forge.Git("update-ref", "refs/heads/keyring", c.forge.CommitFiles(map[string]string{"a.key": "a key"}))
	c.forge.Git("checkout", "--quiet", "--detach")
	c.head = c.forge.Commit("a", "3")
	c.forge.Git("update-ref", "refs/pull/7/head", c.head)
	c.forge.Git("checkout", "--quiet", "main")
	dir := filepath.Join(t.TempDir(), "checkout")
	c.forge.Git(slices.Concat([]string{"clone", "--quiet", "--single-branch", "--branch=main"}, clone, []string{"file://" + c.forge.Dir, dir})...)
	c.Repo = gittest.At(t, dir)
	return c
}

// fetch fetches for a request and returns what was done.
func (c *checkout) fetch(t *testing.T, r *Request, keyring string) ([]string, error) {
	t.Helper()
	f := &Fetcher{Repository: open(t, c.Repo), Git: gitcli.User{Dir: c.Dir}}
	err := f.Fetch(t.Context(), r, keyring)
	return f.Did, err
}

func (c *checkout) request() *Request {
	return &Request{Kind: Merge, Base: c.base, Head: c.head, Branch: "main", Number: 7}
}

// TestFetch: whatever a checkout lacks is there afterwards, no branch has moved, and
// the second time nothing is done.
func TestFetch(t *testing.T) {
	for _, test := range []struct {
		name         string
		clone        []string
		onlyAsked    bool // the server gives what a ref names, and nothing else
		keyring      string
		did          []string
		tracking     string
		keyringThere bool
	}{
		{"whole", nil, false, "", []string{"fetched commit HEAD", "fetched the keyring, branch keyring"}, "refs/remotes/origin/keyring", false},
		{"shallow", []string{"--depth=1"}, false, "", []string{"fetched the rest of the history of a shallow checkout", "fetched commit HEAD", "fetched the keyring, branch keyring"}, "refs/remotes/origin/keyring", false},
		{"ids are not given", []string{"--depth=1"}, true, "", []string{"fetched the rest of the history of a shallow checkout", "fetched commit HEAD", "fetched the keyring, branch keyring"}, "refs/remotes/origin/keyring", false},
		{"the keyring is there", nil, false, "", []string{"fetched commit HEAD"}, "", true},
		{"a keyring by the name of the remote", nil, false, "origin/keyring", []string{"fetched commit HEAD", "fetched the keyring, branch keyring"}, "refs/remotes/origin/keyring", false},
		{"a keyring that is a directory", nil, false, "./keys", []string{"fetched commit HEAD"}, "", false},
		{"a keyring that the forge does not have", nil, false, "nowhere", []string{"fetched commit HEAD"}, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCheckout(t, test.clone...)
			c.forge.Git("config", "uploadpack.allowAnySHA1InWant", map[bool]string{true: "false", false: "true"}[test.onlyAsked])
			if test.onlyAsked {
				c.Git("config", "protocol.version", "0") // version 2 asks for any id
			}
			if test.keyringThere {
				c.Git("fetch", "--quiet", "origin", "keyring:keyring")
			}
			before := c.Git("for-each-ref", "refs/heads", "refs/tags") + c.Git("status", "--porcelain")
			did, err := c.fetch(t, c.request(), test.keyring)
			for i, want := range test.did {
				test.did[i] = strings.Replace(want, "HEAD", c.head, 1)
			}
			if err != nil || !slices.Equal(did, test.did) {
				t.Errorf("done: %q, %v", did, err)
			}
			if now := c.Git("for-each-ref", "refs/heads", "refs/tags") + c.Git("status", "--porcelain"); now != before {
				t.Errorf("changed: %s", now)
			}
			if n := c.Git("rev-list", "--count", c.head); n != "3" {
				t.Errorf("%s commits are there", n)
			}
			if test.tracking != "" {
				c.Git("rev-parse", "--verify", test.tracking)
			}
			if did, err := c.fetch(t, c.request(), test.keyring); err != nil || len(did) != 0 {
				t.Errorf("the second time: %q, %v", did, err)
			}
		})
	}
}

// TestFetchFails: what the forge does not have cannot be checked, and it is said where
// it was looked for.
func TestFetchFails(t *testing.T) {
	c := newCheckout(t)
	request := c.request()
	request.Head = strings.Repeat("e", 40)
	_, err := c.fetch(t, request, "")
	failed := outcome.From(err)
	if err == nil || failed.Reason != authz.MissingObject || failed.Hint == "" || !strings.Contains(err.Error(), "fetching from origin") {
		t.Errorf("%v", err)
	}
	c = newCheckout(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &Fetcher{Repository: open(t, c.Repo), Git: gitcli.User{Dir: c.Dir}}
	if err := f.Fetch(ctx, c.request(), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
}
