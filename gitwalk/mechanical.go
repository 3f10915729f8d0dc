package gitwalk

import (
	"context"
	"fmt"
)

// A Merger lets git merge. It must be safe for concurrent use.
type Merger interface {
	// MergeTree merges m.Ours and m.Theirs as "git merge-tree --write-tree"
	// does without any configuration, and returns the tree that comes out and
	// whether it is free of conflicts. Only then does the tree mean anything.
	// What it needs it reads from g, whose goroutine calls. m.Tree, which is
	// said to be the result, or is zero, makes no difference to the answer.
	//
	// The error is a *CannotMergeError if git could not be asked, ctx.Err(), or
	// one of Graph.MergeHistory or MergeHistory.Objects.
	MergeTree(ctx context.Context, g *Graph, m Merge) (tree ID, clean bool, err error)
}

// A BatchMerger merges many times at once, which costs much less for each than to
// merge them one by one.
type BatchMerger interface {
	Merger
	// MergeTrees is MergeTree for each of the merges, in their order. What is
	// wrong with one makes no difference to the others.
	MergeTrees(ctx context.Context, g *Graph, merges []Merge) []Merged
}

// A Merged is what MergeTree returns.
type Merged struct {
	Tree  ID
	Clean bool
	Err   error
}

// A CannotMergeError says that git, which has to decide on a merge, is missing,
// too old or has failed. It is no verdict on the merge.
type CannotMergeError struct{ Err error }

func (e *CannotMergeError) Error() string {
	return fmt.Sprintf("git cannot be asked for the merge: %v", e.Err)
}

func (e *CannotMergeError) Unwrap() error { return e.Err }

// A Merge is a commit with two parents, of which only the trees matter here.
type Merge struct {
	Tree         ID
	Ours, Theirs ID // its parents, the first and the second
}

// MergeOf is the merge that a commit is, and false if it has not two parents.
func MergeOf(c *Commit) (Merge, bool) {
	if len(c.Parents) != 2 {
		return Merge{}, false
	}
	return Merge{Tree: c.Tree, Ours: c.Parents[0], Theirs: c.Parents[1]}, true
}

// A Judge is who decided whether a merge is mechanical.
type Judge string

// The judges.
const (
	ByHistory Judge = "history" // the parents have no common ancestor
	ByTrees   Judge = "trees"   // CheckMerge
	ByGit     Judge = "git"     // a Merger
)

// Mechanics says whether a merge is mechanical: whether its tree is exactly what
// comes out when its parents are merged, with nothing slipped in.
type Mechanics struct {
	Holds bool
	By    Judge
	// Path is, if the merge is not mechanical, where to look first: of what the
	// trees decided, the first path that is wrong; of what git decided, such a
	// path too if there is one, otherwise the first that both sides changed.
	// It can be empty. It is hostile text.
	Path string
	// Detail says why the merge is not mechanical, without the path.
	Detail string
}

// Mechanical says whether m is a mechanical merge. With a single merge base the
// trees decide if they can (CheckMerge); otherwise git does, and then the tree of
// the merge must be the one that git computes, without conflicts. Parents without
// a common ancestor have no mechanical merge.
//
// An error means that there is no answer; it is one of MergeBases, CheckMerge or
// the Merger. A *MalformedError tells of a commit or tree of either side.
func Mechanical(ctx context.Context, g *Graph, m Merge, merger Merger) (Mechanics, error) {
	bases, err := g.MergeBases(ctx, m.Ours, m.Theirs)
	if err != nil {
		return Mechanics{}, err
	}
	var check MergeCheck
	switch len(bases) {
	case 0:
		return Mechanics{By: ByHistory, Detail: "its parents have no common ancestor"}, nil
	case 1:
		if check, err = g.checkMerge(bases[0], m); err != nil {
			return Mechanics{}, err
		}
		if check.Answer() != MergeUndecided {
			return check.mechanics(), nil
		}
	}
	tree, clean, err := merger.MergeTree(ctx, g, m)
	if err != nil {
		return Mechanics{}, err
	}
	return check.mechanicsByGit(clean, tree == m.Tree), nil
}

// checkMerge is CheckMerge for commits.
func (g *Graph) checkMerge(base ID, m Merge) (MergeCheck, error) {
	var trees [3]ID
	for i, commit := range []ID{base, m.Ours, m.Theirs} {
		tree, err := g.Tree(commit)
		if err != nil {
			return MergeCheck{}, err
		}
		trees[i] = tree
	}
	return CheckMerge(g.reader, trees[baseTree], trees[ourTree], trees[theirTree], m.Tree)
}

func (c MergeCheck) mechanics() Mechanics {
	if c.Differs != "" {
		return Mechanics{By: ByTrees, Path: c.Differs, Detail: "its tree has something there that is not what either parent makes of it"}
	}
	return Mechanics{Holds: true, By: ByTrees}
}

func (c MergeCheck) mechanicsByGit(clean, same bool) Mechanics {
	m := Mechanics{Holds: clean && same, By: ByGit}
	if m.Holds {
		return m
	}
	m.Path = c.Differs
	if m.Path == "" {
		m.Path = c.Both
	}
	m.Detail = "its tree is not what git makes of its parents"
	if !clean {
		m.Detail = "git finds a conflict between its parents, so that somebody has decided what its tree should be"
	}
	return m
}
