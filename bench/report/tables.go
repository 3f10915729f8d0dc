// Package report shows results: as text, as the page docs/benchmarks.md with a picture,
// and as the table in README.md.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/bench/measure"
)

// A table is shown in a terminal or in Markdown.
type table struct {
	title string
	note  string // what the columns mean
	head  []string
	rows  [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// tables are all that there is to show.
func tables(r *measure.Results) []table {
	all := []table{cold(r), ratios(r), floors(r), operations(r), warm(r), pulls(r), merges(r), others(r)}
	return slices.DeleteFunc(all, func(t table) bool { return len(t.rows) == 0 })
}

func cold(r *measure.Results) table {
	t := table{
		title: "Everything from the start",
		note:  "`nix-authorize verify` with nothing remembered; *judged* is how many commits that are. *× floor* compares with the table below: times on all cores, and in brackets processor time. *Half the cores* is how much longer it takes with those.",
		head:  []string{"history", "judged", "objects in packs", "time", "commits/s", "CPU", "memory", "× floor", "half the cores"},
	}
	for _, h := range r.Histories {
		half := "–"
		if h.Half.Wall > 0 {
			half = times(h.Half.Wall, h.Cold.Wall)
		}
		t.add(h.Name, count(h.Commits), count(h.Objects), duration(h.Cold.Wall), count(int(rate(h.Commits, h.Cold.Wall))), duration(h.Cold.CPU), megabytes(h.Cold.Memory),
			fmt.Sprintf("%s (%s)", times(h.Cold.Wall, h.Floor(r.Machine.Cores)), times(h.Cold.CPU, h.FloorCPU())), half)
	}
	return t
}

// guixRate is how many commits a second Guix's own program judged of its history on two
// cores of an Intel Xeon, where this one was first measured. It is not of this run.
const guixRate = 430

func ratios(r *measure.Results) table {
	t := table{title: "Ratios", head: []string{"ratio", "times"}}
	var before *measure.History
	for i := range r.Histories {
		h := &r.Histories[i]
		if h.Name == "guix" {
			t.add(fmt.Sprintf("commits/s on guix, against %d that Guix's own program judged (another run, two cores of an Intel Xeon)", guixRate), fmt.Sprintf("%.0f", rate(h.Commits, h.Cold.Wall)/guixRate))
		}
		if !h.Generated {
			continue
		}
		if before != nil {
			t.add(fmt.Sprintf("a commit of %s, against one of %s: time", count(h.Length), count(before.Length)), times(each(h, h.Cold.Wall), each(before, before.Cold.Wall)))
			t.add(fmt.Sprintf("a commit of %s, against one of %s: CPU", count(h.Length), count(before.Length)), times(each(h, h.Cold.CPU), each(before, before.Cold.CPU)))
		}
		before = h
	}
	return t
}

// each is the part of a cost that a commit has.
func each(h *measure.History, cost time.Duration) time.Duration {
	return cost / time.Duration(h.Commits)
}

func floors(r *measure.Results) table {
	t := table{
		title: "The floor",
		note:  "What the same commits cost at least: *reading* is the processor time of one `git cat-file --batch --buffer` that reads the commits and their root trees and nothing else; *signatures* is the number of signatures of each kind by what one takes, below. The *floor* is the sum of both, over all cores.",
		head:  []string{"history", "commits", "reading", "signatures", "floor", "a commit"},
	}
	for _, h := range r.Histories {
		least := h.Floor(r.Machine.Cores)
		t.add(h.Name, count(h.Commits), duration(h.Reading.CPU), duration(h.Signing), duration(least), duration(each(&h, least)))
	}
	return t
}

func operations(r *measure.Results) table {
	t := table{
		title: "Signatures",
		note:  "What a core takes to verify one, without anything around it: OpenSSL's figure for RSA and DSA (for lengths that it does not measure, scaled by the square of the length), the better of OpenSSL's and Go's for the others; and how many there are.",
		head:  []string{"kind", "takes"},
	}
	var kinds []string
	for kind := range r.Operations {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, h := range r.Histories {
		t.head = append(t.head, label(h))
	}
	for _, kind := range kinds {
		row := []string{kind, duration(r.Operations[kind])}
		for _, h := range r.Histories {
			row = append(row, count(h.Signatures[kind]))
		}
		t.add(row...)
	}
	return t
}

func warm(r *measure.Results) table {
	t := table{
		title: "After the first time",
		note:  "`nix-authorize verify` when everything has been judged before, and when 540 commits have been added, which is what nixpkgs gets in a day.",
		head:  []string{"history", "commits", "nothing new", "memory", "540 new", "memory"},
	}
	for _, h := range r.Histories {
		row := []string{h.Name, count(h.Length), duration(h.Warm.Wall), megabytes(h.Warm.Memory), "–", "–"}
		if h.New != nil {
			row[4], row[5] = duration(h.New.Cost.Wall), megabytes(h.New.Cost.Memory)
		}
		t.add(row...)
	}
	return t
}

func pulls(r *measure.Results) table {
	t := table{
		title: "Pull",
		note:  "What `nix-authorize pull` takes beyond a `git fetch` of the same two branches, history and keyring, from the same server.",
		head:  []string{"history", "commits", "new", "git fetch", "pull", "beyond"},
	}
	for _, h := range r.Histories {
		for _, p := range h.Pull {
			t.add(h.Name, count(h.Length), count(p.Commits), duration(p.Fetch.Wall), duration(p.Pull.Wall), duration(p.Pull.Wall-p.Fetch.Wall))
		}
	}
	return t
}

func merges(r *measure.Results) table {
	t := table{
		title: "Merges that nobody has signed",
		note:  "First-parent merges under `merges: vouched`, from the start, with the signatures of their heads. Where both sides have changed the same file, git's own merge decides; *a process each* is what `git merge-tree --write-tree` takes for one when they run one after the other, and *times as fast* compares that with the whole of `verify` on all cores.",
		head:  []string{"merges", "decided by", "time", "merges/s", "memory", "a process each", "times as fast"},
	}
	for _, m := range r.Merges {
		row := []string{count(m.Merges), "trees", duration(m.Cold.Wall), count(int(rate(m.Merges, m.Cold.Wall))), megabytes(m.Cold.Memory), "–", "–"}
		if m.ByGit > 0 {
			row[1], row[5] = "git", duration(m.Each)
			row[6] = times(m.Each*time.Duration(m.Merges), m.Cold.Wall)
		}
		t.add(row...)
	}
	return t
}

func others(r *measure.Results) table {
	t := table{
		title: "Other programs",
		head:  []string{"program", "commits/s", ""},
	}
	for _, h := range r.Histories {
		if h.GitLog > 0 {
			t.add("git log --format=%G?", fmt.Sprintf("%.0f", 1/h.GitLog.Seconds()), fmt.Sprintf("a sample of %s; says only whether a signature is good", label(h)))
		}
	}
	for _, o := range r.Others {
		speed := "–"
		if o.Rate > 0 {
			speed = fmt.Sprintf("%.0f", o.Rate)
		}
		t.add(o.Name, speed, o.Note)
	}
	t.add("guix git authenticate", fmt.Sprint(guixRate), "the history of Guix from May 2020 to May 2021, measured once, on two cores of an Intel Xeon, not in this run")
	return t
}

// label names a history in the head of a column.
func label(h measure.History) string {
	if h.Generated {
		return count(h.Length) + " generated"
	}
	return h.Name
}

// times is how many times as much something takes as another.
func times(a, b time.Duration) string {
	if b <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}

func rate(n int, in time.Duration) float64 { return float64(n) / in.Seconds() }

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", (bytes+500_000)/1_000_000) }

// count is a number with commas.
func count(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// duration has three digits or so, since there is no more to a measurement.
func duration(d time.Duration) string {
	value, unit := float64(d)/float64(time.Microsecond), "µs"
	switch {
	case d >= time.Second || d <= -time.Second:
		value, unit = d.Seconds(), "s"
	case d >= time.Millisecond || d <= -time.Millisecond:
		value, unit = value/1000, "ms"
	}
	decimals := 0
	if value > -10 && value < 10 {
		decimals = 1
	}
	return strings.TrimSpace(fmt.Sprintf("%.*f %s", decimals, value, unit))
}
