package mergecase

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A GitMerge is what git makes of a merge.
type GitMerge struct {
	Tree  string
	Clean bool
	Said  string // what git tells about conflicts
	// Hidden says that git calls the merge clean, but tells of a conflict or
	// comes to another tree if the sides change places. Such a merge is not
	// clean.
	Hidden bool
}

// answer is the start of what merge-tree --stdin writes of each merge.
var answer = regexp.MustCompile(`(?:^|\x00)([01])\x00([0-9a-f]{40})`)

// GitMerges lets git merge pairs of commits, both ways, with options of git itself
// before the command. The test is skipped, loudly, if git cannot do that (before 2.39).
func GitMerges(t testing.TB, repo *gittest.Repo, pairs [][2]string, options ...string) []GitMerge {
	t.Helper()
	if !GitHas(t, repo, 2, 39) {
		t.Skip("SKIPPED: git has no merge-tree --stdin, the merges are NOT compared with those of git")
	}
	var in strings.Builder
	for _, p := range pairs {
		in.WriteString(p[0] + " " + p[1] + "\n" + p[1] + " " + p[0] + "\n")
	}
	merges := parseMerges(t, repo.GitInput([]byte(in.String()), append(options, "merge-tree", "--write-tree", "--messages", "--stdin")...), 2*len(pairs))
	for i := range pairs {
		m, swapped := merges[2*i], merges[2*i+1]
		told := m.tellsOfConflict() || swapped.tellsOfConflict()
		m.Hidden = m.Clean && (!swapped.Clean || m.Tree != swapped.Tree || told)
		m.Clean = m.Clean && !m.Hidden
		merges[i] = m
	}
	return merges[:len(pairs)]
}

// tellsOfConflict does not count what git says also if one side put a directory in
// the place of a file that the other has not touched.
func (m GitMerge) tellsOfConflict() bool {
	return slices.ContainsFunc(strings.Split(m.Said, "\x00"), func(field string) bool {
		return strings.HasPrefix(field, "CONFLICT") && !strings.HasPrefix(field, "CONFLICT (file/directory)")
	})
}

func parseMerges(t testing.TB, out string, n int) []GitMerge {
	t.Helper()
	at := answer.FindAllStringSubmatchIndex(out, -1)
	if len(at) != n {
		t.Fatalf("git has merged %d of %d pairs", len(at), n)
	}
	var merges []GitMerge
	for i, next := range append(at[1:], []int{len(out)}) {
		merges = append(merges, GitMerge{
			Tree:  out[at[i][4]:at[i][5]],
			Clean: out[at[i][2]:at[i][3]] == "1",
			Said:  out[at[i][5]:next[0]],
		})
	}
	return merges
}

// GitHas says whether git is at least of a version.
func GitHas(t testing.TB, repo *gittest.Repo, major, minor int) bool {
	t.Helper()
	var is, then int
	if _, err := fmt.Sscanf(repo.Git("version"), "git version %d.%d", &is, &then); err != nil {
		t.Fatal(err)
	}
	return is > major || is == major && then >= minor
}
