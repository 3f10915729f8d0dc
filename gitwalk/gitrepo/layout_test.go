package gitrepo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// Each layout must be recognized for what it is, and whichever way is chosen must
// give every object and the branch.
func TestLayouts(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(t *testing.T, r *gittest.Repo) (dir string, env []string)
		want string // Layout, to the first quarter of a file name
	}{
		{"packed", func(_ *testing.T, r *gittest.Repo) (string, []string) { return r.Dir, nil }, "code of this program"},
		{"packed-refs", func(_ *testing.T, r *gittest.Repo) (string, []string) {
			r.Git("pack-refs", "--all")
			return r.Dir, nil
		}, "code of this program"},
		{"loose", func(t *testing.T, r *gittest.Repo) (string, []string) {
			loosen(t, r)
			return r.Dir, nil
		}, "code of this program"},
		{"folder below", func(t *testing.T, r *gittest.Repo) (string, []string) {
			below := filepath.Join(r.Dir, "a", "b")
			must(t, os.MkdirAll(below, 0o777))
			return below, nil
		}, "code of this program"},
		{"the .git folder", func(_ *testing.T, r *gittest.Repo) (string, []string) { return gitDir(r), nil }, "code of this program"},
		{"bare clone", func(_ *testing.T, r *gittest.Repo) (string, []string) {
			r.Git("clone", "-q", "--bare", "--no-hardlinks", ".", "../bare")
			return filepath.Join(r.Dir, "../bare"), nil
		}, "code of this program"},
		{".git is a file", func(t *testing.T, r *gittest.Repo) (string, []string) {
			r.Git("init", "-q", "--separate-git-dir", "../elsewhere")
			return r.Dir, nil
		}, "code of this program"},
		{".git is a link", func(t *testing.T, r *gittest.Repo) (string, []string) {
			must(t, os.Rename(gitDir(r), gitDir(r)+"2"))
			must(t, os.Symlink(".git2", gitDir(r)))
			return r.Dir, nil
		}, "code of this program"},
		{"GIT_DIR", func(t *testing.T, r *gittest.Repo) (string, []string) {
			return t.TempDir(), []string{"GIT_DIR=" + gitDir(r)}
		}, "code of this program"},
		{"relative GIT_DIR", func(t *testing.T, r *gittest.Repo) (string, []string) {
			return r.Dir, []string{"GIT_DIR=.git"}
		}, "code of this program"},
		{"packs of git maintenance", func(t *testing.T, r *gittest.Repo) (string, []string) {
			for _, name := range glob(t, gitDir(r), "objects/pack/pack-*") {
				must(t, os.Rename(name, strings.Replace(name, "/pack-", "/loose-", 1)))
			}
			return r.Dir, nil
		}, "code of this program"},
		{"sparse checkout", func(_ *testing.T, r *gittest.Repo) (string, []string) {
			r.Git("config", "core.repositoryFormatVersion", "1")
			r.Git("config", "extensions.worktreeConfig", "true")
			r.Git("config", "--worktree", "core.sparseCheckout", "true")
			return r.Dir, nil
		}, "code of this program"},
		{"HEAD is a link", func(t *testing.T, r *gittest.Repo) (string, []string) {
			r.Git("pack-refs", "--all")
			must(t, os.Remove(filepath.Join(gitDir(r), "HEAD")))
			must(t, os.Symlink("refs/heads/main", filepath.Join(gitDir(r), "HEAD")))
			return r.Dir, nil
		}, "code of this program"},
		{"detached HEAD", func(_ *testing.T, r *gittest.Repo) (string, []string) {
			r.Git("checkout", "-q", "--detach", "main")
			return r.Dir, nil
		}, "code of this program"},
		{"multi-pack-index beside the indexes", func(_ *testing.T, r *gittest.Repo) (string, []string) {
			r.Git("multi-pack-index", "write")
			return r.Dir, nil
		}, "code of this program"},
		{"pack without an index beside the others", func(t *testing.T, r *gittest.Repo) (string, []string) {
			writeFile(t, filepath.Join(gitDir(r), "objects/pack/pack-0.pack"), "just being written")
			return r.Dir, nil
		}, "code of this program"},
		{"index without a pack beside the others", func(t *testing.T, r *gittest.Repo) (string, []string) {
			writeFile(t, filepath.Join(gitDir(r), "objects/pack/pack-0.idx"), "just being deleted")
			return r.Dir, nil
		}, "code of this program"},
		{"index of version 1", func(t *testing.T, r *gittest.Repo) (string, []string) {
			pack := glob(t, gitDir(r), "objects/pack/*.pack")[0]
			must(t, os.Remove(strings.TrimSuffix(pack, ".pack")+".idx"))
			r.Git("index-pack", "--index-version=1", pack)
			return r.Dir, nil
		}, "git cat-file: pack-"},
		{"alternates", func(t *testing.T, r *gittest.Repo) (string, []string) {
			r.Git("clone", "-q", "--shared", ".", "../shared")
			return filepath.Join(r.Dir, "../shared"), nil
		}, "git cat-file: alternates"},
		{"linked worktree", func(_ *testing.T, r *gittest.Repo) (string, []string) {
			r.Git("worktree", "add", "-q", "../linked", "-b", "linked", "main")
			return filepath.Join(r.Dir, "../linked"), nil
		}, "git cat-file: linked worktree"},
		{"GIT_OBJECT_DIRECTORY", func(_ *testing.T, r *gittest.Repo) (string, []string) {
			return r.Dir, []string{"GIT_OBJECT_DIRECTORY=" + filepath.Join(gitDir(r), "objects")}
		}, "git cat-file: GIT_OBJECT_DIRECTORY is set"},
		{"GIT_COMMON_DIR", func(_ *testing.T, r *gittest.Repo) (string, []string) {
			return r.Dir, []string{"GIT_COMMON_DIR=.git"}
		}, "git cat-file: GIT_COMMON_DIR is set"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := small(t)
			main := id(t, r.Git("rev-parse", "main"))
			objects := allObjects(t, r)
			dir, env := tt.make(t, r)
			repo := mustOpen(t, dir, env...)
			if got := repo.Layout().String(); !strings.HasPrefix(got, tt.want) || repo.Layout().NeedsGit() != (got != "code of this program") {
				t.Errorf("layout %q", got)
			}
			testStore(t, repo, objects)
			for _, rev := range []string{"HEAD", "v1", "main^{}"} {
				if got, err := repo.Resolve(rev); err != nil || got.ID != main {
					t.Errorf("%s is %s, %v", rev, got.ID, err)
				}
			}
			if !filepath.IsAbs(repo.GitDir()) || !filepath.IsAbs(repo.CommonDir()) {
				t.Errorf("%s and %s", repo.GitDir(), repo.CommonDir())
			}
		})
	}
}

