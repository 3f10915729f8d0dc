package gitwalk

import (
	"errors"
)

// A Graph is the part of a commit graph that has been read so far. It answers
// questions about merges and keeps what it has read for the next question, some
// 150 bytes a commit. It is used by one goroutine, that of its Reader.
type Graph struct {
	reader  *Reader
	index   map[ID]uint32
	nodes   []graphNode
	parents []uint32
}

// graphNode is a commit of the graph.
type graphNode struct {
	id           ID
	tree         ID
	date         int64
	first, count uint32 // its parents are Graph.parents[first:first+count]
	known        knowledge
	paint        paint
}

// knowledge is what is known of the object of a commit.
type knowledge uint8

const (
	notRead knowledge = iota
	present
	absent // the repository does not have it
)

// NewGraph starts with an empty graph.
func NewGraph(r *Reader) *Graph {
	return &Graph{reader: r, index: make(map[ID]uint32)}
}

// Reader is what the graph is read through.
func (g *Graph) Reader() *Reader { return g.reader }

// Tree is the tree of a commit. It returns the errors of MergeBases.
func (g *Graph) Tree(commit ID) (ID, error) {
	i := g.node(commit)
	if err := g.load(i); err != nil {
		return ID{}, err
	}
	if g.nodes[i].known == absent {
		return ID{}, &MissingError{ID: commit}
	}
	return g.nodes[i].tree, nil
}

// node returns the index of the commit id, adding it when it is new.
func (g *Graph) node(id ID) uint32 {
	if i, ok := g.index[id]; ok {
		return i
	}
	i := uint32(len(g.nodes))
	g.index[id] = i
	g.nodes = append(g.nodes, graphNode{id: id})
	return i
}

// load reads a commit unless it has been read. That the repository does not have
// it is no error here: it may not matter.
func (g *Graph) load(i uint32) error {
	if g.nodes[i].known != notRead {
		return nil
	}
	id := g.nodes[i].id
	raw, err := g.reader.Commit(id)
	if errors.As(err, new(*MissingError)) {
		g.nodes[i].known = absent
		return nil
	}
	if err != nil {
		return err
	}
	links, err := ParseLinks(raw)
	if err != nil {
		return &MalformedError{ID: id, Kind: KindCommit, Detail: err.Error()}
	}
	first := uint32(len(g.parents))
	for _, parent := range links.Parents {
		g.parents = append(g.parents, g.node(parent))
	}
	n := &g.nodes[i]
	n.known, n.tree, n.date = present, links.Tree, links.Date
	n.first, n.count = first, uint32(len(links.Parents))
	return nil
}

func (g *Graph) parentsOf(i uint32) []uint32 {
	n := &g.nodes[i]
	return g.parents[n.first : n.first+n.count]
}
