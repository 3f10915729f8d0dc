package history

import (
	"github.com/nix-authorize/nix-authorize/bench/packfile"
	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A store remembers what the pack that is being made has got.
type store struct {
	pack int
	has  map[gitwalk.ID]stored
}

func newStore(pack int) *store {
	return &store{pack: pack, has: make(map[gitwalk.ID]stored)}
}

// maxDepth is how long a chain of differences git makes by default
// (core "pack.depth").
const maxDepth = 50

// collect returns the objects at and below a node that the pack lacks and that are new
// in this version, those first that others are differences from.
func (s *store) collect(n *node, objects []*packfile.Object) []*packfile.Object {
	if n.stored.pack != 0 {
		return objects // in this pack or an earlier one
	}
	if there, ok := s.has[n.id]; ok {
		n.stored, n.from = there, nil
		return objects
	}
	for _, child := range n.children {
		objects = s.collect(child, objects)
	}
	object := s.object(n)
	s.has[n.id] = n.stored
	return append(objects, object)
}

// object makes the object of a node, and lets go of what is no longer needed.
func (s *store) object(n *node) *packfile.Object {
	from := n.from
	n.from = nil
	n.stored.pack = s.pack
	switch {
	case n.mode != gitwalk.ModeTree:
		o := packfile.Whole(gitwalk.KindBlob, n.content)
		n.content = nil
		return o
	case from != nil && from.stored.pack == s.pack && from.stored.object != nil && from.stored.depth < maxDepth:
		n.stored.object = packfile.Difference(from.stored.object, from.content, n.content)
		n.stored.depth = from.stored.depth + 1
	default:
		n.stored.object = packfile.Whole(gitwalk.KindTree, n.content)
	}
	return n.stored.object
}
