package worktree_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/worktree"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	r := gittest.New(t)
	below := filepath.Join(r.Dir, "a", "b")
	must(t, os.MkdirAll(below, 0o777))
	tree, err := worktree.Find(t.Context(), gitcli.User{Dir: below})
	must(t, err)
	if same, _ := filepath.EvalSymlinks(r.Dir); tree.Dir != same {
		t.Errorf("found %s", tree.Dir)
	}
	bare := gittest.New(t, "--bare")
	if _, err := worktree.Find(t.Context(), gitcli.User{Dir: bare.Dir}); outcome.From(err).Class != outcome.Usage {
		t.Errorf("of a bare repository: %v", err)
	}
}

func TestReplace(t *testing.T) {
	tree := worktree.Tree{Dir: t.TempDir()}
	const name = "d/e/file"
	if _, err := tree.Read(name, 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	must(t, tree.Replace(name, nil, []byte("one")))
	must(t, os.Chmod(tree.Path(name), 0o751))
	must(t, os.WriteFile(tree.Path(name+".tmp"), []byte("left by a run that was killed"), 0o666))
	must(t, tree.Replace(name, []byte("one"), []byte("two")))
	content, err := tree.Read(name, 3)
	if err != nil || string(content) != "two" {
		t.Errorf("%q, %v", content, err)
	}
	if info, err := os.Stat(tree.Path(name)); err != nil || info.Mode().Perm() != 0o751 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if names, err := tree.Names("d/e"); err != nil || !slices.Equal(names, []string{"file"}) {
		t.Errorf("names %v, %v", names, err)
	}
	if names, err := tree.Names("d/x"); err != nil || names != nil {
		t.Errorf("names %v, %v", names, err)
	}
	if _, err := tree.Read(name, 2); err == nil {
		t.Error("read more than the limit")
	}
}

// What somebody else has written meanwhile is not lost.
func TestReplaceWhatHasChanged(t *testing.T) {
	tree := worktree.Tree{Dir: t.TempDir()}
	must(t, os.WriteFile(tree.Path("file"), []byte("new"), 0o666))
	for _, old := range []string{"old", "", "new and longer", "ne"} {
		if err := tree.Replace("file", []byte(old), []byte("mine")); outcome.From(err).Class != outcome.Usage {
			t.Errorf("replaced %q: %v", old, err)
		}
	}
	if err := tree.Replace("file", nil, []byte("mine")); outcome.From(err).Class != outcome.Usage {
		t.Errorf("replaced as a new one: %v", err)
	}
	if content, err := tree.Read("file", 10); err != nil || string(content) != "new" {
		t.Errorf("%q, %v", content, err)
	}
}

// A repository can have a link where the file or its directory belongs.
func TestLinks(t *testing.T) {
	outside := t.TempDir()
	must(t, os.WriteFile(filepath.Join(outside, "file"), []byte("untouched"), 0o666))
	for _, c := range []struct{ name, link, target string }{
		{"file", "file", filepath.Join(outside, "file")},
		{"file to nothing", "file", "nowhere"},
		{"file within", "file", "other"},
		{"directory", "d", outside},
		{"directory within", "d", "real"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := worktree.Tree{Dir: t.TempDir()}
			must(t, os.Mkdir(tree.Path("real"), 0o777))
			must(t, os.WriteFile(tree.Path("other"), []byte("untouched"), 0o666))
			must(t, os.WriteFile(tree.Path("real/file"), []byte("untouched"), 0o666))
			must(t, os.Symlink(c.target, tree.Path(c.link)))
			name := "file"
			if c.link == "d" {
				name = "d/file"
			}
			for _, old := range [][]byte{nil, []byte("untouched")} {
				if err := tree.Replace(name, old, []byte("written")); err == nil {
					t.Error("a link was followed or replaced")
				}
			}
			if content, err := tree.Read(name, 100); err == nil {
				t.Errorf("read %q through a link", content)
			}
			for _, path := range []string{filepath.Join(outside, "file"), tree.Path("other"), tree.Path("real/file")} {
				if content, err := os.ReadFile(path); string(content) != "untouched" {
					t.Errorf("%s has %q, %v", path, content, err)
				}
			}
		})
	}
}

func TestNoRoomForADraft(t *testing.T) {
	tree := worktree.Tree{Dir: t.TempDir()}
	must(t, os.Mkdir(tree.Path("file.tmp"), 0o777))
	must(t, os.WriteFile(tree.Path("file.tmp/full"), nil, 0o666))
	must(t, os.WriteFile(tree.Path("file"), []byte("old"), 0o666))
	if err := tree.Replace("file", []byte("old"), []byte("new")); err == nil {
		t.Error("no error")
	}
	if content, _ := os.ReadFile(tree.Path("file")); string(content) != "old" {
		t.Errorf("%q", content)
	}
}
