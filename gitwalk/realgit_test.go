package gitwalk

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// loadAll takes all objects of a repository into memory.
func loadAll(t testing.TB, repo *gittest.Repo) *memory {
	t.Helper()
	m := newMemory()
	rest := []byte(repo.Git("cat-file", "--batch", "--batch-all-objects", "--unordered") + "\n")
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		fields := strings.Fields(string(line))
		kind, ok := ParseKind(fields[1])
		size, err := strconv.Atoi(fields[2])
		if !ok || err != nil {
			t.Fatalf("git cat-file wrote %q", line)
		}
		if id := m.put(kind, string(after[:size])); id.String() != fields[0] {
			t.Fatalf("object %s has the id %s", fields[0], id)
		}
		rest = after[size+1:]
	}
	return m
}
