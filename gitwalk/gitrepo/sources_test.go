package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// sources are both ways to read a repository.
func sources(t testing.TB, r *Repository) (inProcess, throughGit gitwalk.Source) {
	ctx := context.Background()
	inProcess, throughGit = newDiskSource(ctx, r.packs), newCatFile(ctx, r.git, r.PartialClone())
	t.Cleanup(func() { must(t, errors.Join(inProcess.Close(), throughGit.Close())) })
	return inProcess, throughGit
}

// compare requires that both sources give the same objects, that those have the
// ids that they were asked for by, and that limits mean the same.
func compare(t *testing.T, r *Repository, ids []gitwalk.ID) {
	t.Helper()
	a, b := sources(t, r)
	for _, id := range ids {
		kind, content, err := a.Object(id, 1<<30)
		kindB, contentB, errB := b.Object(id, 1<<30)
		if err != nil || errB != nil {
			t.Errorf("%s: in-process %v, through git %v", id, err, errB)
			continue
		}
		if kind != kindB || !bytes.Equal(content, contentB) {
			t.Errorf("%s: in-process a %s of %d bytes, through git a %s of %d", id, kind, len(content), kindB, len(contentB))
		}
		if sum, collision := gitwalk.Hash(kind, content); sum != id || collision {
			t.Errorf("%s hashes to %s", id, sum)
		}
		size := int64(len(content))
		for _, source := range []gitwalk.Source{a, b} {
			if _, again, err := source.Object(id, size); err != nil || !bytes.Equal(again, content) {
				t.Errorf("%s: with its size as limit: %d bytes, %v", id, len(again), err)
			}
			var large *gitwalk.TooLargeError
			if _, cut, err := source.Object(id, size-1); !errors.As(err, &large) || large.ID != id || large.Limit != size-1 || cut != nil {
				t.Errorf("%s: with a smaller limit: %d bytes, %v", id, len(cut), err)
			}
		}
	}
}

