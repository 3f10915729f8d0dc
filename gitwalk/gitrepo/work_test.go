package gitrepo

import (
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

func TestWork(t *testing.T) {
	r := small(t)
	head := id(t, r.Git("rev-parse", "HEAD"))
	size := int64(len(r.Object(head.String())))
	bothWays(t, r.Dir, func(t *testing.T, repo *Repository) {
		if got := repo.Work(); got != (Work{}) {
			t.Errorf("%+v before anything is read", got)
		}
		for range 2 { // two Sources
			source, err := repo.NewSource()
			must(t, err)
			_, _, err = source.Object(head, 1<<20)
			must(t, err)
			if _, _, err := source.Object(gitwalk.ID{1}, 1<<20); err == nil {
				t.Error("an object is found that nobody has")
			}
			must(t, source.Close())
		}
		got := repo.Work()
		if got.Objects != 2 || got.Inflated != 2*size || (got.Read == 0) != repo.Layout().NeedsGit() {
			t.Errorf("%+v for two commits of %d bytes", got, size)
		}
	})
	loosen(t, r)
	repo := mustOpen(t, r.Dir)
	_, err := mustReader(t, repo).Commit(head)
	must(t, err)
	if got := repo.Work(); got != (Work{Objects: 1, Inflated: size}) {
		t.Errorf("%+v for a commit of %d bytes in a file of its own", got, size)
	}
}

// What is remembered is not inflated again, and Sources may count at the same time.
func TestWorkOfManySources(t *testing.T) {
	r := rich(t)
	ids := allObjects(t, r)
	one := mustOpen(t, r.Dir)
	testStore(t, one, ids)
	many := mustOpen(t, r.Dir)
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() { testStore(t, many, ids) })
	}
	readers.Wait()
	if a, b := one.Work(), many.Work(); b != (Work{3 * a.Objects, 3 * a.Inflated, 3 * a.Read}) || a.Objects != int64(len(ids)) {
		t.Errorf("%+v for one Source and %+v for three", a, b)
	}
	commit := id(t, r.Git("rev-parse", "HEAD^{tree}"))
	reader, before := mustReader(t, one), one.Work()
	for range 10 {
		_, err := reader.Tree(commit)
		must(t, err)
	}
	if got := one.Work().Inflated - before.Inflated; got > 3*int64(len(r.Object(commit.String()))) {
		t.Errorf("%d bytes are inflated for one tree", got)
	}
}
