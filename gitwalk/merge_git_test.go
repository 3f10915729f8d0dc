package gitwalk

import (
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/gittest/mergecase"
)

// A caseInGit is a case with the trees of base, ours, theirs and some result.
type caseInGit struct {
	mergecase.Case
	result mergecase.Files
	trees  [4]ID
	sides  [2]string // the commits to merge
}

// importCases makes cases with a result each and writes them into a repository.
func importCases(t *testing.T, n int, next func() (mergecase.Case, mergecase.Files)) (*gittest.Repo, *Reader, []caseInGit) {
	t.Helper()
	repo := gittest.New(t, "--bare")
	var im mergecase.Importer
	var cases []caseInGit
	for range n {
		c, result := next()
		base := im.Commit(1, c.Base)
		im.Commit(2, c.Ours, base)
		im.Commit(3, c.Theirs, base)
		im.Commit(4, result)
		cases = append(cases, caseInGit{Case: c, result: result})
	}
	ids := im.Import(t, repo)[1:]
	objects := loadAll(t, repo)
	for i := range cases {
		c := &cases[i]
		for j := range c.trees {
			links, err := ParseLinks(objects.objects[mustID(t, ids[4*i+j])].content)
			if err != nil {
				t.Fatal(err)
			}
			c.trees[j] = links.Tree
		}
		c.sides = [2]string{ids[4*i+1], ids[4*i+2]}
	}
	return repo, NewReader(objects), cases
}

func (c *caseInGit) check(t *testing.T, r *Reader) MergeCheck {
	t.Helper()
	check, err := CheckMerge(r, c.trees[0], c.trees[1], c.trees[2], c.trees[3])
	if err != nil {
		t.Fatal(err)
	}
	return check
}

// amongRenames are the conflicts that git finds only because it looks for renames,
// in merges that are mechanical path by path: those of CheckMerge's comment.
var amongRenames = regexp.MustCompile(`CONFLICT \((rename/rename|rename/delete|file location|implicit dir rename)\)`)

// Where no path was changed on both sides, git comes to the same tree, or finds a
// conflict among renames. Where it does not look for renames it always comes to it.
func TestCheckMergeAgreesWithGit(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	repo, reader, cases := importCases(t, 2000, func() (mergecase.Case, mergecase.Files) {
		c := mergecase.Random(rng)
		merged, _ := c.Merged()
		return c, merged
	})
	var pairs [][2]string
	for _, c := range cases {
		pairs = append(pairs, c.sides)
	}
	git := mergecase.GitMerges(t, repo, pairs)
	plain := make([]mergecase.GitMerge, len(cases))
	noRenames := mergecase.GitHas(t, repo, 2, 50) // merge-tree obeys merge.renames
	if noRenames {
		plain = mergecase.GitMerges(t, repo, pairs, "-c", "merge.renames=false")
	}
	mechanical, conflicts := 0, 0
	for i, c := range cases {
		check := c.check(t, reader)
		merged, reason := c.Merged()
		if merged == nil {
			if check.Answer() != MergeUndecided {
				t.Errorf("case %d: both sides changed %q and the answer is %+v", i, reason, check)
			}
			continue
		}
		if check.Answer() == MergeUndecided && merged[check.Both].Mode != "" && c.Base.HasDirectory(check.Both) {
			continue // a file in place of a directory from which the other side removed files
		}
		if check.Answer() != MergeMechanical {
			t.Errorf("case %d: the mechanical merge gets %+v", i, check)
		}
		mechanical++
		want := mergecase.GitMerge{Tree: c.trees[3].String(), Clean: true}
		if plain[i].Said = ""; noRenames && plain[i] != want {
			t.Errorf("case %d: git without renames has %v instead of %v", i, plain[i], want)
		}
		switch {
		case git[i].Clean && git[i].Tree != want.Tree:
			t.Errorf("case %d: git has %s instead of %s", i, git[i].Tree, want.Tree)
		case !git[i].Clean:
			conflicts++
			if !amongRenames.MatchString(git[i].Said) {
				t.Errorf("case %d: git finds a conflict of another kind: %q", i, git[i].Said)
			}
		}
	}
	if mechanical < 1000 || conflicts < 100 {
		t.Errorf("only %d merges are mechanical; git finds a conflict among renames in %d of them", mechanical, conflicts)
	}
}

// A tree with any other file is not mechanical.
func TestCheckMergeFindsWhatIsSlippedIn(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 2))
	_, reader, cases := importCases(t, 1500, func() (mergecase.Case, mergecase.Files) {
		for {
			c := mergecase.Random(rng)
			if merged, _ := c.Merged(); merged != nil {
				result := maps.Clone(merged)
				if result.Change(rng); !maps.Equal(result, merged) {
					return c, result
				}
			}
		}
	})
	undecided := 0
	for i, c := range cases {
		check := c.check(t, reader)
		merged, _ := c.Merged()
		switch check.Answer() {
		case MergeMechanical:
			t.Errorf("case %d: %v passes for %v", i, c.result, merged)
		case MergeNotMechanical:
			if want := firstDifference(merged, c.result); check.Differs != want {
				t.Errorf("case %d: the first difference is %q instead of %q", i, check.Differs, want)
			}
		case MergeUndecided:
			undecided++ // see TestCheckMergeAgreesWithGit
		}
	}
	if undecided > len(cases)/50 {
		t.Errorf("%d of %d cases are undecided", undecided, len(cases))
	}
}

// firstDifference is the first path in Git's order that has not the same in both.
func firstDifference(a, b mergecase.Files) string {
	var paths []string
	all := maps.Clone(a)
	maps.Copy(all, b)
	for path := range all {
		if a[path] != b[path] {
			paths = append(paths, path)
		}
	}
	return slices.Min(paths)
}