// A hook sees objects that are not accepted yet where git says that they are, as
// in pre-receive. Here git itself is asked what it says.
func TestQuarantine(t *testing.T) {
	server := small(t, "--bare")
	client := gittest.At(t, filepath.Join(t.TempDir(), "client"))
	must(t, os.Mkdir(client.Dir, 0o777))
	client.Git("clone", "-q", server.Dir, ".")
	out := filepath.Join(t.TempDir(), "out")
	writeFile(t, filepath.Join(server.Dir, "hooks", "pre-receive"), "#!/bin/sh\n"+
		"GO_TEST_QUARANTINE="+out+" exec "+os.Args[0]+" -test.run '^TestInQuarantine$'\n")
	must(t, os.Chmod(filepath.Join(server.Dir, "hooks", "pre-receive"), 0o777))
	client.Commit("new", "text\n")
	client.Git("push", "-q", "origin", "main")
	content, err := os.ReadFile(out)
	must(t, err)
	var saw seen
	must(t, json.Unmarshal(content, &saw))
	if saw != (seen{Layout: "git cat-file: quarantined objects", Subject: "Change new"}) {
		t.Errorf("the hook sees %+v", saw)
	}
	if repo := mustOpen(t, server.Dir); repo.Layout().NeedsGit() {
		t.Errorf("afterwards the layout is %s", repo.Layout())
	}
}

// seen is what a hook sees of the commit that is pushed.
type seen struct{ Layout, Subject, Error string }

// TestInQuarantine is what the hook of TestQuarantine runs.
func TestInQuarantine(t *testing.T) {
	out, ok := os.LookupEnv("GO_TEST_QUARANTINE")
	if !ok {
		return
	}
	var saw seen
	if err := saw.look(); err != nil {
		saw.Error = err.Error()
	}
	content, err := json.Marshal(saw)
	must(t, err)
	must(t, os.WriteFile(out, content, 0o666))
}

func (s *seen) look() error {
	var from, to, ref string
	if _, err := fmt.Scan(&from, &to, &ref); err != nil {
		return err
	}
	id, err := gitwalk.ParseID(to)
	if err != nil {
		return err
	}
	repo, err := Open(context.Background(), ".", Options{Getenv: os.Getenv})
	if err != nil {
		return err
	}
	s.Layout = repo.Layout().String()
	source, err := repo.NewSource()
	if err != nil {
		return err
	}
	defer source.Close()
	raw, err := gitwalk.NewReader(source).Commit(id)
	if err != nil {
		return err
	}
	commit, err := gitwalk.ParseCommit(id, raw)
	if err == nil {
		s.Subject = commit.Subject()
	}
	return err
}

