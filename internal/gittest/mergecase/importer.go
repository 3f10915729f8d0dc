package mergecase

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// An Importer gathers commits and writes them into a repository all at once. The
// commits are named by numbers, from 1.
type Importer struct {
	stream bytes.Buffer
	last   int
}

// Commit adds a commit with a date, files and parents, and returns its number.
func (im *Importer) Commit(date int64, files Files, parents ...int) int {
	im.last++
	w := &im.stream
	fmt.Fprintf(w, "reset refs/heads/main\ncommit refs/heads/main\nmark :%d\n", im.last)
	fmt.Fprintf(w, "committer A <a@example.org> %d +0000\ndata <<E\nNumber %d\nE\n", date, im.last)
	for i, p := range parents {
		fmt.Fprintf(w, "%s :%d\n", []string{"from", "merge"}[min(i, 1)], p)
	}
	fmt.Fprintln(w, "deleteall")
	for _, path := range files.paths() {
		f := files[path]
		if f.Mode == Submodule {
			fmt.Fprintf(w, "M %s %s %s\n", f.Mode, f.Content, path)
			continue
		}
		fmt.Fprintf(w, "M %s inline %s\ndata %d\n%s\n", f.Mode, path, len(f.Content), f.Content)
	}
	fmt.Fprintln(w)
	return im.last
}

// Import writes all commits and returns their ids by their numbers.
func (im *Importer) Import(t testing.TB, repo *gittest.Repo) []string {
	t.Helper()
	marks := filepath.Join(t.TempDir(), "marks")
	repo.GitInput(im.stream.Bytes(), "fast-import", "--quiet", "--force", "--date-format=raw-permissive", "--export-marks="+marks)
	content, err := os.ReadFile(marks)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 1+im.last)
	for line := range strings.Lines(string(content)) {
		var mark int
		var id string
		if _, err := fmt.Sscanf(line, ":%d %s", &mark, &id); err != nil {
			t.Fatalf("mark %q: %v", line, err)
		}
		ids[mark] = id
	}
	return ids
}
