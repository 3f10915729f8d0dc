package gitrepo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func id(t testing.TB, digits string) gitwalk.ID {
	t.Helper()
	id, err := gitwalk.ParseID(digits)
	must(t, err)
	return id
}

// environ is an Options.Getenv that knows NAME=VALUE.
func environ(env ...string) func(string) string {
	return func(name string) string {
		for _, e := range env {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func mustOpen(t testing.TB, dir string, env ...string) *Repository {
	t.Helper()
	r, err := Open(context.Background(), dir, Options{Getenv: environ(env...)})
	must(t, err)
	return r
}

func mustReader(t testing.TB, r *Repository) *gitwalk.Reader {
	t.Helper()
	source, err := r.NewSource()
	must(t, err)
	t.Cleanup(func() { must(t, source.Close()) })
	return gitwalk.NewReader(source)
}

// viaGit opens a repository so that it is read through git, whatever its layout.
func viaGit(t testing.TB, dir string) *Repository {
	t.Helper()
	r := mustOpen(t, dir)
	r = mustOpen(t, dir, "GIT_OBJECT_DIRECTORY="+filepath.Join(r.CommonDir(), "objects"))
	if !r.Layout().NeedsGit() {
		t.Fatal("git is not needed")
	}
	return r
}

// bothWays calls test with the repository read in-process and through git.
func bothWays(t *testing.T, dir string, test func(t *testing.T, r *Repository)) {
	t.Helper()
	t.Run("in-process", func(t *testing.T) {
		r := mustOpen(t, dir)
		if r.Layout().NeedsGit() {
			t.Fatal("git is needed: ", r.Layout())
		}
		test(t, r)
	})
	t.Run("through git", func(t *testing.T) { test(t, viaGit(t, dir)) })
}

// allObjects are the ids of all objects that git finds.
func allObjects(t testing.TB, r *gittest.Repo) []gitwalk.ID {
	t.Helper()
	var ids []gitwalk.ID
	for line := range strings.Lines(r.Git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")) {
		ids = append(ids, id(t, strings.TrimSpace(line)))
	}
	return ids
}

// gitDir is the directory of a repository that has a work tree.
func gitDir(r *gittest.Repo) string { return filepath.Join(r.Dir, ".git") }

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o777))
	must(t, os.RemoveAll(path)) // git makes files of objects read-only
	must(t, os.WriteFile(path, []byte(content), 0o666))
}

func glob(t testing.TB, pattern ...string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(pattern...))
	must(t, err)
	return names
}

// rich makes a repository whose objects are of all kinds and of many sizes, some of
// them long series of similar ones. They are in one pack and in no other form.
func rich(t testing.TB, args ...string) *gittest.Repo {
	t.Helper()
	r := gittest.New(t, args...)
	r.GitInput(richStream(), "fast-import", "--quiet", "--force")
	return r
}

// small makes a repository with three commits, a merge among them, and two tags.
func small(t testing.TB, args ...string) *gittest.Repo {
	t.Helper()
	r := gittest.New(t, args...)
	r.GitInput([]byte(`commit refs/heads/main
mark :1
committer Ada <ada@example.org> 1600000000 +0000
data 4
One
M 100644 inline file
data 5
text

commit refs/heads/side
mark :2
committer Ada <ada@example.org> 1600000001 +0000
data 4
Two
from :1

commit refs/heads/main
mark :3
committer Ada <ada@example.org> 1600000002 +0000
data 6
Three
from :1
merge :2

tag v1
from :3
tagger Ada <ada@example.org> 1600000003 +0000
data 10
Version 1

`), "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force")
	r.Git("tag", "-m", "A tag of a tag", "v1-again", "v1")
	return r
}

// richStream is for git fast-import.
var richStream = sync.OnceValue(func() []byte {
	rng := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	data := func(content string) { fmt.Fprintf(&b, "data %d\n%s\n", len(content), content) }
	commit := func(mark int, branch, parents string) {
		fmt.Fprintf(&b, "commit refs/heads/%s\nmark :%d\ncommitter Ada <ada@example.org> %d +0000\n", branch, mark, gittest.Start+mark)
		data(fmt.Sprintf("Number %d\n", mark))
		b.WriteString(parents)
	}
	lines := strings.Split(strings.Repeat("a line of text\n", 3000), "\n")
	const linear = 120
	for n := 1; n <= linear; n++ {
		commit(n, "main", "")
		lines[rng.IntN(len(lines))] = fmt.Sprint("changed by ", n)
		b.WriteString("M 100644 inline long.txt\n")
		data(strings.Join(lines, "\n"))
		fmt.Fprintf(&b, "M 100755 inline dir/%d/file\n", n%7)
		data(fmt.Sprint(n))
	}
	commit(linear+1, "side", "from :50\n")
	for i, size := range []int{0, 1, 16383, 16384, 16385, 100_000, 2<<20 + 1} {
		noise := make([]byte, size)
		for j := range noise {
			noise[j] = byte(rng.Uint32())
		}
		fmt.Fprintf(&b, "M 100644 inline noise/%d\n", i)
		data(string(noise))
	}
	b.WriteString("M 120000 inline link\n")
	data("long.txt")
	fmt.Fprintf(&b, "M 160000 %040d submodule\n", 1)
	commit(linear+2, "main", fmt.Sprintf("from :%d\nmerge :%d\nmerge :3\n", linear, linear+1))
	b.WriteString("M 100644 inline \"na\\303\\257ve\"\n")
	data("text\n")
	fmt.Fprintf(&b, "tag v1\nfrom :%d\ntagger Ada <ada@example.org> %d +0000\n", linear, gittest.Start)
	data("Version 1\n")
	return []byte(b.String())
})

// testStore requires that the repository gives each object, as it is.
func testStore(t *testing.T, r *Repository, ids []gitwalk.ID) {
	t.Helper()
	if len(ids) == 0 {
		t.Fatal("no objects")
	}
	reader := mustReader(t, r)
	for _, id := range ids {
		if _, err := reader.Kind(id); err != nil {
			t.Error(err)
		}
	}
}

// shuffled is the ids in an order of no meaning, the same in each run.
func shuffled(ids []gitwalk.ID) []gitwalk.ID {
	ids = slices.Clone(ids)
	rng := rand.New(rand.NewPCG(7, 7))
	rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids
}
