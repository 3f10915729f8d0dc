package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/internal/graph"
)

// drawText draws a history for a terminal: a line for each commit and below it one
// for the lines to its parents.
func (t *Text) drawText(nodes []graph.Node) {
	rows := graph.Layout(nodes)
	width := 0
	for _, row := range rows {
		width = max(width, len(row.Before), len(row.After))
	}
	for _, row := range rows {
		fmt.Fprintf(t.Out, "%s %s\n", t.commitLine(row, width), t.nodeText(row.Node))
		if line := connector(row, width); line != "" {
			fmt.Fprintln(t.Out, line)
		}
	}
}

var markSigns = map[graph.Mark]string{
	graph.Authentic: "o", graph.Vouched: "v", graph.Refused: "X", graph.Unchecked: "?", graph.Introduction: "I", graph.NotJudged: ".",
}

func (t *Text) paintMark(m graph.Mark, s string) string {
	color := t.out()
	switch m {
	case graph.Refused:
		return color.bad(s)
	case graph.Unchecked:
		return color.doubt(s)
	case graph.NotJudged:
		return color.faint(s)
	}
	return color.good(s)
}

func (t *Text) commitLine(row graph.Row, width int) string {
	var b strings.Builder
	for i := range width {
		switch {
		case i == row.Lane:
			b.WriteString(t.paintMark(row.Mark, markSigns[row.Mark]))
		case i < len(row.Before) && !row.Before[i].IsZero():
			b.WriteByte('|')
		default:
			b.WriteByte(' ')
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// connector draws the way from a commit, and from lanes that end in it, to the lanes
// below. It is empty if all lanes go straight on.
func connector(row graph.Row, width int) string {
	cells := []byte(strings.Repeat(" ", 2*width))
	bent := false
	for i, id := range row.After {
		if !id.IsZero() && (i < len(row.Before) && row.Before[i] == id || slices.Contains(row.Down, i) && i == row.Lane) {
			cells[2*i] = '|'
		}
	}
	reach := func(lane int, near byte) {
		if lane == row.Lane {
			return
		}
		bent = true
		low, high := min(lane, row.Lane), max(lane, row.Lane)
		for c := 2*low + 1; c < 2*high; c++ {
			if cells[c] == ' ' {
				cells[c] = '_'
			}
		}
		if lane > row.Lane {
			cells[2*high-1] = near
		} else {
			cells[2*low+1] = '/'
		}
	}
	for _, lane := range row.Down {
		reach(lane, '\\')
	}
	for i, id := range row.Before { // a lane that ends in this commit
		if id == row.ID && i != row.Lane {
			reach(i, '/')
		}
	}
	if !bent {
		return ""
	}
	return strings.TrimRight(string(cells), " ")
}

func (t *Text) nodeText(n graph.Node) string {
	what := "not judged"
	switch {
	case n.Reason != "":
		what = string(n.Mark) + ": " + string(n.Reason)
	case n.Mark != graph.NotJudged:
		what = string(n.Mark)
	}
	if n.Signer != "" {
		what += ", signed by " + Printable(n.Signer)
	}
	text := fmt.Sprintf("%.12s %s  %s", n.ID, t.paintMark(n.Mark, "["+what+"]"), Printable(n.Subject))
	if n.More {
		text += t.out().faint("  (more below)")
	}
	return text
}
