package report

import (
	"fmt"
	"html"
	"io"

	"github.com/nix-authorize/nix-authorize/internal/graph"
)

// The measures of a picture, in pixels.
const (
	svgLane   = 22
	svgRow    = 30
	svgMargin = 20
	svgText   = 900
)

var svgColors = map[graph.Mark]string{
	graph.Authentic: "#2da44e", graph.Vouched: "#0969da", graph.Refused: "#cf222e",
	graph.Unchecked: "#bf8700", graph.Introduction: "#1a7f37", graph.NotJudged: "#8c959f",
}

// DrawSVG draws a history as a picture. Text from commits is escaped; the picture
// refers to nothing outside of it.
func DrawSVG(w io.Writer, nodes []graph.Node) error {
	rows := graph.Layout(nodes)
	place, width := map[string]int{}, 0
	for i, row := range rows {
		place[row.ID.String()] = i
		width = max(width, len(row.Before), len(row.After))
	}
	out := &svgWriter{w: w}
	textAt := svgMargin + width*svgLane
	out.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="monospace" font-size="13">`+"\n",
		textAt+svgText, 2*svgMargin+len(rows)*svgRow)
	out.printf(`<rect width="100%%" height="100%%" fill="#ffffff"/>` + "\n")
	for i, row := range rows {
		for j, parent := range row.Parents {
			out.edge(i, row.Lane, place[parent.String()], rows[place[parent.String()]].Lane, row.Down[j])
		}
	}
	for i, row := range rows {
		x, y := svgX(row.Lane), svgY(i)
		out.printf(`<circle cx="%d" cy="%d" r="7" fill="%s" stroke="#24292f"/>`+"\n", x, y, svgColors[row.Mark])
		out.printf(`<text x="%d" y="%d" fill="#24292f">%s</text>`+"\n", textAt+10, y+4, html.EscapeString(svgLabel(row.Node)))
	}
	out.printf("</svg>\n")
	return out.err
}

func svgLabel(n graph.Node) string {
	what := string(n.Mark)
	if n.Mark == graph.NotJudged {
		what = "not judged"
	}
	if n.Reason != "" {
		what += ": " + string(n.Reason)
	}
	if n.Signer != "" {
		what += ", " + Printable(n.Signer)
	}
	return fmt.Sprintf("%.12s  [%s]  %s", n.ID, what, Printable(n.Subject))
}

func svgX(lane int) int { return svgMargin + lane*svgLane }
func svgY(row int) int  { return svgMargin + row*svgRow + svgRow/2 }

// svgWriter remembers the first error.
type svgWriter struct {
	w   io.Writer
	err error
}

func (o *svgWriter) printf(format string, args ...any) {
	if o.err == nil {
		_, o.err = fmt.Fprintf(o.w, format, args...)
	}
}

// edge leads from a commit to the lane that its parent is waited for in, down that
// lane, and to the parent.
func (o *svgWriter) edge(row, lane, parentRow, parentLane, via int) {
	o.printf(`<path d="M%d %d L%d %d L%d %d L%d %d" fill="none" stroke="#57606a" stroke-width="2"/>`+"\n",
		svgX(lane), svgY(row), svgX(via), svgY(row)+svgRow/2, svgX(via), svgY(parentRow)-svgRow/2, svgX(parentLane), svgY(parentRow))
}
