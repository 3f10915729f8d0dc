// Package graph picks the part of a history that shows what went wrong, and lays it
// out so that it can be drawn on a terminal or as a picture.
package graph

import (
	"cmp"
	"slices"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// How much of a history is shown around the commits of interest.
const (
	above   = 4  // generations of descendants
	below   = 3  // generations of ancestors
	most    = 60 // commits
	centers = 10 // commits of interest
)

// A Mark says how a commit was judged.
type Mark string

// The marks. A commit without a mark was not judged: it is accepted with the
// introduction or was known before, or it is content that a merge has brought in.
const (
	Authentic    Mark = "authentic"
	Vouched      Mark = "vouched"
	Refused      Mark = "refused"
	Unchecked    Mark = "unchecked"
	Introduction Mark = "introduction"
	NotJudged    Mark = ""
)

// A Node is one commit of the picture.
type Node struct {
	ID      gitwalk.ID
	Subject string // hostile text
	Mark    Mark
	Reason  authz.Reason // of a refused or unchecked commit
	Signer  string       // what the deciding file calls the verified signer; hostile text
	Parents []gitwalk.ID
	// More says that the commit has parents that are not shown.
	More bool
}

// A Recorder keeps what the engine says of each commit. Its memory follows the
// history, so it is for those who ask for a picture.
type Recorder struct {
	introduction gitwalk.ID
	verdicts     map[gitwalk.ID]*authz.Verdict
	order        []gitwalk.ID
}

// NewRecorder starts to record a verification from an introduction.
func NewRecorder(introduction gitwalk.ID) *Recorder {
	return &Recorder{introduction: introduction, verdicts: make(map[gitwalk.ID]*authz.Verdict)}
}

// Observe takes in an event of the engine.
func (r *Recorder) Observe(e authz.Event) {
	if v, ok := e.(*authz.Verdict); ok {
		r.verdicts[v.Commit] = v
		r.order = append(r.order, v.Commit)
	}
}

// Around returns the commits around the first ones that are not authentic or, if all
// are, below the tip: children before parents, in an order in which no commit comes
// before one of its children.
func (r *Recorder) Around(reader *gitwalk.Reader, tip gitwalk.ID) []Node {
	p := picker{recorder: r, reader: reader, parents: make(map[gitwalk.ID][]gitwalk.ID), chosen: make(map[gitwalk.ID]bool)}
	return p.pick(tip)
}

// picker is one call of Around.
type picker struct {
	recorder *Recorder
	reader   *gitwalk.Reader
	parents  map[gitwalk.ID][]gitwalk.ID
	chosen   map[gitwalk.ID]bool
}

func (p *picker) pick(tip gitwalk.ID) []Node {
	for _, center := range p.centers(tip) {
		p.down(center, below)
		p.up(center)
	}
	return p.nodes()
}

// centers are the commits of interest, oldest first.
func (p *picker) centers(tip gitwalk.ID) []gitwalk.ID {
	var ids []gitwalk.ID
	for _, id := range p.recorder.order {
		if !p.recorder.verdicts[id].Authentic() && len(ids) < centers {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		ids = append(ids, tip)
	}
	return ids
}

// read returns the parents of a commit; of one that cannot be understood or is not
// there, none.
func (p *picker) read(id gitwalk.ID) []gitwalk.ID {
	if parents, ok := p.parents[id]; ok {
		return parents
	}
	var parents []gitwalk.ID
	if raw, err := p.reader.Commit(id); err == nil {
		if links, err := gitwalk.ParseLinks(raw); err == nil {
			parents = links.Parents
		}
	}
	p.parents[id] = parents
	return parents
}

// down chooses a commit and its ancestors of so many generations.
func (p *picker) down(id gitwalk.ID, generations int) {
	if len(p.chosen) >= most {
		return
	}
	p.chosen[id] = true
	if generations == 0 {
		return
	}
	for _, parent := range p.read(id) {
		p.down(parent, generations-1)
	}
}

// up chooses the nearest descendants of a commit among those that were judged.
func (p *picker) up(id gitwalk.ID) {
	from := slices.Index(p.recorder.order, id)
	if from < 0 {
		return
	}
	distance := map[gitwalk.ID]int{id: 0}
	for _, later := range p.recorder.order[from+1:] {
		for _, parent := range p.read(later) {
			if d, ok := distance[parent]; ok && d < above && len(p.chosen) < most {
				if old, ok := distance[later]; !ok || d+1 < old {
					distance[later] = d + 1
				}
				p.down(later, 1) // with what else it merges
			}
		}
	}
}

// nodes orders what was chosen, newest generation first.
func (p *picker) nodes() []Node {
	depth := make(map[gitwalk.ID]int)
	var visit func(id gitwalk.ID) int
	visit = func(id gitwalk.ID) int {
		if d, ok := depth[id]; ok {
			return d
		}
		depth[id] = 0 // a commit cannot be its own ancestor
		d := 0
		for _, parent := range p.read(id) {
			if p.chosen[parent] {
				d = max(d, visit(parent)+1)
			}
		}
		depth[id] = d
		return d
	}
	place := make(map[gitwalk.ID]int) // in the order of the history, where older ones come first
	for i, id := range p.recorder.order {
		place[id] = i
	}
	ids := make([]gitwalk.ID, 0, len(p.chosen))
	for id := range p.chosen {
		visit(id)
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b gitwalk.ID) int {
		return cmp.Or(depth[b]-depth[a], place[b]-place[a], slices.Compare(a[:], b[:]))
	})
	nodes := make([]Node, 0, len(ids))
	for _, id := range ids {
		nodes = append(nodes, p.node(id))
	}
	return nodes
}

func (p *picker) node(id gitwalk.ID) Node {
	n := Node{ID: id}
	for _, parent := range p.read(id) {
		if p.chosen[parent] {
			n.Parents = append(n.Parents, parent)
		} else {
			n.More = true
		}
	}
	if raw, err := p.reader.Commit(id); err == nil {
		if commit, err := gitwalk.ParseCommit(id, raw); err == nil {
			n.Subject = commit.Subject()
		}
	}
	v := p.recorder.verdicts[id]
	switch {
	case v == nil:
		if id == p.recorder.introduction {
			n.Mark = Introduction
		}
		return n
	case v.Refusal != nil:
		n.Mark, n.Reason = Refused, v.Refusal.Reason
	case v.Unchecked != nil:
		n.Mark, n.Reason = Unchecked, v.Unchecked.Reason
	case id == p.recorder.introduction:
		n.Mark = Introduction
	case v.Mechanics != nil:
		n.Mark = Vouched
	default:
		n.Mark = Authentic
	}
	if v.Signer != nil {
		n.Signer = v.Signer.Name
	}
	return n
}
