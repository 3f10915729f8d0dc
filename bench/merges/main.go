// Command merges judges again the first-parent merges of a repository: how many are
// mechanical, how many of them trees alone decide, and at what speed.
//
//	go run ./bench/merges -limit 1000 REPOSITORY [REVISION]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
)

func main() {
	limit := flag.Int("limit", 1000, "judge the newest `N` merges")
	flag.Parse()
	revision := "HEAD"
	if flag.NArg() > 1 {
		revision = flag.Arg(1)
	}
	if flag.NArg() < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), revision, *limit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A tally is what one judge has decided.
type tally struct {
	merges, mechanical int
	time               time.Duration
}

func (t *tally) rate() float64 { return float64(t.merges) / t.time.Seconds() }

func run(ctx context.Context, dir, revision string, limit int) error {
	repository, err := gitrepo.Open(ctx, dir, gitrepo.Options{})
	if err != nil {
		return err
	}
	tip, err := repository.Resolve(revision)
	if err != nil {
		return err
	}
	source, err := repository.NewSource()
	if err != nil {
		return err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	graph, merger := gitwalk.NewGraph(reader), gitrepo.NewMerger()
	judges := map[gitwalk.Judge]*tally{gitwalk.ByTrees: {}, gitwalk.ByGit: {}, gitwalk.ByHistory: {}}
	for id := tip.ID; limit > 0; {
		commit, err := read(reader, id)
		if err != nil {
			return err
		}
		if merge, ok := gitwalk.MergeOf(commit); ok {
			limit--
			start := time.Now()
			mechanics, err := gitwalk.Mechanical(ctx, graph, merge, merger)
			if err != nil {
				return fmt.Errorf("merge %s: %w", id, err)
			}
			t := judges[mechanics.By]
			t.merges++
			t.time += time.Since(start)
			if mechanics.Holds {
				t.mechanical++
			} else {
				fmt.Printf("%s is not mechanical: %q %s\n", id, mechanics.Path, mechanics.Detail)
			}
		}
		if len(commit.Parents) == 0 {
			break
		}
		id = commit.Parents[0]
	}
	for _, by := range []gitwalk.Judge{gitwalk.ByTrees, gitwalk.ByGit, gitwalk.ByHistory} {
		if t := judges[by]; t.merges > 0 {
			fmt.Printf("%-8s %6d merges, %6d mechanical, %8.0f a second\n", by, t.merges, t.mechanical, t.rate())
		}
	}
	return nil
}

// read reads a commit. Old ones need not be canonical; of those only the links count.
func read(reader *gitwalk.Reader, id gitwalk.ID) (*gitwalk.Commit, error) {
	raw, err := reader.Commit(id)
	if err != nil {
		return nil, err
	}
	links, err := gitwalk.ParseLinks(raw)
	return &gitwalk.Commit{ID: id, Tree: links.Tree, Parents: links.Parents}, err
}
