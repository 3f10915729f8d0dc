package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/bench/measure"
)

// A chart is one of two in the picture, lines over the length of a history.
type chart struct {
	title string
	lines []line
	tick  func(float64) string // what stands at the vertical axis
}

// A line has a point for each length.
type line struct {
	name, color string
	dashed      bool
	points      []point
}

type point struct{ commits, value float64 }

// The layout of a chart in pixels.
const (
	chartWidth  = 440.0
	chartHeight = 340.0
	left, right = 70.0, 40.0
	top, bottom = 88.0, 44.0 // names of the lines stand above the chart
)

// picture has time and memory against the length of generated histories, as SVG. Both
// axes are logarithmic: what is proportional is a straight line.
func picture(r *measure.Results) string {
	took := line{name: "verify, from the start", color: "#1f5fa8"}
	least := line{name: "floor of the machine", color: "#888888", dashed: true}
	fresh := line{name: "verify, 540 new", color: "#2e8b57"}
	cold := line{name: "from the start", color: "#1f5fa8"}
	newer := line{name: "540 new", color: "#2e8b57"}
	for _, h := range r.Histories {
		if !h.Generated {
			continue
		}
		at := float64(h.Commits)
		took.points = append(took.points, point{at, h.Cold.Wall.Seconds()})
		least.points = append(least.points, point{at, h.Floor(r.Machine.Cores).Seconds()})
		cold.points = append(cold.points, point{at, float64(h.Cold.Memory) / 1e6})
		if h.New != nil {
			fresh.points = append(fresh.points, point{at, h.New.Cost.Wall.Seconds()})
			newer.points = append(newer.points, point{at, float64(h.New.Cost.Memory) / 1e6})
		}
	}
	charts := []chart{
		{"Time", []line{took, least, fresh}, func(v float64) string { return tickDuration(v) }},
		{"Memory", []line{cold, newer}, func(v float64) string { return fmt.Sprintf("%g MB", v) }},
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%g" height="%g" font-family="sans-serif" font-size="12">`+"\n", 2*chartWidth, chartHeight)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	for i, c := range charts {
		c.draw(&b, float64(i)*chartWidth)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func tickDuration(seconds float64) string {
	if seconds < 1 {
		return fmt.Sprintf("%g ms", math.Round(seconds*1000))
	}
	return fmt.Sprintf("%g s", seconds)
}

// A scale puts values on a logarithmic axis between two powers of ten.
type scale struct{ low, high, from, to float64 }

func (s scale) at(value float64) float64 {
	return s.from + (math.Log10(value)-s.low)/(s.high-s.low)*(s.to-s.from)
}

// over is a scale that has room for all values.
func over(values []float64, from, to float64) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, math.Floor(math.Log10(v))), max(high, math.Ceil(math.Log10(v)))
	}
	if math.IsInf(low, 0) || low == high {
		low, high = min(low, 0), max(high, 1)
	}
	return scale{low, high, from, to}
}

func (c chart) draw(b *strings.Builder, offset float64) {
	var xs, ys []float64
	for _, l := range c.lines {
		for _, p := range l.points {
			xs, ys = append(xs, p.commits), append(ys, max(p.value, float64(time.Microsecond)/float64(time.Second)))
		}
	}
	x := over(xs, offset+left, offset+chartWidth-right)
	y := over(ys, chartHeight-bottom, top)
	fmt.Fprintf(b, `<text x="%g" y="20" font-weight="bold">%s</text>`+"\n", offset+left, c.title)
	for power := x.low; power <= x.high; power++ {
		at := x.at(math.Pow(10, power))
		fmt.Fprintf(b, `<path d="M%.1f %g V%g" stroke="#dddddd"/><text x="%.1f" y="%g" text-anchor="middle">%s</text>`+"\n", at, top, chartHeight-bottom, at, chartHeight-bottom+18, count(int(math.Pow(10, power))))
	}
	for power := y.low; power <= y.high; power++ {
		at := y.at(math.Pow(10, power))
		fmt.Fprintf(b, `<path d="M%g %.1f H%g" stroke="#dddddd"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`+"\n", offset+left, at, offset+chartWidth-right, offset+left-6, at+4, c.tick(math.Pow(10, power)))
	}
	fmt.Fprintf(b, `<text x="%g" y="%g" text-anchor="middle">commits</text>`+"\n", offset+(left+chartWidth-right)/2, chartHeight-8)
	for i, l := range c.lines {
		l.draw(b, x, y)
		at := 40 + 16*float64(i)
		fmt.Fprintf(b, `<text x="%g" y="%g" fill="%s">%s</text>`+"\n", offset+left, at, l.color, l.name)
	}
}

func (l line) draw(b *strings.Builder, x, y scale) {
	var path []string
	for _, p := range l.points {
		path = append(path, fmt.Sprintf("%.1f,%.1f", x.at(p.commits), y.at(p.value)))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x.at(p.commits), y.at(p.value), l.color)
	}
	dashes := ""
	if l.dashed {
		dashes = ` stroke-dasharray="5 4"`
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>`+"\n", strings.Join(path, " "), l.color, dashes)
}
