package gitrepo_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/gittest/mergecase"
)

// graphOf opens the repository of a directory.
func graphOf(t testing.TB, dir string, opt gitrepo.Options) *gitwalk.Graph {
	t.Helper()
	repository, err := gitrepo.Open(t.Context(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	source, err := repository.NewSource()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	return gitwalk.NewGraph(gitwalk.NewReader(source))
}

func parse(t testing.TB, s string) gitwalk.ID {
	t.Helper()
	id, err := gitwalk.ParseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// compare lets a Merger merge pairs of commits and compares with what git makes
// of them in their own repository.
func compare(t *testing.T, repo *gittest.Repo, pairs [][2]string) (git []mergecase.GitMerge) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	git = mergecase.GitMerges(t, repo, pairs)
	g := graphOf(t, repo.Dir, gitrepo.Options{})
	m := gitrepo.NewMerger()
	for i, p := range pairs {
		tree, clean, err := m.MergeTree(t.Context(), g, gitwalk.Merge{Ours: parse(t, p[0]), Theirs: parse(t, p[1])})
		if err != nil || clean != git[i].Clean || clean && tree.String() != git[i].Tree {
			t.Errorf("merge %d of %s and %s is %s, %v, %v instead of %+v", i, p[0], p[1], tree, clean, err, git[i])
		}
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("%s is left behind", left[0].Name())
	}
	return git
}

func TestMergeTreeIsThatOfGit(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 1))
	repo := gittest.New(t, "--bare")
	var im mergecase.Importer
	var numbers [][2]int
	for range 200 {
		c := mergecase.Random(rng)
		base := im.Commit(1, c.Base)
		numbers = append(numbers, [2]int{im.Commit(2, c.Ours, base), im.Commit(3, c.Theirs, base)})
	}
	git := compare(t, repo, pairsOf(im.Import(t, repo), numbers))
	if clean := countClean(git); clean < 75 || clean > 175 {
		t.Errorf("%d of %d merges are clean", clean, len(git))
	}
}

func pairsOf(ids []string, numbers [][2]int) [][2]string {
	var pairs [][2]string
	for _, n := range numbers {
		pairs = append(pairs, [2]string{ids[n[0]], ids[n[1]]})
	}
	return pairs
}

func countClean(merges []mergecase.GitMerge) int {
	n := 0
	for _, m := range merges {
		if m.Clean {
			n++
		}
	}
	return n
}

// Where there are several merge bases, git merges these first, and their merge
// bases before them.
func TestMergeTreeWithSeveralMergeBases(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 2))
	repo := gittest.New(t, "--bare")
	var im mergecase.Importer
	var numbers [][2]int
	for range 80 {
		numbers = append(numbers, crissCross(rng, &im))
	}
	ids := im.Import(t, repo)
	pairs := pairsOf(ids, numbers)
	git := compare(t, repo, pairs)
	g := graphOf(t, repo.Dir, gitrepo.Options{})
	several, deep := 0, 0
	for _, p := range pairs {
		h, err := g.MergeHistory(t.Context(), parse(t, p[0]), parse(t, p[1]))
		if err != nil {
			t.Fatal(err)
		}
		if len(h) > 3 {
			several++
		}
		if len(h) > 6 {
			deep++
		}
	}
	if several < 15 || deep < 4 || countClean(git) < 15 {
		t.Errorf("only %d merges have several merge bases, %d of them more than two, %d are clean", several, deep, countClean(git))
	}
}

