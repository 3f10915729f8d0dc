package gitrepo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

func TestNotARepository(t *testing.T) {
	notThere := filepath.Join(t.TempDir(), "nothing")
	for _, tt := range []struct {
		name   string
		make   func(t *testing.T, dir string)
		env    string
		detail string
	}{
		{"empty directory", func(*testing.T, string) {}, "", "neither"},
		{".git without HEAD", func(t *testing.T, dir string) {
			must(t, os.MkdirAll(filepath.Join(dir, ".git/objects"), 0o777))
			must(t, os.MkdirAll(filepath.Join(dir, ".git/refs"), 0o777))
		}, "", "neither"},
		{".git without objects", func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, ".git/HEAD"), "ref: refs/heads/main\n")
			must(t, os.MkdirAll(filepath.Join(dir, ".git/refs"), 0o777))
		}, "", "neither"},
		{".git with another HEAD", func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, ".git/HEAD"), "heads/main\n")
			must(t, os.MkdirAll(filepath.Join(dir, ".git/objects"), 0o777))
			must(t, os.MkdirAll(filepath.Join(dir, ".git/refs"), 0o777))
		}, "", "neither"},
		{".git file without a directory", func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, ".git"), "gitdir: \n") }, "", `form "gitdir: DIRECTORY"`},
		{".git file of something else", func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, ".git"), "hello\n") }, "", `form "gitdir: DIRECTORY"`},
		{"empty .git file", func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, ".git"), "") }, "", `form "gitdir: DIRECTORY"`},
		{".git file with two lines", func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, ".git"), "gitdir: a\nb\n") }, "", `form "gitdir: DIRECTORY"`},
		{".git file to nothing", func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, ".git"), "gitdir: elsewhere\n") }, "", "elsewhere, which is no repository"},
		{"GIT_DIR to nothing", func(*testing.T, string) {}, notThere, "what GIT_DIR says"},
		{"directory that does not exist", func(t *testing.T, dir string) { must(t, os.Remove(dir)) }, "", "neither"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tt.make(t, dir)
			_, err := Open(context.Background(), dir, Options{Getenv: environ("GIT_DIR=" + tt.env)})
			var none *NotARepositoryError
			if !errors.As(err, &none) || !strings.Contains(err.Error(), tt.detail) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A broken .git is not skipped in favour of a repository above: git does not.
func TestBrokenGitFileBelowARepository(t *testing.T) {
	r := small(t)
	below := filepath.Join(r.Dir, "below")
	writeFile(t, filepath.Join(below, ".git"), "gitdir: /nonexistent\n")
	if _, err := Open(context.Background(), below, Options{}); !errors.As(err, new(*NotARepositoryError)) {
		t.Errorf("error %v", err)
	}
}

func TestFilesThatAreNoFiles(t *testing.T) {
	for _, name := range []string{".git/config", ".git/packed-refs", ".git/commondir", ".git/objects/info/alternates"} {
		r := small(t)
		path := filepath.Join(r.Dir, name)
		os.Remove(path)
		must(t, os.MkdirAll(filepath.Dir(path), 0o777))
		must(t, syscall.Mkfifo(path, 0o666))
		repo, err := Open(context.Background(), r.Dir, Options{})
		if err == nil {
			_, err = repo.Resolve("nothing")
		}
		if err == nil || errors.As(err, new(*UnknownRevisionError)) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestFilesThatAreTooLarge(t *testing.T) {
	r := small(t)
	large := strings.Repeat(" ", maxConfig+1)
	for _, name := range []string{"config", "objects/info/alternates"} {
		path := filepath.Join(gitDir(r), name)
		old, _ := os.ReadFile(path)
		writeFile(t, path, string(old)+large)
		_, err := Open(context.Background(), r.Dir, Options{})
		var malformed *MalformedFileError
		if !errors.As(err, &malformed) || malformed.Path != path {
			t.Errorf("%s: error %v", name, err)
		}
		writeFile(t, path, string(old))
	}
}

func TestShallow(t *testing.T) {
	r := small(t)
	r.Git("clone", "-q", "--depth=1", "--branch=main", "file://"+r.Dir, "../shallow")
	main, one := id(t, r.Git("rev-parse", "main")), id(t, r.Git("rev-parse", "main~1"))
	if mustOpen(t, r.Dir).Shallow() {
		t.Error("a whole clone is called shallow")
	}
	bothWays(t, filepath.Join(r.Dir, "../shallow"), func(t *testing.T, repo *Repository) {
		if !repo.Shallow() || repo.PartialClone() {
			t.Errorf("shallow %t, partial %t", repo.Shallow(), repo.PartialClone())
		}
		reader := mustReader(t, repo)
		raw, err := reader.Commit(main)
		must(t, err)
		if links, err := gitwalk.ParseLinks(raw); err != nil || len(links.Parents) != 2 {
			t.Errorf("links %+v, %v", links, err)
		}
		var missing *gitwalk.MissingError
		if _, err := reader.Commit(one); !errors.As(err, &missing) || missing.ID != one {
			t.Errorf("error %v", err)
		}
		if _, err := repo.Resolve("main~1"); !errors.As(err, &missing) || missing.ID != one {
			t.Errorf("error %v", err)
		}
	})
}

// What a partial clone does not have is missing. Nothing is fetched, whatever the
// remote is and whatever its configuration says.
func TestPartialClone(t *testing.T) {
	origin := small(t)
	origin.Git("config", "uploadpack.allowFilter", "true")
	origin.Git("config", "uploadpack.allowAnySHA1InWant", "true")
	dir := filepath.Join(origin.Dir, "../partial")
	origin.Git("clone", "-q", "--bare", "--filter=blob:none", "file://"+origin.Dir, dir)
	blob, commit := id(t, origin.Git("rev-parse", "main:file")), id(t, origin.Git("rev-parse", "main"))
	clone := gittest.At(t, dir)
	marker := filepath.Join(t.TempDir(), "marker")
	trap := filepath.Join(t.TempDir(), "trap")
	writeFile(t, trap, "#!/bin/sh\n: > "+marker+"\nexec git-upload-pack \"$@\"\n")
	must(t, os.Chmod(trap, 0o777))
	if origin.Git("rev-list", "--all", "--count") != clone.Git("rev-list", "--all", "--count") {
		t.Fatal("the clone lacks commits")
	}
	for _, url := range []string{"file://" + origin.Dir, origin.Dir, "ext::" + trap + " " + origin.Dir, "ssh://nowhere.invalid/x", "unheard-of::x"} {
		clone.Git("config", "remote.origin.url", url)
		clone.Git("config", "remote.origin.uploadpack", trap)
		clone.Git("config", "core.sshCommand", trap)
		clone.Git("config", "protocol.allow", "always")
		clone.Git("config", "protocol.ext.allow", "always")
		bothWays(t, dir, func(t *testing.T, repo *Repository) {
			if !repo.PartialClone() || repo.Shallow() {
				t.Errorf("partial %t, shallow %t", repo.PartialClone(), repo.Shallow())
			}
			reader := mustReader(t, repo)
			for range 2 {
				var missing *gitwalk.MissingError
				if _, err := reader.Blob(blob, 1<<20); !errors.As(err, &missing) || missing.ID != blob {
					t.Errorf("%s: error %v", url, err)
				}
				if _, err := reader.Commit(commit); err != nil {
					t.Errorf("%s: afterwards: %v", url, err)
				}
			}
			if _, err := repo.Resolve("main:file"); err == nil {
				t.Errorf("%s: the file is found", url)
			}
		})
		if _, err := os.Stat(marker); err == nil {
			t.Errorf("%s: something was fetched", url)
		}
	}
	// The trap works: git by itself springs it.
	clone.Git("config", "remote.origin.url", "file://"+origin.Dir)
	clone.Git("cat-file", "blob", blob.String())
	if _, err := os.Stat(marker); err != nil {
		t.Error("the test tests nothing: git itself fetches without the trap")
	}
}

func TestPartialCloneByConfiguration(t *testing.T) {
	for variables, want := range map[string]bool{
		"remote.origin.promisor=true":                                     true,
		"remote.origin.promisor=false":                                    false,
		"remote.origin.url=x":                                             false,
		"core.repositoryFormatVersion=1 extensions.partialClone=origin":   true,
		"core.repositoryFormatVersion=1 extensions.preciousObjects=false": false,
	} {
		r := configured(t, strings.Fields(variables)...)
		if got := mustOpen(t, r.Dir).PartialClone(); got != want {
			t.Errorf("%s: %t", variables, got)
		}
	}
}
