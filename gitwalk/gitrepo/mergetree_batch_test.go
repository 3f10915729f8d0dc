package gitrepo_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/gittest/mergecase"
)

// manyMerges are merges with one merge base or more, with and without renames,
// conflicts and hidden conflicts, and what git makes of each. Half of them say what
// comes out, some of these wrongly.
func manyMerges(t *testing.T, repo *gittest.Repo, n int) (merges []gitwalk.Merge, git []mergecase.GitMerge) {
	t.Helper()
	rng := rand.New(rand.NewPCG(14, 4))
	var im mergecase.Importer
	var numbers [][2]int
	add := func(c mergecase.Case) {
		base := im.Commit(1, c.Base)
		numbers = append(numbers, [2]int{im.Commit(2, c.Ours, base), im.Commit(3, c.Theirs, base)})
	}
	for i := range n {
		switch i % 3 {
		case 0:
			add(mergecase.Random(rng))
		case 1:
			numbers = append(numbers, crissCross(rng, &im))
		default:
			add(contestedCase(rng))
		}
	}
	for _, name := range []string{"a change is lost", "binary, from a side", "conflict markers"} {
		add(hiddenConflicts()[name])
	}
	pairs := pairsOf(im.Import(t, repo), numbers)
	git = mergecase.GitMerges(t, repo, pairs)
	for i, p := range pairs {
		m := gitwalk.Merge{Ours: parse(t, p[0]), Theirs: parse(t, p[1])}
		switch i % 4 {
		case 0, 1:
			m.Tree = parse(t, git[i].Tree)
		case 2:
			m.Tree = gitwalk.ID{7} // is not there
		}
		merges = append(merges, m)
	}
	return merges, git
}

// contestedCase is a file that both sides have changed, sometimes in the same line.
func contestedCase(rng *rand.Rand) mergecase.Case {
	lines := func(changed int, to string) mergecase.Files {
		var text strings.Builder
		for i := range 20 {
			if i == changed {
				fmt.Fprintln(&text, to)
			} else {
				fmt.Fprintln(&text, "line", i)
			}
		}
		return ordinary(map[string]string{"a/file": text.String(), "other": "some text\n"})
	}
	return mergecase.Case{
		Base:   lines(-1, ""),
		Ours:   lines(rng.IntN(10), fmt.Sprint("ours ", rng.IntN(100))),
		Theirs: lines(4+rng.IntN(16), fmt.Sprint("theirs ", rng.IntN(100))),
	}
}

// loggingGit puts a git in the place of git that notes when it merges, and does
// something first.
func loggingGit(t *testing.T, first string) (runs func() int) {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	log, input := filepath.Join(t.TempDir(), "log"), filepath.Join(t.TempDir(), "input")
	standIn(t, `case "$*" in *version) exec `+git+` version;; esac
input=`+input+`; git=`+git+`; echo >>`+log+`; cat >$input
`+first+`
exec $git "$@" <$input`)
	return func() int {
		content, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return len(content)
	}
}

func TestMergeTreesTogether(t *testing.T) {
	const n = 90
	repo := gittest.New(t, "--bare")
	merges, git := manyMerges(t, repo, n)
	for _, tt := range []struct {
		name, first string
		scratchSize int64
		least, most int // runs of git
	}{
		{"git as it is", "", 64 << 20, 3, n / 2},
		{"a scratch repository for each", "", 0, n, 2 * n},
		{"git dies of more than one", "if test $(wc -l <$input) -gt 2; then kill -9 $$; fi", 64 << 20, n, 3 * n},
		{"git dies of the third", "if test $(wc -l <$input) -gt 5; then head -n 4 <$input >$input.few; " +
			"$git \"$@\" <$input.few; kill -9 $$; fi", 64 << 20, n / 3, n},
		{"git dies when it has answered", "$git \"$@\" <$input; kill -9 $$", 0, n, 2 * n},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			g := graphOf(t, repo.Dir, gitrepo.Options{})
			runs := loggingGit(t, tt.first)
			merged := gitrepo.NewMergerWith(tt.scratchSize).MergeTrees(t.Context(), g, merges)
			for i, m := range merged {
				if m.Err != nil || m.Clean != git[i].Clean || m.Clean && m.Tree.String() != git[i].Tree {
					t.Errorf("merge %d of %s and %s is %+v instead of %+v", i, merges[i].Ours, merges[i].Theirs, m, git[i])
				}
			}
			if runs := runs(); runs < tt.least || runs > tt.most {
				t.Errorf("git has run %d times for %d merges", runs, len(merges))
			}
			if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
				t.Errorf("%s is left behind", left[0].Name())
			}
		})
	}
}