// crissCross makes a history in which two or three lines are merged into one
// another at random, and returns two of its ends.
func crissCross(rng *rand.Rand, im *mergecase.Importer) [2]int {
	start := mergecase.Random(rng).Base
	root := im.Commit(1, start)
	lines := 2 + rng.IntN(2)
	ends, trees := make([]int, lines), make([]mergecase.Files, lines)
	for i := range ends {
		ends[i], trees[i] = root, start
	}
	for step := range 3 + rng.IntN(4) {
		before, beforeTrees := slices.Clone(ends), slices.Clone(trees)
		for i := range ends {
			trees[i] = maps.Clone(beforeTrees[i])
			parents := []int{before[i]}
			if other := rng.IntN(lines); step > 0 && other != i {
				parents = append(parents, before[other])
				for _, path := range slices.Sorted(maps.Keys(beforeTrees[other])) {
					if rng.IntN(2) == 0 && !trees[i].HasDirectory(path) {
						trees[i][path] = beforeTrees[other][path]
					}
				}
				trees[i].Settle()
			}
			trees[i].Change(rng)
			ends[i] = im.Commit(int64(10+10*step+i), trees[i], parents...)
		}
	}
	return [2]int{ends[0], ends[1]}
}

// contested is a repository in which two branches, left and right, have changed
// the same file, so that git can merge them.
func contested(t *testing.T) *gittest.Repo {
	t.Helper()
	repo := gittest.New(t)
	lines := strings.Split("1 2 3 4 5 6 7 8 9", " ")
	repo.Commit("file", strings.Join(lines, "\n"))
	repo.Git("branch", "right")
	repo.Commit("file", "one\n"+strings.Join(lines[1:], "\n"))
	repo.Git("branch", "left")
	repo.Git("checkout", "--quiet", "right")
	repo.Commit("file", strings.Join(lines[:8], "\n")+"\nnine")
	return repo
}

// mergeSides merges the branches left and right.
func mergeSides(t *testing.T, repo *gittest.Repo, g *gitwalk.Graph) (gitwalk.ID, bool, error) {
	t.Helper()
	return gitrepo.NewMerger().MergeTree(t.Context(), g, gitwalk.Merge{Ours: parse(t, repo.Git("rev-parse", "left")), Theirs: parse(t, repo.Git("rev-parse", "right"))})
}

func wantMerge(t *testing.T, repo *gittest.Repo, g *gitwalk.Graph) {
	t.Helper()
	want := repo.Git("merge-tree", "--write-tree", "left", "right")
	if tree, clean, err := mergeSides(t, repo, g); err != nil || !clean || tree.String() != want {
		t.Errorf("the merge is %s, %v, %v instead of %s", tree, clean, err, want)
	}
}

func TestMergeTreeInEveryLayout(t *testing.T) {
	repo := contested(t)
	gitDir := filepath.Join(repo.Dir, ".git")
	t.Run("plain", func(t *testing.T) { wantMerge(t, repo, graphOf(t, repo.Dir, gitrepo.Options{})) })
	t.Run("packed", func(t *testing.T) {
		repo.Git("repack", "-adq")
		wantMerge(t, repo, graphOf(t, repo.Dir, gitrepo.Options{}))
	})
	t.Run("alternates", func(t *testing.T) {
		clone := filepath.Join(t.TempDir(), "clone")
		repo.Git("clone", "--quiet", "--shared", "--bare", repo.Dir, clone)
		wantMerge(t, repo, graphOf(t, clone, gitrepo.Options{}))
	})
	t.Run("linked worktree", func(t *testing.T) {
		worktree := filepath.Join(t.TempDir(), "worktree")
		repo.Git("worktree", "add", "--quiet", "--detach", worktree)
		wantMerge(t, repo, graphOf(t, worktree, gitrepo.Options{}))
	})
	t.Run("quarantine", func(t *testing.T) {
		other := gittest.New(t, "--bare")
		env := map[string]string{
			"GIT_DIR":                          other.Dir,
			"GIT_OBJECT_DIRECTORY":             filepath.Join(gitDir, "objects"),
			"GIT_ALTERNATE_OBJECT_DIRECTORIES": filepath.Join(other.Dir, "objects"),
			"GIT_QUARANTINE_PATH":              filepath.Join(gitDir, "objects"),
		}
		wantMerge(t, repo, graphOf(t, other.Dir, gitrepo.Options{Getenv: func(name string) string { return env[name] }}))
	})
}

