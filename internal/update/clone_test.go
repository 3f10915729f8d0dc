package update_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

// cloneWith is a clone with other options, which must end as a class.
func (s *scene) cloneWith(want outcome.Class, change func(*update.CloneOptions)) *update.CloneResult {
	s.t.Helper()
	o := s.cloneOptions()
	change(&o)
	result, err := update.Clone(s.t.Context(), o)
	got := outcome.From(err).Class
	if err == nil {
		got = class(&result.Result, nil)
	}
	if got != want {
		s.t.Fatalf("the clone ends as %v instead of %v: %v", got, want, err)
	}
	if err != nil && outcome.From(err).Hint == "" {
		s.t.Errorf("no hint with %v", err)
	}
	return result
}

func TestCloneDirectory(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	parent := filepath.Dir(s.dir)
	tip := s.server.Git("rev-parse", "main")
	isThere := func(path string) {
		t.Helper()
		checkout := gittest.At(t, path)
		isAt(t, checkout, "HEAD", tip)
		isClean(t, checkout)
	}
	// Called after the URL, relative, with slashes.
	s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) { o.Dir = "" })
	isThere(filepath.Join(parent, "repo"))
	s.cloneWith(outcome.Usage, func(o *update.CloneOptions) { o.Dir = "" })
	s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) { o.Dir = "a/" })
	isThere(filepath.Join(parent, "a"))
	s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) { o.Dir = filepath.Join(parent, "b") + "//" })
	isThere(filepath.Join(parent, "b"))
	// An empty directory that is there keeps its permissions, behind a link too.
	if err := os.Mkdir(filepath.Join(parent, "c"), 0o710); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("c", filepath.Join(parent, "d")); err != nil {
		t.Fatal(err)
	}
	s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) { o.Dir = "d" })
	isThere(filepath.Join(parent, "c"))
	isThere(filepath.Join(parent, "d"))
	if info, err := os.Stat(filepath.Join(parent, "c")); err != nil || info.Mode().Perm() != 0o710 {
		t.Errorf("%v %v", info, err)
	}
	// What is not there and what is something else.
	s.cloneWith(outcome.Usage, func(o *update.CloneOptions) { o.Dir = "no/where" })
	s.cloneWith(outcome.Usage, func(o *update.CloneOptions) { o.Dir = "a" })
	s.cloneWith(outcome.Usage, func(o *update.CloneOptions) { o.Dir = "a/file" })
	s.cloneWith(outcome.Usage, func(o *update.CloneOptions) { o.Dir, o.URL = "", "file:///" })
	if left, err := filepath.Glob(filepath.Join(parent, ".*nix-authorize*")); err != nil || len(left) > 0 {
		t.Errorf("left %q, %v", left, err)
	}
}

// TestCloneHere: the directory that somebody is in cannot be replaced under them.
func TestCloneHere(t *testing.T) {
	s := newScene(t)
	here := t.TempDir()
	t.Chdir(here)
	s.cloneWith(outcome.Usage, func(o *update.CloneOptions) { o.Verification.Dir, o.Dir = here, "." })
	nothingIn(t, here)
}

