// Command merges judges again the first-parent merges of a repository: how many are
// mechanical, how many of them trees alone decide, and at what speed. Those that need
// git are merged one by one, as many at a time as a verification does, and, to
// compare, by "git merge-tree" in the repository itself, a process for each.
//
//	go run ./bench/merges -limit 1000 REPOSITORY [REVISION]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

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
	merges, err := firstParentMerges(reader, tip.ID, limit)
	if err != nil {
		return err
	}
	b := &bench{ctx: ctx, dir: dir, reader: reader, graph: gitwalk.NewGraph(reader), merger: gitrepo.NewMerger()}
	return b.run(merges)
}

// firstParentMerges are the newest merges of two on the way along first parents.
func firstParentMerges(reader *gitwalk.Reader, id gitwalk.ID, limit int) (merges []gitwalk.Merge, err error) {
	for len(merges) < limit {
		commit, err := read(reader, id)
		if err != nil {
			return nil, err
		}
		if merge, ok := gitwalk.MergeOf(commit); ok {
			merges = append(merges, merge)
		}
		if len(commit.Parents) == 0 {
			break
		}
		id = commit.Parents[0]
	}
	return merges, nil
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
