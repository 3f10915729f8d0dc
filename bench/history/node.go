package history

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/nix-authorize/nix-authorize/bench/packfile"
	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A node is a tree, or a file in one. It is never changed: with returns others.
type node struct {
	mode     gitwalk.Mode
	id       gitwalk.ID
	content  []byte   // of a tree; of a file until it is written
	names    []string // of the children of a tree; all versions share them
	ends     []int    // where the id of each child ends in content
	children []*node

	from   *node // the version before, until this one is written
	stored stored
}

// stored is how a tree is in a pack.
type stored struct {
	object *packfile.Object
	depth  int // of the chain of differences below it
	pack   int // the number of the pack; 0 is none
}

func file(content []byte) *node {
	return &node{mode: gitwalk.ModeFile, id: packfile.Hash(gitwalk.KindBlob, content), content: content}
}

// A named child of a tree that is made.
type named struct {
	name  string
	child *node
}

// directory makes a tree. Git's order is that of names with "/" behind those of trees.
func directory(children []named) *node {
	slices.SortFunc(children, func(a, b named) int { return cmp.Compare(a.sorted(), b.sorted()) })
	n := &node{mode: gitwalk.ModeTree}
	for _, c := range children {
		n.content = fmt.Appendf(n.content, "%o %s\x00", uint32(c.child.mode), c.name)
		n.content = append(n.content, c.child.id[:]...)
		n.names = append(n.names, c.name)
		n.ends = append(n.ends, len(n.content))
		n.children = append(n.children, c.child)
	}
	n.id = packfile.Hash(gitwalk.KindTree, n.content)
	return n
}

func (c named) sorted() string {
	if c.child.mode == gitwalk.ModeTree {
		return c.name + "/"
	}
	return c.name
}

// child is the position of a name, which must be there.
func (n *node) child(name string) int { return slices.Index(n.names, name) }

// with is the tree with other children in some positions.
func (n *node) with(changes map[int]*node) *node {
	other := &node{mode: n.mode, names: n.names, ends: n.ends, from: n.written(),
		content: bytes.Clone(n.content), children: slices.Clone(n.children)}
	for at, child := range changes {
		copy(other.content[n.ends[at]-len(child.id):], child.id[:])
		other.children[at] = child
	}
	other.id = packfile.Hash(gitwalk.KindTree, other.content)
	return other
}

// written is the newest version that is in a pack or will be: n, or what it came from.
func (n *node) written() *node {
	if n.stored.pack == 0 && n.from != nil {
		return n.from
	}
	return n
}

// at is what is found by going down a path of positions.
func (n *node) at(path ...int) *node {
	for _, i := range path {
		n = n.children[i]
	}
	return n
}

// replace is the tree with another node at a path.
func (n *node) replace(path []int, leaf *node) *node {
	if len(path) == 0 {
		return leaf
	}
	return n.with(map[int]*node{path[0]: n.children[path[0]].replace(path[1:], leaf)})
}