// What a merge is said to come to is not what decides what it comes to.
func TestMergeTreeWhateverTheResultIsSaidToBe(t *testing.T) {
	repo := contested(t)
	want := repo.Git("merge-tree", "--write-tree", "left", "right")
	left, right := parse(t, repo.Git("rev-parse", "left")), parse(t, repo.Git("rev-parse", "right"))
	conflict := repo.GitInput([]byte("100644 blob "+repo.Hash("blob", []byte("<<<<<<< left\n"))+"\tfile\n"), "mktree")
	for name, said := range map[string]gitwalk.ID{
		"it": parse(t, want), "nothing": {}, "a side": parse(t, repo.Git("rev-parse", "left^{tree}")),
		"something else": parse(t, strings.TrimSpace(conflict)), "what is not there": {3}, "a blob": parse(t, repo.Git("rev-parse", "left:file")),
	} {
		t.Run(name, func(t *testing.T) {
			g := graphOf(t, repo.Dir, gitrepo.Options{})
			tree, clean, err := gitrepo.NewMerger().MergeTree(t.Context(), g, gitwalk.Merge{Tree: said, Ours: left, Theirs: right})
			if err != nil || !clean || tree.String() != want {
				t.Errorf("the merge is %s, %v, %v instead of %s", tree, clean, err, want)
			}
		})
	}
}

// What is wrong with one merge is no matter for the others.
func TestMergeTreesApart(t *testing.T) {
	repo := contested(t)
	want := repo.Git("merge-tree", "--write-tree", "left", "right")
	left, right := parse(t, repo.Git("rev-parse", "left")), parse(t, repo.Git("rev-parse", "right"))
	repo.Git("checkout", "--quiet", "left")
	repo.Commit("file", "1\n2\n3\n")
	gone := parse(t, repo.Git("rev-parse", "HEAD"))
	id := repo.Git("rev-parse", "HEAD:file")
	if err := os.Remove(filepath.Join(repo.Dir, ".git/objects", id[:2], id[2:])); err != nil {
		t.Fatal(err)
	}
	good := gitwalk.Merge{Ours: left, Theirs: right}
	merges := []gitwalk.Merge{good, {Ours: gone, Theirs: right}, good, {Ours: gitwalk.ID{1}, Theirs: right}, {Ours: right, Theirs: left}}
	merged := gitrepo.NewMerger().MergeTrees(t.Context(), graphOf(t, repo.Dir, gitrepo.Options{}), merges)
	for i, m := range merged {
		var missing *gitwalk.MissingError
		if i == 1 || i == 3 {
			if !errors.As(m.Err, &missing) || m.Clean || i == 1 && missing.ID.String() != id {
				t.Errorf("merge %d is %+v", i, m)
			}
		} else if m.Err != nil || !m.Clean || m.Tree.String() != want {
			t.Errorf("merge %d is %+v instead of %s", i, m, want)
		}
	}
	if got := gitrepo.NewMerger().MergeTrees(t.Context(), graphOf(t, repo.Dir, gitrepo.Options{}), nil); len(got) != 0 {
		t.Errorf("no merges give %v", got)
	}
}

func TestMergeTreesWithoutGit(t *testing.T) {
	repo := contested(t)
	good := gitwalk.Merge{Ours: parse(t, repo.Git("rev-parse", "left")), Theirs: parse(t, repo.Git("rev-parse", "right"))}
	g := graphOf(t, repo.Dir, gitrepo.Options{})
	for _, name := range []string{"absent", "fails"} {
		t.Run(name, func(t *testing.T) {
			if t.Setenv("PATH", t.TempDir()); name == "fails" {
				standIn(t, `case "$*" in *version) echo git version 2.39.5; exit;; esac; exit 7`)
			}
			for i, m := range gitrepo.NewMerger().MergeTrees(t.Context(), g, []gitwalk.Merge{good, good, good}) {
				if m.Clean || !errors.As(m.Err, new(*gitwalk.CannotMergeError)) {
					t.Errorf("merge %d is %+v", i, m)
				}
			}
		})
	}
}
