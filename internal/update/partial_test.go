package update_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

// TestPartialClone: what the verdict needs is fetched in batches, whose number does
// not follow the length of the history.
func TestPartialClone(t *testing.T) {
	t.Parallel()
	for _, filter := range []string{"blob:none", "tree:0"} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			boundedRequests(t, filter, 12, func(s *scene, n int) { s.grow(n) })
		})
	}
}

// TestPartialCloneOfMerges: so is what the merges of a forge need: directories, and
// files that have changed on both sides.
func TestPartialCloneOfMerges(t *testing.T) {
	t.Parallel()
	for _, filter := range []string{"blob:none", "tree:0"} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			boundedRequests(t, filter, 25, func(s *scene, n int) {
				for i := range n {
					s.forgeMerge(i)
				}
			})
		})
	}
}

// forgeMerge merges a signed branch as a forge does, in a commit that nobody signs.
// Both sides have changed the same file, in different places.
func (s *scene) forgeMerge(i int) {
	s.t.Helper()
	if s.server.Git("ls-files", "deep/down/file") == "" {
		s.server.CommitAs(s.alice, ".nix-authorizations", strings.Replace(s.listing(s.alice), "version: 1\n", "version: 1\nmerges: vouched\n", 1))
		s.server.CommitAs(s.alice, "deep/down/file", strings.Repeat("line\n", 10))
	}
	file := strings.SplitAfter(s.server.Git("show", "HEAD:deep/down/file"), "\n")
	s.server.Git("checkout", "--quiet", "-b", "side")
	s.server.CommitAs(s.alice, "deep/down/file", fmt.Sprintf("side %d\n", i)+strings.Join(file[1:], "")+"\n")
	s.server.Git("checkout", "--quiet", "main")
	s.server.CommitAs(s.alice, "deep/down/file", strings.Join(file[:len(file)-1], "")+fmt.Sprintf("main %d\n", i))
	s.server.Git("merge", "--quiet", "--no-ff", "--message", "Merge", "side")
	s.server.Git("branch", "--quiet", "-d", "side")
}

// boundedRequests requires that clone and pull, of few commits and of many, ask the
// remote equally often and no more than most times.
func boundedRequests(t *testing.T, filter string, most int32, grow func(s *scene, n int)) {
	var requests []int32
	for _, commits := range []int{3, 6} {
		s := newScene(t)
		grow(s, commits)
		web := newWebServer(t, filepath.Dir(s.server.Dir))
		s.url = web.URL + "/" + filepath.Base(s.server.Dir) + "/.git"
		// What git itself fetches to check files out is another matter.
		count := func(o *update.Options) {
			web.requests.Store(0)
			o.AtStep = func(step update.Step) {
				if step == update.StepBranch {
					requests = append(requests, web.requests.Load())
				}
			}
		}
		s.cloneWith(outcome.Authentic, func(o *update.CloneOptions) {
			o.Filter = filter
			count(&o.Options)
		})
		checkout := gittest.At(t, s.dir)
		s.at(checkout, s.server.Git("rev-parse", "main"))
		grow(s, commits)
		s.ends(outcome.Authentic)(s.pull(count))
		s.at(checkout, s.server.Git("rev-parse", "main"))
	}
	if len(requests) != 4 || requests[0] != requests[2] || requests[1] != requests[3] || requests[0] > most || requests[1] > most {
		t.Errorf("requests of clone and pull: %v", requests)
	}
	t.Logf("requests of clone and pull: %v", requests)
}
