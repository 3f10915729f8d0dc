package gitrepo

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// BenchmarkRead reads what a walk reads of each commit, itself and its root tree, from
// the oldest to the newest. What is hashed and parsed afterwards is left out.
func BenchmarkRead(b *testing.B) {
	b.Run("generated", func(b *testing.B) {
		r := rich(b)
		r.Git("repack", "-adfq")
		benchmarkRead(b, r, mustOpen(b, r.Dir))
	})
	for _, name := range []string{"nonguix", "guix"} {
		b.Run(name, func(b *testing.B) {
			r := corpora(b, name)[name]
			benchmarkRead(b, r, mustOpen(b, r.Dir))
		})
		b.Run(name+" through git", func(b *testing.B) {
			r := corpora(b, name)[name]
			benchmarkRead(b, r, viaGit(b, r.Dir))
		})
	}
}

func benchmarkRead(b *testing.B, git *gittest.Repo, r *Repository) {
	ids := commitsAndTrees(b, git)
	b.ReportAllocs()
	size, before := int64(0), processorTime(b)
	for b.Loop() {
		source, err := r.NewSource()
		must(b, err)
		for _, id := range ids {
			_, content, err := source.Object(id, gitwalk.MaxTree)
			must(b, err)
			size += int64(len(content))
		}
		must(b, source.Close())
	}
	objects := float64(b.N) * float64(len(ids))
	b.ReportMetric(float64(processorTime(b)-before)/objects, "cpu-ns/object")
	b.ReportMetric(float64(size)/objects, "bytes/object")
}

// processorTime is what this process has used, without git. On a machine that others use
// it says more than a clock.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// commitsAndTrees are the commits of a repository, the last in its pack first, each
// followed by its root tree. Those whose trees were left out of a real history are left
// out.
func commitsAndTrees(b testing.TB, git *gittest.Repo) []gitwalk.ID {
	present := make(map[string]bool)
	var commits strings.Builder
	for line := range strings.Lines(git.Git("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)")) {
		kind, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if present[name] = true; kind == "commit" {
			commits.WriteString(name + "\n")
		}
	}
	var ids []gitwalk.ID
	for line := range strings.Lines(git.GitInput([]byte(commits.String()), "log", "--stdin", "--no-walk=unsorted", "--format=%T %H")) {
		tree, commit, _ := strings.Cut(strings.TrimSpace(line), " ")
		if present[tree] {
			ids = append(ids, id(b, tree), id(b, commit))
		}
	}
	slices.Reverse(ids)
	return ids
}