func TestSourcesAgree(t *testing.T) {
	for _, tt := range []struct {
		name string
		git  [][]string
	}{
		{"pack of fast-import", nil},
		{"pack of offset deltas", [][]string{{"repack", "-adfq", "--depth=200", "--window=20"}}},
		{"pack of reference deltas", [][]string{{"-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=200", "--window=20"}}},
		{"pack without deltas", [][]string{{"repack", "-adfq", "--depth=0"}}},
		{"pack without compression", [][]string{{"-c", "pack.compression=0", "repack", "-adfFq"}}},
		{"many packs", [][]string{{"-c", "pack.packSizeLimit=1m", "repack", "-adfq"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rich(t)
			for _, args := range tt.git {
				r.Git(args...)
			}
			compare(t, mustOpen(t, r.Dir), shuffled(allObjects(t, r)))
		})
	}
}

func TestSourcesAgreeOnLooseObjects(t *testing.T) {
	r := rich(t)
	loosen(t, r)
	r.Git("config", "core.looseCompression", "0")
	r.Hash("blob", bytes.Repeat([]byte("not compressed"), 3000))
	ids := allObjects(t, r)
	if packs := glob(t, gitDir(r), "objects/pack/*"); len(packs) > 0 {
		t.Fatalf("there are %q", packs)
	}
	compare(t, mustOpen(t, r.Dir), ids)
}

// loosen makes each object a file of its own.
func loosen(t testing.TB, r *gittest.Repo) {
	t.Helper()
	pack := filepath.Join(gitDir(r), "objects", "pack")
	outside := t.TempDir()
	for _, name := range glob(t, pack, "*") {
		must(t, os.Rename(name, filepath.Join(outside, filepath.Base(name))))
	}
	for _, name := range glob(t, outside, "*.pack") {
		content, err := os.ReadFile(name)
		must(t, err)
		r.GitInput(content, "unpack-objects", "-q")
	}
}

// Loose and packed, and in several packs.
func TestSourcesAgreeOnAMixture(t *testing.T) {
	r := rich(t)
	r.GitInput([]byte(r.Git("rev-parse", "HEAD~30")+"\n"), "pack-objects", "--revs", "-q", filepath.Join(gitDir(r), "objects/pack/pack"))
	for _, line := range []string{"HEAD", "HEAD~1", "v1"} {
		r.Hash(r.Git("cat-file", "-t", line), r.Object(r.Git("rev-parse", line)))
	}
	r.Commit("loose", "text\n")
	compare(t, mustOpen(t, r.Dir), shuffled(allObjects(t, r)))
}

func TestSourcesAgreeOnMissingObjects(t *testing.T) {
	r := small(t)
	r.Commit("loose", "text\n")
	a, b := sources(t, mustOpen(t, r.Dir))
	present := allObjects(t, r)
	for i, id := range present {
		id[10+i%10] ^= 0x40
		for name, source := range map[string]gitwalk.Source{"in-process": a, "through git": b} {
			var missing *gitwalk.MissingError
			if kind, content, err := source.Object(id, 1<<20); !errors.As(err, &missing) || missing.ID != id || kind != 0 || content != nil {
				t.Errorf("%s: %s, %d bytes, %v", name, kind, len(content), err)
			}
		}
	}
	compare(t, mustOpen(t, r.Dir), present[:5]) // and still works
}

// corpora is the folder of real histories, laid out as repositories.
func corpora(t testing.TB, names ...string) map[string]*gittest.Repo {
	t.Helper()
	const from = "../../../shared/corpora"
	repos := make(map[string]*gittest.Repo)
	for _, name := range names {
		pack, err := os.ReadFile(filepath.Join(from, name+".pack"))
		if err != nil {
			t.Skip("NOT TESTED: the real histories in shared/corpora are not here: ", err)
		}
		r := gittest.New(t, "--bare")
		r.GitInput(pack, "index-pack", "--stdin")
		repos[name] = r
	}
	return repos
}

func TestSourcesAgreeOnRealHistories(t *testing.T) {
	for name, r := range corpora(t, "skribilo", "visionfive2", "guix-science", "nonguix") {
		t.Run(name, func(t *testing.T) {
			ids := allObjects(t, r)
			compare(t, mustOpen(t, r.Dir), ids)
			parse(t, mustOpen(t, r.Dir), ids)
		})
	}
}

// parse requires that real commits and trees are canonical, and that both parsers
// say the same of a commit.
func parse(t *testing.T, r *Repository, ids []gitwalk.ID) {
	reader := mustReader(t, r)
	signed, trees := 0, 0
	for _, id := range ids {
		kind, err := reader.Kind(id)
		must(t, err)
		switch kind {
		case gitwalk.KindCommit:
			raw, err := reader.Commit(id)
			must(t, err)
			c, err := gitwalk.ParseCommit(id, raw)
			must(t, err)
			links, err := gitwalk.ParseLinks(raw)
			if err != nil || links.Tree != c.Tree || len(links.Parents) != len(c.Parents) {
				t.Errorf("%s: links %+v, %v", id, links, err)
			}
			if c.Signature != nil {
				signed++
			}
		case gitwalk.KindTree:
			raw, err := reader.Tree(id)
			must(t, err)
			_, err = gitwalk.ParseTree(id, raw)
			must(t, err)
			trees++
		}
	}
	if signed == 0 || trees == 0 {
		t.Errorf("%d signed commits and %d trees: this tests little", signed, trees)
	}
}

func TestClosedSources(t *testing.T) {
	r := small(t)
	head := id(t, r.Git("rev-parse", "HEAD"))
	repo := mustOpen(t, r.Dir)
	ctx := context.Background()
	for name, source := range map[string]gitwalk.Source{"in-process": newDiskSource(ctx, repo.packs), "through git": newCatFile(ctx, repo.git, false)} {
		if _, _, err := source.Object(head, 1<<20); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for range 2 {
			if err := source.Close(); err != nil {
				t.Errorf("%s: Close: %v", name, err)
			}
			if _, _, err := source.Object(head, 1<<20); err == nil {
				t.Errorf("%s: a closed source gives an object", name)
			}
		}
	}
}

// A Source that is open keeps the others' files open too, and no longer.
func TestFilesAreClosed(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("NOT TESTED: no /proc/self/fd")
	}
	r := small(t)
	ids := allObjects(t, r)
	repo := mustOpen(t, r.Dir)
	openPacks := func() int {
		n := 0
		for _, fd := range glob(t, "/proc/self/fd/*") {
			if name, err := os.Readlink(fd); err == nil && filepath.Ext(name) == ".pack" {
				n++
			}
		}
		return n
	}
	ctx := context.Background()
	a, b := newDiskSource(ctx, repo.packs), newDiskSource(ctx, repo.packs)
	for _, s := range []*diskSource{a, b} {
		_, _, err := s.Object(ids[0], 1<<30)
		must(t, err)
	}
	if n := openPacks(); n != 1 {
		t.Errorf("%d files are open", n)
	}
	must(t, a.Close())
	for _, id := range ids {
		_, _, err := b.Object(id, 1<<30)
		must(t, err)
	}
	must(t, b.Close())
	if n := openPacks(); n != 0 {
		t.Errorf("%d files are still open", n)
	}
	c := newDiskSource(ctx, repo.packs)
	_, _, err := c.Object(ids[0], 1<<30)
	must(t, err)
	must(t, c.Close())
}

