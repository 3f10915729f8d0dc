package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A hooked is a person's checkout of a remote, with the hooks in place.
//
// Somebody else, upstream, pushes to the remote. All three are real repositories, and
// the hooks run the program that people get.
type hooked struct {
	*gittest.Repo
	t        *testing.T
	upstream *history
	remote   *gittest.Repo // bare, without hooks
}

// newHooked makes a checkout of a history with one more commit than its introduction.
func newHooked(t *testing.T) *hooked {
	t.Helper()
	h := &hooked{t: t, upstream: newHistory(t, nixName, gittest.SSH(t, "ed25519", "alice"))}
	h.upstream.CommitAs(h.upstream.signer, "file", "1\n")
	dir := t.TempDir()
	h.upstream.Git("clone", "--quiet", "--bare", ".", filepath.Join(dir, "remote.git"))
	h.remote = gittest.At(t, filepath.Join(dir, "remote.git"))
	h.upstream.Git("remote", "add", "origin", h.remote.Dir)
	h.upstream.Git("clone", "--quiet", h.remote.Dir, filepath.Join(dir, "checkout"))
	h.Repo = homed(t, filepath.Join(dir, "checkout"))
	trustIn(h.upstream, h.Repo)
	install(t, h.Repo)
	return h
}

// homed is a repository whose git has the same home as its user.
func homed(t *testing.T, dir string) *gittest.Repo {
	r := gittest.At(t, dir)
	r.Env = append(r.Env, "HOME="+t.TempDir())
	return r
}

// user is the person, who has the released program.
func (h *hooked) user() user { return userOf(h.t, h.Repo) }

func userOf(t *testing.T, r *gittest.Repo) user {
	u := newUser(t, r.Dir)
	u.program = asReleased
	for _, variable := range r.Env {
		name, value, _ := strings.Cut(variable, "=")
		u.env[name] = value
	}
	return u
}

// trustIn records the introduction of a history in a repository.
func trustIn(h *history, r *gittest.Repo) {
	r.Git("config", "nix-authorize.introduction", h.introduction)
	r.Git("config", "nix-authorize.signer", h.signer.Fingerprint)
}

// install puts hooks in place with the program that people get.
func install(t *testing.T, r *gittest.Repo, args ...string) result {
	t.Helper()
	res := userOf(t, r).run(append([]string{"hook", "install"}, args...)...)
	if res.exit != 0 {
		t.Fatalf("hook install: %d\n%s%s", res.exit, res.stdout, res.stderr)
	}
	return res
}

// pushes makes upstream push a commit to main of the remote, signed or not.
func (h *hooked) pushes(signed bool) string {
	h.t.Helper()
	h.upstream.Write("new", h.upstream.Git("rev-parse", "HEAD"))
	h.upstream.Git("add", "new")
	if signed {
		h.upstream.CommitIndexAs(h.upstream.signer, "Signed")
	} else {
		h.upstream.Git("commit", "--quiet", "--message", "Unsigned")
	}
	h.upstream.Git("push", "--quiet", "--force", "origin", "main")
	return h.upstream.Git("rev-parse", "HEAD")
}

// A snapshot is everything that a hook protects, and what git writes beside it.
type snapshot struct {
	refs  string // with HEAD
	index string
	files string // of the work tree
}

func (h *hooked) snapshot() snapshot { return snapshotOf(h.t, h.Repo) }

func snapshotOf(t *testing.T, r *gittest.Repo) snapshot {
	t.Helper()
	head, _ := r.TryGit(nil, "symbolic-ref", "--quiet", "HEAD")
	s := snapshot{refs: head + "\n" + r.Git("rev-parse", "HEAD") + "\n" + r.Git("for-each-ref")}
	s.index = r.Git("ls-files", "--stage")
	var files strings.Builder
	err := filepath.WalkDir(r.Dir, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.Name() == ".git" {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files.WriteString(path + ": " + string(content) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.files = files.String()
	return s
}

// changed names what is different.
func (s snapshot) changed(now snapshot) string {
	var names []string
	for _, part := range []struct {
		name     string
		was, now string
	}{{"refs", s.refs, now.refs}, {"index", s.index, now.index}, {"files", s.files, now.files}} {
		if part.was != part.now {
			names = append(names, part.name)
		}
	}
	return strings.Join(names, " ")
}

// vetoed runs a git that must fail because a ref may not move, for a reason. The text
// that it has written is returned.
func vetoed(t *testing.T, r *gittest.Repo, ref, reason string, args ...string) string {
	t.Helper()
	_, err := r.TryGit(nil, args...)
	if err == nil {
		t.Fatalf("git %s is not vetoed", strings.Join(args, " "))
	}
	text := err.Error()
	for _, want := range []string{"vetoed: " + ref + " ", reason + ": "} {
		if !strings.Contains(text, want) {
			t.Errorf("git %s does not say %q:\n%s", strings.Join(args, " "), want, text)
		}
	}
	return text
}
