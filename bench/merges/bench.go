package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
)

// batchSize is how many merges are made at a time.
const batchSize = 64

type bench struct {
	ctx    context.Context
	dir    string
	reader *gitwalk.Reader
	graph  *gitwalk.Graph
	merger *gitrepo.Merger
}

func (b *bench) run(merges []gitwalk.Merge) error {
	open, err := b.byTrees(merges)
	if err != nil || len(open) == 0 {
		return err
	}
	process, err := b.measure("git in the repository, a process each", open, b.processEach)
	if err != nil {
		return err
	}
	one, err := b.measure("ours, one by one", open, b.oneByOne)
	if err != nil {
		return err
	}
	batched, err := b.measure(fmt.Sprintf("ours, %d at a time", batchSize), open, b.batched)
	if err != nil {
		return err
	}
	fmt.Printf("%d at a time than one by one: %s\n", batchSize, batched.than(one))
	fmt.Printf("%d at a time than git, a process each: %s\n", batchSize, batched.than(process))
	return nil
}

// byTrees judges merges by the trees alone and returns those that need git.
func (b *bench) byTrees(merges []gitwalk.Merge) (open []gitwalk.Merge, err error) {
	mechanical := 0
	start := begin()
	for _, m := range merges {
		mechanics, err := gitwalk.Mechanical(b.ctx, b.graph, m, undecided{})
		switch {
		case errors.Is(err, errUndecided):
			open = append(open, m)
			continue
		case err != nil:
			return nil, fmt.Errorf("merge of %s and %s: %w", m.Ours, m.Theirs, err)
		case mechanics.Holds:
			mechanical++
		default:
			fmt.Printf("the merge of %s and %s is not mechanical: %q %s\n", m.Ours, m.Theirs, mechanics.Path, mechanics.Detail)
		}
	}
	start.report("trees alone", len(merges)-len(open), mechanical)
	return open, nil
}

var errUndecided = errors.New("trees do not decide")

// undecided stands in the place of git.
type undecided struct{}

func (undecided) MergeTree(context.Context, *gitwalk.Graph, gitwalk.Merge) (gitwalk.ID, bool, error) {
	return gitwalk.ID{}, false, errUndecided
}

// measure lets merges be made and returns how many are made in a second.
func (b *bench) measure(how string, merges []gitwalk.Merge, merge func([]gitwalk.Merge) []gitwalk.Merged) (speed, error) {
	start := begin()
	merged := merge(merges)
	mechanical := 0
	for i, m := range merged {
		if m.Err != nil {
			return speed{}, fmt.Errorf("merge of %s and %s: %w", merges[i].Ours, merges[i].Theirs, m.Err)
		}
		if m.Clean && m.Tree == merges[i].Tree {
			mechanical++
		}
	}
	return start.report(how, len(merges), mechanical), nil
}

func (b *bench) oneByOne(merges []gitwalk.Merge) (merged []gitwalk.Merged) {
	for _, m := range merges {
		tree, clean, err := b.merger.MergeTree(b.ctx, b.graph, m)
		merged = append(merged, gitwalk.Merged{Tree: tree, Clean: clean, Err: err})
	}
	return merged
}

func (b *bench) batched(merges []gitwalk.Merge) (merged []gitwalk.Merged) {
	for len(merges) > 0 {
		n := min(batchSize, len(merges))
		merged = append(merged, b.merger.MergeTrees(b.ctx, b.graph, merges[:n])...)
		merges = merges[n:]
	}
	return merged
}

// processEach lets git merge in the repository, as anybody would do it. What it
// writes goes elsewhere.
func (b *bench) processEach(merges []gitwalk.Merge) (merged []gitwalk.Merged) {
	dir, err := os.MkdirTemp("", "merges-")
	if err != nil {
		return []gitwalk.Merged{{Err: err}}
	}
	defer os.RemoveAll(dir)
	objects, err := exec.CommandContext(b.ctx, "git", "-C", b.dir, "rev-parse", "--path-format=absolute", "--git-path", "objects").Output()
	if err != nil {
		return []gitwalk.Merged{{Err: err}}
	}
	for _, m := range merges {
		cmd := exec.CommandContext(b.ctx, "git", "-C", b.dir, "merge-tree", "--write-tree", m.Ours.String(), m.Theirs.String())
		cmd.Env = append(os.Environ(), "GIT_OBJECT_DIRECTORY="+dir, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+string(objects[:len(objects)-1]))
		out, err := cmd.Output()
		one := gitwalk.Merged{Clean: err == nil}
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() > 1 || len(out) < 40 {
			one.Err = fmt.Errorf("git merge-tree: %w", err)
		} else {
			one.Tree, one.Err = gitwalk.ParseID(string(out[:40]))
		}
		merged = append(merged, one)
	}
	return merged
}
