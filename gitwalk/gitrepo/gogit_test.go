package gitrepo

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/gittest/mergecase"
)

// What is read in-process is what go-git reads: each object of a history, in a pack of
// many, with long chains of deltas, and in files of their own.
func TestObjectsAreThoseOfGoGit(t *testing.T) {
	repo := gittest.New(t, "--bare")
	rng := rand.New(rand.NewPCG(6, 5))
	var im mergecase.Importer
	files := mergecase.Random(rng).Base
	at := im.Commit(1, files)
	for i := range 150 {
		files.Change(rng)
		files.Settle()
		at = im.Commit(int64(2+i), files, at)
	}
	im.Import(t, repo)
	compare := func(t *testing.T) {
		storage := filesystem.NewStorage(osfs.New(repo.Dir), cache.NewObjectLRUDefault())
		source := inProcess(t, mustOpen(t, repo.Dir))
		for line := range strings.Lines(repo.Git("cat-file", "--batch-all-objects", "--batch-check") + "\n") {
			name := strings.Fields(line)[0]
			kind, content := throughGoGit(t, storage, name)
			id, _ := gitwalk.ParseID(name)
			if k, c, err := source.Object(id, 1<<20); err != nil || k.String() != kind || !bytes.Equal(c, content) {
				t.Errorf("%s is a %s of %d bytes, %v, instead of a %s of %d", name, k, len(c), err, kind, len(content))
			}
		}
	}
	repo.Git("repack", "-adfq", "--depth=50", "--window=50")
	t.Run("packed", compare)
	for _, pack := range glob(t, repo.Dir, "objects/pack/*.pack") {
		content, err := os.ReadFile(pack)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range glob(t, filepath.Dir(pack), strings.TrimSuffix(filepath.Base(pack), ".pack")+".*") {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		repo.GitInput(content, "unpack-objects", "-q")
	}
	t.Run("in files", compare)
}

// throughGoGit reads an object with go-git.
func throughGoGit(t *testing.T, storage *filesystem.Storage, name string) (kind string, content []byte) {
	t.Helper()
	object, err := storage.EncodedObject(plumbing.AnyObject, plumbing.NewHash(name))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := object.Reader()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if content, err = io.ReadAll(reader); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", name, err))
	}
	return object.Type().String(), content
}
