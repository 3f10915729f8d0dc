package history

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
)

// before marks nodes that are in a pack of an earlier run.
const before = -1

// resume puts a plan where the segment before has ended, which the repository says. It
// does so whether or not this run has made that segment, so that the outcome is the same.
func (g *generator) resume(ctx context.Context, plan *plan, unit int) error {
	if unit == 0 {
		return nil
	}
	repository, err := gitrepo.Open(ctx, g.dir, gitrepo.Options{})
	if err != nil {
		return err
	}
	source, err := repository.NewSource()
	if err != nil {
		return err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	tip, err := gitwalk.ParseID(g.record.Tip)
	if err != nil {
		return err
	}
	raw, err := reader.Commit(tip)
	if err != nil {
		return err
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return err
	}
	root, err := load(reader, links.Tree)
	if err == nil {
		plan.advance(place{&commit{id: tip}, root, plan.sharedBefore(unit)})
	}
	return err
}

// load reads a tree with all that is below it, but for what is in files.
func load(reader *gitwalk.Reader, id gitwalk.ID) (*node, error) {
	raw, err := reader.Tree(id)
	if err != nil {
		return nil, err
	}
	tree, err := gitwalk.ParseTree(id, raw)
	if err != nil {
		return nil, err
	}
	var children []named
	for e := range tree.Entries() {
		child := &node{mode: e.Mode, id: e.ID}
		if e.Mode == gitwalk.ModeTree {
			if child, err = load(reader, e.ID); err != nil {
				return nil, err
			}
		}
		child.stored.pack = before
		children = append(children, named{e.Name, child})
	}
	n := directory(children)
	n.stored.pack = before
	return n, nil
}
