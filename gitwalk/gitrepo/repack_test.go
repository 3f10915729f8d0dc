package gitrepo

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// Git may repack at any time, and delete what has been opened.
func TestRepackWhileReading(t *testing.T) {
	r := rich(t)
	ids := shuffled(allObjects(t, r))
	repo := mustOpen(t, r.Dir)
	a, b := sources(t, repo)
	ways := []struct {
		name string
		git  func()
	}{
		{"repack into one", func() { r.Git("repack", "-adfq", "--depth=10") }},
		{"repack into many", func() { r.Git("-c", "pack.packSizeLimit=1m", "repack", "-adfq") }},
		{"loosen", func() { loosen(t, r) }},
		{"prune what was packed", func() { r.Git("repack", "-adq"); r.Git("prune-packed", "-q") }},
	}
	for i, id := range ids {
		if i%(len(ids)/len(ways)) == 0 && i/(len(ids)/len(ways)) < len(ways) {
			ways[i/(len(ids)/len(ways))].git()
		}
		for name, source := range map[string]gitwalk.Source{"in-process": a, "through git": b} {
			if _, err := gitwalk.NewReader(source).Kind(id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestNewObjectsAreFound(t *testing.T) {
	r := small(t)
	repo := mustOpen(t, r.Dir)
	a, b := sources(t, repo)
	check := func(id gitwalk.ID) {
		t.Helper()
		for name, source := range map[string]gitwalk.Source{"in-process": a, "through git": b} {
			if _, err := gitwalk.NewReader(source).Kind(id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	check(id(t, r.Git("rev-parse", "main")))
	check(id(t, r.Commit("loose", "text\n")))
	packed := r.Commit("packed", "text\n")
	r.Git("repack", "-adq")
	check(id(t, packed))
}

// Sources of one Repository are used at the same time, each by one goroutine,
// while git repacks. The race detector is one of the judges.
func TestManySources(t *testing.T) {
	r := rich(t)
	ids := allObjects(t, r)
	repo := mustOpen(t, r.Dir)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			source, err := repo.NewSource()
			if err != nil {
				t.Error(err)
				return
			}
			defer source.Close()
			reader := gitwalk.NewReader(source)
			for _, id := range ids {
				if _, err := reader.Kind(id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	readers.Go(func() {
		for range 20 {
			if _, err := repo.Resolve("main~3"); err != nil {
				t.Error(err)
			}
		}
	})
	r.Git("repack", "-adfq", "--depth=20")
	readers.Wait()
}

// A pack that cannot be opened any more, and of which nothing else is left, is
// damage; it is not a repository that never had the object.
func TestPackDisappears(t *testing.T) {
	r := small(t)
	head := id(t, r.Git("rev-parse", "main"))
	s := newDiskSource(context.Background(), mustOpen(t, r.Dir).packs)
	defer s.Close()
	pack := glob(t, gitDir(r), "objects/pack/*.pack")[0]
	if _, ok, err := mustOpen(t, r.Dir).Ref("refs/heads/main"); !ok || err != nil {
		t.Fatal(err)
	}
	packs, err := s.set.packs(false)
	must(t, err)
	_, err = packs[0].load()
	must(t, err)
	must(t, os.Rename(pack, filepath.Join(t.TempDir(), "pack")))
	if _, _, err := s.Object(head, 1<<20); err == nil {
		t.Error("no error")
	}
}