func TestCancelledRepository(t *testing.T) {
	r := small(t)
	head := id(t, r.Git("rev-parse", "HEAD"))
	ctx, cancel := context.WithCancel(context.Background())
	repo, err := Open(ctx, r.Dir, Options{})
	must(t, err)
	sources := map[string]gitwalk.Source{"in-process": newDiskSource(ctx, repo.packs), "through git": newCatFile(ctx, repo.git, false)}
	for _, source := range sources {
		_, _, err := source.Object(head, 1<<20)
		must(t, err)
	}
	child := sources["through git"].(*catFile).child.cmd
	cancel()
	for name, source := range sources {
		if _, _, err := source.Object(head, 1<<20); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", name, err)
		}
		must(t, source.Close())
	}
	if child.ProcessState == nil {
		t.Error("git was not waited for")
	}
	if _, err := repo.NewSource(); !errors.Is(err, context.Canceled) {
		t.Errorf("NewSource: %v", err)
	}
}

// A git that is ended from outside is no fault of the object's.
func TestCatFileStartsAgain(t *testing.T) {
	r := small(t)
	head := id(t, r.Git("rev-parse", "HEAD"))
	s := newCatFile(context.Background(), mustOpen(t, r.Dir).git, false)
	defer s.Close()
	for range 3 {
		if _, _, err := s.Object(head, 1<<20); err != nil {
			t.Fatal(err)
		}
		must(t, s.child.cmd.Process.Kill())
	}
}

// What git writes too much for one object is not taken for an answer about the
// next, and what it writes too little is not waited for.
func TestCatFileIsThrownOff(t *testing.T) {
	r := small(t)
	head := id(t, r.Git("rev-parse", "HEAD"))
	loose := func(content string, declared string) gitwalk.ID {
		id := blobID(content)
		name := id.String()
		writeFile(t, filepath.Join(gitDir(r), "objects", name[:2], name[2:]), string(deflate([]byte("blob "+declared+"\x00"+content))))
		return id
	}
	for name, ask := range map[string]gitwalk.ID{
		"an answer":  loose("x\n"+head.String()+" missing\n", "1"),
		"a commit":   loose("x\n"+head.String()+" commit 3\nabc\n", "1"),
		"a newline":  loose("x\n", "1"),
		"too little": loose("x", "100000"),
	} {
		s := newCatFile(context.Background(), mustOpen(t, r.Dir).git, false)
		for range 2 {
			if _, _, err := s.Object(head, 1<<20); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			_, err := gitwalk.NewReader(s).Blob(ask, 1<<20)
			checkCorrupt(t, ask, err)
			if raw, err := gitwalk.NewReader(s).Commit(head); err != nil || len(raw) == 0 {
				t.Errorf("%s: afterwards %v", name, err)
			}
		}
		must(t, s.Close())
	}
}

func checkCorrupt(t *testing.T, id gitwalk.ID, err error) {
	t.Helper()
	var corrupt *gitwalk.CorruptError
	if !errors.As(err, &corrupt) || corrupt.ID != id || corrupt.Detail == "" {
		t.Errorf("error %v", err)
	}
}

func TestCatFileWithoutGit(t *testing.T) {
	r := small(t)
	s := newCatFile(context.Background(), mustOpen(t, r.Dir).git, false)
	defer s.Close()
	t.Setenv("PATH", t.TempDir())
	if _, err := exec.LookPath("git"); err == nil {
		t.Fatal("there is a git")
	}
	if _, _, err := s.Object(gitwalk.ID{1}, 1); err == nil {
		t.Error("no error")
	}
}
