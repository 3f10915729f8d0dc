package graph

import (
	"slices"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A Row is one commit of the picture and the lanes that pass it.
type Row struct {
	Node
	Lane int // of the commit
	// Before are the lanes above the commit and After those below it; each waits
	// for the commit with the id. A lane keeps its place as long as it lives; an
	// empty place has the zero id.
	Before, After []gitwalk.ID
	// Down are the lanes below that lead from the commit to its parents, in the
	// order of the parents.
	Down []int
}

// Layout gives each commit a lane. Nodes are in the order of Recorder.Around.
func Layout(nodes []Node) []Row {
	var lanes []gitwalk.ID
	rows := make([]Row, 0, len(nodes))
	for _, n := range nodes {
		row := Row{Node: n}
		if row.Lane = slices.Index(lanes, n.ID); row.Lane < 0 {
			lanes, row.Lane = occupy(lanes, n.ID, 0)
		}
		row.Before = slices.Clone(lanes)
		for i, waiting := range lanes { // other lanes that have waited for the same
			if waiting == n.ID {
				lanes[i] = gitwalk.ID{}
			}
		}
		for i, parent := range n.Parents {
			lane := slices.Index(lanes, parent)
			if lane < 0 {
				prefer := row.Lane
				if i > 0 {
					prefer = row.Lane + 1
				}
				lanes, lane = occupy(lanes, parent, prefer)
			}
			row.Down = append(row.Down, lane)
		}
		for len(lanes) > 0 && lanes[len(lanes)-1].IsZero() {
			lanes = lanes[:len(lanes)-1]
		}
		row.After = slices.Clone(lanes)
		rows = append(rows, row)
	}
	return rows
}

// occupy puts an id into the first empty place from prefer on.
func occupy(lanes []gitwalk.ID, id gitwalk.ID, prefer int) ([]gitwalk.ID, int) {
	for i := prefer; i < len(lanes); i++ {
		if lanes[i].IsZero() {
			lanes[i] = id
			return lanes, i
		}
	}
	for len(lanes) < prefer {
		lanes = append(lanes, gitwalk.ID{})
	}
	return append(lanes, id), len(lanes)
}
