package gitrepo_test

import (
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

// ordinary makes files of their contents.
func ordinary(contents map[string]string) mergecase.Files {
	files := make(mergecase.Files)
	for path, content := range contents {
		files[path] = mergecase.File{Mode: mergecase.Ordinary, Content: content}
	}
	return files
}

// hiddenConflicts are merges in which one side has renamed the file old and changed
// it, and the other has changed it where it was, and has beside it the very file that
// the first one has under the new name.
func hiddenConflicts() map[string]mergecase.Case {
	const text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n"
	edited := func(line, to string) string { return strings.Replace(text, line+"\n", to+"\n", 1) }
	binary := func(s string) string { return "\x00" + s }
	hidden := func(base, renamed, other string) mergecase.Case {
		return mergecase.Case{
			Base:   ordinary(map[string]string{"old": base}),
			Ours:   ordinary(map[string]string{"new": renamed}),
			Theirs: ordinary(map[string]string{"new": renamed, "old": other}),
		}
	}
	return map[string]mergecase.Case{
		"conflict markers":    hidden(text, edited("5", "five"), edited("5", "fifth")),
		"a change is lost":    hidden(text, edited("5", "five"), edited("9", "nine")),
		"binary, from a side": hidden(binary(text), binary(edited("5", "five")), binary(edited("5", "fifth"))),
	}
}

// importCase writes a case into a repository and returns the sides.
func importCase(t *testing.T, repo *gittest.Repo, c mergecase.Case) (sides [2]string) {
	t.Helper()
	var im mergecase.Importer
	base := im.Commit(1, c.Base)
	numbers := [2]int{im.Commit(2, c.Ours, base), im.Commit(3, c.Theirs, base)}
	return pairsOf(im.Import(t, repo), [][2]int{numbers})[0]
}

func swapped(pair [2]string) [2]string { return [2]string{pair[1], pair[0]} }

// A conflict is one even where git says that the merge is clean.
func TestMergeTreeFindsHiddenConflicts(t *testing.T) {
	for name, c := range hiddenConflicts() {
		t.Run(name, func(t *testing.T) {
			repo := gittest.New(t, "--bare")
			sides := importCase(t, repo, c)
			if _, err := repo.TryGit(nil, "merge-tree", "--write-tree", sides[0], sides[1]); err != nil {
				t.Log("this git does not hide the conflict")
			}
			for _, pair := range [][2]string{sides, swapped(sides)} {
				_, clean, err := gitrepo.NewMerger().MergeTree(t.Context(), graphOf(t, repo.Dir, gitrepo.Options{}), gitwalk.Merge{Ours: parse(t, pair[0]), Theirs: parse(t, pair[1])})
				if clean || err != nil {
					t.Errorf("MergeTree gives %v, %v", clean, err)
				}
			}
		})
	}
}

// Git tells of a conflict here, too, and there is none.
func TestMergeTreeWithDirectoryInPlaceOfFile(t *testing.T) {
	repo := gittest.New(t, "--bare")
	sides := importCase(t, repo, mergecase.Case{
		Base:   ordinary(map[string]string{"a": "some file\n", "old": "1\n2\n3\n4\n5\n"}),
		Ours:   ordinary(map[string]string{"a/x": "some other file\n", "a/y": "and one more\n", "new": "one\n2\n3\n4\n5\n"}),
		Theirs: ordinary(map[string]string{"a": "some file\n", "old": "1\n2\n3\n4\nfive\n"}),
	})
	git := compare(t, repo, [][2]string{sides, swapped(sides)})
	if !git[0].Clean || !git[1].Clean || !strings.Contains(git[0].Said, "CONFLICT (file/directory)") {
		t.Errorf("git makes something else of it: %+v", git)
	}
}

// A git that cannot read merges from its standard input is run for each.
func TestMergeTreeWithOldGit(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	if old := os.Getenv("NIX_AUTHORIZE_TEST_OLD_GIT"); old != "" {
		git = old // a real one of version 2.38
	}
	for name, c := range hiddenConflicts() {
		t.Run(name, func(t *testing.T) {
			repo := gittest.New(t, "--bare")
			sides := importCase(t, repo, c)
			g := graphOf(t, repo.Dir, gitrepo.Options{})
			oldGit(t, git)
			for _, pair := range [][2]string{sides, swapped(sides)} {
				if _, clean, err := gitrepo.NewMerger().MergeTree(t.Context(), g, gitwalk.Merge{Ours: parse(t, pair[0]), Theirs: parse(t, pair[1])}); clean || err != nil {
					t.Errorf("MergeTree gives %v, %v", clean, err)
				}
			}
		})
	}
	t.Run("clean", func(t *testing.T) {
		repo := contested(t)
		want := repo.Git("merge-tree", "--write-tree", "left", "right")
		left, right := parse(t, repo.Git("rev-parse", "left")), parse(t, repo.Git("rev-parse", "right"))
		g := graphOf(t, repo.Dir, gitrepo.Options{})
		oldGit(t, git)
		tree, clean, err := gitrepo.NewMerger().MergeTree(t.Context(), g, gitwalk.Merge{Ours: left, Theirs: right})
		if err != nil || !clean || tree.String() != want {
			t.Errorf("the merge is %s, %v, %v instead of %s", tree, clean, err, want)
		}
	})
}

// oldGit puts a git in the place of git that is of version 2.38.
func oldGit(t *testing.T, git string) {
	t.Helper()
	standIn(t, `case "$*" in *version) echo git version 2.38.0; exit;; *--stdin*) echo error: unknown option >&2; exit 129;; esac; exec `+git+` "$@"`)
}

// What git writes is not believed beyond what it can be.
func TestMergeTreeReadsWhatGitWrites(t *testing.T) {
	repo := contested(t)
	left, right := parse(t, repo.Git("rev-parse", "left")), parse(t, repo.Git("rev-parse", "right"))
	g := graphOf(t, repo.Dir, gitrepo.Options{})
	const some, other = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"
	const clean = `1~` + some + `~~~`
	merging := `1~` + some + `~~2~a~b~Auto-merging~Auto-merging a` + "\n~~"
	conflict := `1~` + some + `~~1~a~CONFLICT (any)~CONFLICT (any): text` + "\n~~"
	advice := `1~` + some + `~~Recursive merging with submodules~`
	for _, tt := range []struct {
		name, says string
		clean      bool
		err        string
	}{
		{"clean", clean + clean, true, ""},
		{"with messages", merging + merging, true, ""},
		{"messages one way", clean + merging, true, ""},
		{"a number as a path", strings.Repeat(`1~`+some+`~~1~7~Auto-merging~Auto-merging 7`+"\n~~", 2), true, ""},
		{"conflict of a kind as a path", strings.Repeat(`1~`+some+`~~1~CONFLICT (any)~Auto-merging~text`+"\n~~", 2), true, ""},
		{"conflicts", strings.Repeat(`0~`+some+`~a~b~~1~a~CONFLICT (contents)~text`+"\n~~", 2), false, ""},
		{"conflict told of", conflict + conflict, false, ""},
		{"conflict told of the first way", conflict + clean, false, ""},
		{"conflict told of the second way", clean + conflict, false, ""},
		{"advice", advice + advice, false, ""},
		{"clean one way", clean + `0~` + some + `~a~~~`, false, ""},
		{"clean the other way", `0~` + some + `~a~~~` + clean, false, ""},
		{"two trees", clean + `1~` + other + `~~~`, false, ""},
		{"one answer", clean, false, "git merge-tree wrote"},
		{"three answers", clean + clean + clean, false, "more than 2 answers"},
		{"cut off", clean + `1~` + some + `~~`, false, "cut off"},
		{"cut off in the tree", clean + `1~` + some, false, "git merge-tree wrote"},
		{"cut off in a message", clean + `1~` + some + `~~2~a~`, false, "cut off"},
		{"very many paths", clean + `1~` + some + `~~99999999999~a~~~`, false, "cut off"},
		{"neither", clean + `-1~` + some + `~~~`, false, `"-1" says neither`},
		{"no tree", clean + `1~some tree~~~`, false, "git merge-tree wrote"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "says")
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(tt.says, "~", "\x00")), 0o666); err != nil {
				t.Fatal(err)
			}
			standIn(t, `case "$*" in *version) echo git version 2.39.5; exit;; esac; cat `+file)
			tree, isClean, err := gitrepo.NewMerger().MergeTree(t.Context(), g, gitwalk.Merge{Ours: left, Theirs: right})
			switch {
			case tt.err == "" && (err != nil || isClean != tt.clean || isClean && tree.String() != some):
				t.Errorf("MergeTree gives %s, %v, %v", tree, isClean, err)
			case tt.err != "" && (isClean || err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("MergeTree gives %s, %v, %v", tree, isClean, err)
			}
		})
	}
}