// What the repository, its user or the system configure has no influence.
func TestMergeTreeRunsNothingOfTheRepository(t *testing.T) {
	repo := contested(t)
	for _, side := range []string{"left", "right"} {
		repo.Git("checkout", "--quiet", side)
		repo.Commit("driven", "text of the "+side+" side\n")
		repo.Commit(".gitattributes", "driven merge=mark filter=mark diff=mark\nfile merge=union\n")
	}
	marker := filepath.Join(t.TempDir(), "marker")
	mark := "touch " + marker
	repo.Git("config", "merge.mark.driver", mark)
	repo.Git("config", "merge.default", "mark")
	repo.Git("config", "filter.mark.smudge", mark)
	repo.Git("config", "filter.mark.clean", mark)
	repo.Git("config", "diff.mark.textconv", mark)
	repo.Git("config", "core.fsmonitor", mark)
	repo.Git("config", "core.attributesFile", filepath.Join(repo.Dir, ".gitattributes"))
	repo.Write(".git/info/attributes", "* merge=mark\n")
	for _, hook := range []string{"post-index-change", "reference-transaction", "post-checkout", "pre-merge-commit"} {
		repo.Write(".git/hooks/"+hook, "#!/bin/sh\n"+mark+"\n")
		if err := os.Chmod(filepath.Join(repo.Dir, ".git/hooks", hook), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[merge]\n\tdefault = mark\n[merge \"mark\"]\n\tdriver = "+mark+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("GIT_DIR", filepath.Join(repo.Dir, ".git"))
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "merge.mark.driver")
	t.Setenv("GIT_CONFIG_VALUE_0", mark)
	tree, clean, err := mergeSides(t, repo, graphOf(t, repo.Dir, gitrepo.Options{}))
	if err != nil || clean {
		t.Errorf("the merge is %s, %v, %v instead of a conflict in the file \"driven\"", tree, clean, err)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a program that the configuration names has run")
	}
	repo.TryGit(nil, "merge-tree", "--write-tree", "left", "right")
	if _, err := os.Stat(marker); err != nil {
		t.Error("this test tests nothing: git itself does not run the merge driver")
	}
}

func TestMergeTreeIgnoresReplaceRefsAndGrafts(t *testing.T) {
	repo := contested(t)
	want := repo.Git("merge-tree", "--write-tree", "left", "right")
	other := repo.Git("hash-object", "-w", "--stdin")
	repo.Git("replace", "-f", repo.Git("rev-parse", "left:file"), other)
	repo.Write(".git/info/grafts", repo.Git("rev-parse", "left")+"\n")
	tree, clean, err := mergeSides(t, repo, graphOf(t, repo.Dir, gitrepo.Options{}))
	if err != nil || !clean || tree.String() != want {
		t.Errorf("the merge is %s, %v, %v instead of %s", tree, clean, err, want)
	}
}

// An object whose content is not what its id says would make git merge whatever
// an attacker wants.
func TestMergeTreeRefusesObjectsWithOtherContent(t *testing.T) {
	for _, name := range []string{"left:file", "right:file", "left~:file", "left^{tree}", "right^{tree}", "left~^{tree}", "left~", "left"} {
		t.Run(name, func(t *testing.T) {
			repo := contested(t)
			left, right := parse(t, repo.Git("rev-parse", "left")), parse(t, repo.Git("rev-parse", "right"))
			id := repo.Git("rev-parse", name)
			other := repo.Hash(repo.Git("cat-file", "-t", id), append(repo.Object(id), "another line\n"...))
			replaceLoose(t, repo, id, other)
			_, clean, err := gitrepo.NewMerger().MergeTree(t.Context(), graphOf(t, repo.Dir, gitrepo.Options{}), gitwalk.Merge{Ours: left, Theirs: right})
			var corrupt *gitwalk.CorruptError
			if !errors.As(err, &corrupt) || corrupt.ID.String() != id || clean {
				t.Errorf("MergeTree gives %v, %v", clean, err)
			}
		})
	}
}

// replaceLoose gives the object id the file of another.
func replaceLoose(t *testing.T, repo *gittest.Repo, id, other string) {
	t.Helper()
	file := func(id string) string { return filepath.Join(repo.Dir, ".git/objects", id[:2], id[2:]) }
	content, err := os.ReadFile(file(other))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file(id), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file(id), content, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestMergeTreeInPartialClone(t *testing.T) {
	repo := contested(t)
	repo.Git("config", "uploadpack.allowFilter", "true")
	clone := filepath.Join(t.TempDir(), "clone")
	repo.Git("clone", "--quiet", "--bare", "--filter=blob:none", "file://"+repo.Dir, clone)
	_, clean, err := mergeSides(t, repo, graphOf(t, clone, gitrepo.Options{}))
	var missing *gitwalk.MissingError
	if !errors.As(err, &missing) || clean {
		t.Fatalf("MergeTree gives %v, %v", clean, err)
	}
	if kind := repo.Git("cat-file", "-t", missing.ID.String()); kind != "blob" {
		t.Errorf("a %s is missing", kind)
	}
}

// standIn puts a program in the place of git.
func standIn(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\n"+script+"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+"/bin")
}

func TestMergeTreeWithoutSuitableGit(t *testing.T) {
	const version = `case "$*" in *version) echo git version 2.39.5; exit;; esac; `
	for _, tt := range []struct {
		name, script string
		want         any
		says         string
	}{
		{"too old", "echo git version 2.37.9", new(*gitrepo.GitTooOldError), "git 2.37 is too old, version 2.38 or later is needed"},
		{"much too old", "echo git version 1.8.5.2", new(*gitrepo.GitTooOldError), "git 1.8 is too old"},
		{"no version", "echo something else", nil, `git gives its version as "something else`},
		{"fails", version + "echo fatal: some reason >&2; exit 128", new(*gitcli.Error), "some reason"},
		{"killed", version + "kill -9 $$", new(*gitcli.Error), "killed"},
		{"says nothing", version, nil, `git merge-tree wrote ""`},
		{"conflict without a tree", version + `printf '0\0no tree\0'`, nil, `git merge-tree wrote "0\x00no tree\x00"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			repo := contested(t)
			left, right := parse(t, repo.Git("rev-parse", "left")), parse(t, repo.Git("rev-parse", "right"))
			g := graphOf(t, repo.Dir, gitrepo.Options{})
			standIn(t, tt.script)
			tree, clean, err := gitrepo.NewMerger().MergeTree(t.Context(), g, gitwalk.Merge{Ours: left, Theirs: right})
			if clean || !tree.IsZero() {
				t.Errorf("MergeTree gives %s, %v", tree, clean)
			}
			if !errors.As(err, new(*gitwalk.CannotMergeError)) || tt.want != nil && !errors.As(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestMergeTreeWithoutGit(t *testing.T) {
	repo := contested(t)
	left, right := parse(t, repo.Git("rev-parse", "left")), parse(t, repo.Git("rev-parse", "right"))
	g := graphOf(t, repo.Dir, gitrepo.Options{})
	m := gitrepo.NewMerger()
	t.Run("absent", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, _, err := m.MergeTree(t.Context(), g, gitwalk.Merge{Ours: left, Theirs: right})
		if !errors.As(err, new(*gitwalk.CannotMergeError)) || !errors.As(err, new(*gitrepo.NeedGitError)) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("there again", func(t *testing.T) {
		if _, clean, err := m.MergeTree(t.Context(), g, gitwalk.Merge{Ours: left, Theirs: right}); !clean || err != nil {
			t.Errorf("MergeTree gives %v, %v", clean, err)
		}
	})
	t.Run("no temporary directory", func(t *testing.T) {
		t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
		if _, _, err := m.MergeTree(t.Context(), g, gitwalk.Merge{Ours: left, Theirs: right}); !errors.As(err, new(*gitwalk.CannotMergeError)) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := m.MergeTree(ctx, g, gitwalk.Merge{Ours: left, Theirs: right}); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
			t.Errorf("%s is left behind", left[0].Name())
		}
	})
}

// What only one side changed need not be there, unless renames are looked for.
func TestMergeTreeNeedsWhatBothSidesChanged(t *testing.T) {
	repo := contested(t)
	repo.Git("checkout", "--quiet", "left")
	repo.Commit("other", "text of the left side\n")
	repo.Git("checkout", "--quiet", "right")
	repo.Git("checkout", "--quiet", "-b", "renamed")
	repo.Git("mv", "file", "renamed")
	renamed := repo.Commit("renamed", "1\n2\n3\n4\n5\n6\n7\n8\n9\nten\n")
	want := repo.Git("merge-tree", "--write-tree", "left", "right")
	for _, name := range []string{"left:other", "renamed:renamed"} {
		id := repo.Git("rev-parse", name)
		if err := os.Remove(filepath.Join(repo.Dir, ".git/objects", id[:2], id[2:])); err != nil {
			t.Fatal(err)
		}
	}
	g := graphOf(t, repo.Dir, gitrepo.Options{})
	if tree, clean, err := mergeSides(t, repo, g); err != nil || !clean || tree.String() != want {
		t.Errorf("the merge is %s, %v, %v instead of %s", tree, clean, err, want)
	}
	_, _, err := gitrepo.NewMerger().MergeTree(t.Context(), g, gitwalk.Merge{Ours: parse(t, repo.Git("rev-parse", "left")), Theirs: parse(t, renamed)})
	if !errors.As(err, new(*gitwalk.MissingError)) {
		t.Errorf("where renames are looked for the error is %v", err)
	}
}

func TestMergeTreeAsksForTheVersionOnce(t *testing.T) {
	repo := contested(t)
	left, right := parse(t, repo.Git("rev-parse", "left")), parse(t, repo.Git("rev-parse", "right"))
	g := graphOf(t, repo.Dir, gitrepo.Options{})
	log := filepath.Join(t.TempDir(), "log")
	standIn(t, `case "$*" in *version) echo git version 2.39.5; echo >>`+log+`; exit;; esac; printf '1\0`+left.String()+`\0\0\0%.0s' ours theirs`)
	m := gitrepo.NewMerger()
	for range 3 {
		if _, clean, err := m.MergeTree(t.Context(), g, gitwalk.Merge{Ours: left, Theirs: right}); !clean || err != nil {
			t.Errorf("MergeTree gives %v, %v", clean, err)
		}
	}
	if asked, err := os.ReadFile(log); string(asked) != "\n" {
		t.Errorf("the version is asked for %d times, %v", len(asked), err)
	}
}

// A Merger is used by all workers, each with a Graph of its own.
func TestMergeTreeConcurrently(t *testing.T) {
	repo := contested(t)
	left, right := parse(t, repo.Git("rev-parse", "left")), parse(t, repo.Git("rev-parse", "right"))
	m := gitrepo.NewMerger()
	done := make(chan error)
	const workers = 4
	for range workers {
		g := graphOf(t, repo.Dir, gitrepo.Options{})
		go func() {
			var failed error
			for range 5 {
				if _, clean, err := m.MergeTree(t.Context(), g, gitwalk.Merge{Ours: left, Theirs: right}); !clean || err != nil {
					failed = errors.Join(failed, err, errors.New("not clean"))
				}
			}
			done <- failed
		}()
	}
	for range workers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkMergeTree(b *testing.B) {
	rng := rand.New(rand.NewPCG(14, 3))
	repo := gittest.New(b, "--bare")
	var im mergecase.Importer
	var numbers [][2]int
	for range 50 {
		c := mergecase.Random(rng)
		base := im.Commit(1, c.Base)
		numbers = append(numbers, [2]int{im.Commit(2, c.Ours, base), im.Commit(3, c.Theirs, base)})
	}
	pairs := pairsOf(im.Import(b, repo), numbers)
	g := graphOf(b, repo.Dir, gitrepo.Options{})
	m := gitrepo.NewMerger()
	for i := 0; b.Loop(); i++ {
		p := pairs[i%len(pairs)]
		if _, _, err := m.MergeTree(b.Context(), g, gitwalk.Merge{Ours: parse(b, p[0]), Theirs: parse(b, p[1])}); err != nil {
			b.Fatal(err)
		}
	}
}