// TestCloneMode: the checkout can be read by whoever the user lets read new files.
func TestCloneMode(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.clone()
	plain := s.plainClone()
	for _, name := range []string{".", ".git", "file"} {
		want, err := os.Stat(filepath.Join(plain.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.Stat(filepath.Join(s.dir, name)); err != nil || got.Mode() != want.Mode() {
			t.Errorf("%s has mode %v instead of %v", name, got.Mode(), want.Mode())
		}
	}
}

// TestCloneOfPath: objects of a repository on this machine are not shared with it, for
// whoever owns it could change them later; and relative paths start where the user is.
func TestCloneOfPath(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	parent := filepath.Dir(s.dir)
	if err := os.Mkdir(filepath.Join(parent, "below"), 0o777); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(parent, s.server.Dir)
	if err != nil {
		t.Fatal(err)
	}
	s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) { o.URL, o.Dir = relative, "below/x" })
	s.dir = filepath.Join(parent, "below", "x")
	err = filepath.WalkDir(filepath.Join(s.dir, ".git", "objects"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink != 1 {
			t.Errorf("%s has %d links", path, stat.Nlink)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	// The memory is the same as for pulls, and for the address in full.
	old := s.server.Git("rev-parse", "HEAD~1")
	s.server.Git("reset", "--quiet", "--hard", old)
	gittest.At(t, s.dir).Git("update-ref", "refs/remotes/origin/main", old)
	s.ends(outcome.Downgrade)(s.pull(nil))
	s.cloneWith(outcome.Downgrade, func(o *update.CloneOptions) { o.URL, o.Dir = "file://"+s.server.Dir, "y" })
}

func TestCloneBranch(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	main := s.server.Git("rev-parse", "main")
	s.server.Git("checkout", "--quiet", "-b", "release/1")
	release := s.server.CommitAs(s.alice, "file", "release\n")
	s.server.Git("tag", "v1")
	with := func(branch string) func(*update.CloneOptions) {
		return func(o *update.CloneOptions) { o.Branch = branch }
	}
	for _, branch := range []string{"-x", "a b", "../x", "nothing", "v1", "refs/heads/main", "HEAD"} {
		s.cloneWith(outcome.Usage, with(branch))
		nothingIn(t, filepath.Dir(s.dir))
	}
	s.cloneWith(outcome.Authentic, with("main"))
	checkout := gittest.At(t, s.dir)
	isAt(t, checkout, "HEAD", main)
	isAt(t, checkout, "@{upstream}", main)
	s.dir += "2"
	s.cloneWith(outcome.Authentic, with("")) // the remote's own choice
	checkout = gittest.At(t, s.dir)
	isAt(t, checkout, "HEAD", release)
	if refs := checkout.Git("for-each-ref", "--format=%(refname)"); refs != "refs/heads/release/1\nrefs/remotes/origin/HEAD\nrefs/remotes/origin/release/1" {
		t.Errorf("it has the refs %s", refs)
	}
}

// TestCloneOddHead: the HEAD of a remote can be at nothing, or on no branch.
func TestCloneOddHead(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	tip := s.server.Git("rev-parse", "main")
	asIs := func(*update.CloneOptions) {}
	s.server.Git("symbolic-ref", "HEAD", "refs/heads/missing")
	s.cloneWith(outcome.Usage, asIs)
	s.server.Git("update-ref", "--no-deref", "HEAD", tip)
	s.server.Git("update-ref", "--no-deref", "HEAD", s.server.Git("rev-parse", tip+"^"))
	s.cloneWith(outcome.Usage, asIs)
	nothingIn(t, filepath.Dir(s.dir))
	s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) { o.Branch = "main" })
	isAt(t, gittest.At(t, s.dir), "HEAD", tip)
	empty := gittest.New(t)
	s.dir, s.url = s.dir+"2", empty.Dir
	s.cloneWith(outcome.Usage, asIs)
}

func TestCloneAddress(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, url := range []string{"", "-x", "--upload-pack=touch x"} {
		s.cloneWith(outcome.Usage, func(o *update.CloneOptions) { o.URL = url })
	}
	for _, url := range []string{"https://user:secret@127.0.0.1:1/x", "http://secret@127.0.0.1:1/x", filepath.Join(t.TempDir(), "nothing")} {
		o := s.cloneOptions()
		o.URL = url
		_, err := update.Clone(t.Context(), o)
		failed := outcome.From(err)
		if failed.Class != outcome.Unchecked || strings.Contains(failed.Error()+failed.Hint, "secret") {
			t.Errorf("%s: %v, %s", url, err, failed.Hint)
		}
	}
	nothingIn(t, filepath.Dir(s.dir))
}

// TestCloneNewest: what is refused does not stay as a ref.
func TestCloneNewest(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	good := s.server.Git("rev-parse", "main")
	evil := s.attack()
	result := s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) { o.NewestAuthorized = true })
	checkout := gittest.At(t, s.dir)
	s.at(checkout, good)
	if result.Branch.String() != good || !result.Moved {
		t.Errorf("%+v", result)
	}
	if refs := checkout.Git("for-each-ref"); strings.Contains(refs, evil) {
		t.Errorf("the refs are %s", refs)
	}
}

// TestCloneRecordsKeyring: a directory of keys is recorded so that it is found from
// everywhere.
func TestCloneRecordsKeyring(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	keys := filepath.Join(filepath.Dir(s.dir), "keys")
	if err := os.Mkdir(keys, 0o777); err != nil {
		t.Fatal(err)
	}
	s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) { o.Verification.Settings.Keyring = "./keys" })
	if got := gittest.At(t, s.dir).Git("config", "nix-authorize.keyring"); got != keys {
		t.Errorf("recorded %q", got)
	}
	s.grow(1)
	s.ends(outcome.Authentic)(s.pull(nil))
}