// What neither way can read is refused for what it is when it is opened.
func TestUnsupportedLayouts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		make   func(t *testing.T) *gittest.Repo
		detail string
	}{
		{"SHA-256", func(t *testing.T) *gittest.Repo {
			r := gittest.New(t, "--object-format=sha256")
			r.Commit("file", "text\n")
			return r
		}, "SHA-256"},
		{"SHA-256, detached HEAD", func(t *testing.T) *gittest.Repo {
			r := gittest.New(t, "--object-format=sha256")
			r.Commit("file", "text\n")
			r.Git("checkout", "-q", "--detach")
			return r
		}, "SHA-256"},
		{"unknown extension", func(t *testing.T) *gittest.Repo {
			return configured(t, "core.repositoryFormatVersion=1", "extensions.unheardOf=true")
		}, "repository extension unheardof"},
		{"unknown version", func(t *testing.T) *gittest.Repo {
			return configured(t, "core.repositoryFormatVersion=7")
		}, "repository format version 7"},
		{"unknown refs", func(t *testing.T) *gittest.Repo {
			return configured(t, "core.repositoryFormatVersion=1", "extensions.refStorage=unheard-of")
		}, "refs stored as unheard-of"},
		{"unknown objects", func(t *testing.T) *gittest.Repo {
			return configured(t, "core.repositoryFormatVersion=1", "extensions.objectFormat=sha512")
		}, "object format sha512"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.make(t)
			_, err := Open(context.Background(), r.Dir, Options{})
			var unsupported *UnsupportedLayoutError
			if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), tt.detail) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// configured is a repository in whose configuration are NAME=VALUE, all at once:
// git would not touch it again.
func configured(t *testing.T, variables ...string) *gittest.Repo {
	r := small(t)
	config := filepath.Join(t.TempDir(), "config")
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		r.Git("config", "--file", config, name, value)
	}
	more, err := os.ReadFile(config)
	must(t, err)
	old, err := os.ReadFile(filepath.Join(gitDir(r), "config"))
	must(t, err)
	writeFile(t, filepath.Join(gitDir(r), "config"), string(old)+string(more))
	return r
}

// With a git that knows reftable the repository is read; an older one is an
// error that says so. Either way it is a repository.
func TestReftable(t *testing.T) {
	r := gittest.New(t)
	if _, err := r.TryGit(nil, "init", "-q", "--ref-format=reftable", "../reftable"); err == nil {
		r = gittest.At(t, filepath.Join(r.Dir, "../reftable"))
		tip := r.Commit("file", "text\n")
		repo := mustOpen(t, r.Dir)
		if repo.Layout().Reason != "refs stored as reftable" {
			t.Errorf("layout %s", repo.Layout())
		}
		if got, err := repo.Resolve("HEAD"); err != nil || got.ID.String() != tip {
			t.Errorf("HEAD is %s, %v", got.ID, err)
		}
		return
	}
	r = configured(t, "core.repositoryFormatVersion=1", "extensions.refStorage=reftable")
	writeFile(t, filepath.Join(gitDir(r), "HEAD"), "ref: refs/heads/.invalid\n")
	must(t, os.RemoveAll(filepath.Join(gitDir(r), "refs/heads")))
	writeFile(t, filepath.Join(gitDir(r), "refs/heads"), "this repository uses the reftable format\n")
	_, err := Open(context.Background(), r.Dir, Options{})
	var unsupported *UnsupportedLayoutError
	if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "refs stored as reftable") {
		t.Errorf("error %v", err)
	}
}

func TestGitIsNeededAndMissing(t *testing.T) {
	r := small(t)
	r.Git("worktree", "add", "-q", "../linked", "-b", "linked", "main")
	t.Setenv("PATH", t.TempDir())
	_, err := Open(context.Background(), filepath.Join(r.Dir, "../linked"), Options{})
	var need *NeedGitError
	if !errors.As(err, &need) || need.Reason != "linked worktree" {
		t.Errorf("error %v", err)
	}
	repo, err := Open(context.Background(), r.Dir, Options{})
	must(t, err)
	for _, rev := range []string{"HEAD", "main~1", "v1"} {
		if _, err := repo.Resolve(rev); err != nil {
			t.Errorf("without git: %s: %v", rev, err)
		}
	}
	var unknown *UnknownRevisionError
	if _, err := repo.Resolve("HEAD:file"); !errors.As(err, &unknown) || !strings.Contains(unknown.Detail, "not installed") {
		t.Errorf("what only git knows: %v", err)
	}
}
