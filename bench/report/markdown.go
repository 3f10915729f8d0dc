package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/nix-authorize/nix-authorize/bench/measure"
)

// Text writes the tables for a terminal.
func Text(w io.Writer, r *measure.Results) error {
	fmt.Fprintln(w, machine(r.Machine))
	for _, t := range tables(r) {
		fmt.Fprintf(w, "\n%s\n", t.title)
		columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, row := range append([][]string{t.head}, t.rows...) {
			fmt.Fprintln(columns, "  "+strings.Join(row, "\t"))
		}
		if err := columns.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// page is docs/benchmarks.md. The picture lies beside it.
func page(r *measure.Results, picture string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!-- Made by "go run ./bench run"; changes are lost. -->

# Benchmarks

%s Everything in one run, but for what is said to be of another; files were in the system's cache. Absolute times
differ from machine to machine, so compare ratios. "make bench" makes this page anew.

The generated histories have the shape of nixpkgs: root trees of 40 entries, 8 objects a commit, a merge
in each 20 commits, 300 people with keys of the kinds that 157,592 signed commits of public repositories have (less DSA, which the list does not take), and
another authorizations file every 2,000 commits. [bench/README.md](../bench/README.md) says more.

![Time and memory against the length of the history](%s)
`, machine(r.Machine), picture)
	for _, t := range tables(r) {
		fmt.Fprintf(&b, "\n## %s\n\n", t.title)
		if t.note != "" {
			fmt.Fprintf(&b, "%s\n\n", t.note)
		}
		b.WriteString(t.markdown())
	}
	return b.String()
}

func (t table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(t.head, " | "), strings.Repeat("---|", len(t.head)))
	for _, row := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}

// machine is a sentence or two.
func machine(m measure.Machine) string {
	processor := m.Processor
	if processor == "" {
		processor = "a processor that does not say what it is"
	}
	openSSL := "no OpenSSL"
	if m.OpenSSL != "" {
		openSSL = "OpenSSL " + m.OpenSSL
	}
	text := fmt.Sprintf("%d cores of %s, %s, Go %s, git %s, %s.", m.Cores, processor, m.System, m.Go, m.Git, openSSL)
	if m.Others > busy {
		text += fmt.Sprintf(" **Other programs took %.1f cores meanwhile: all times are too long.** Processor times are nearer to the truth.", m.Others)
	}
	return text
}

// busy is how much of a core others can take before times mean little.
const busy = 0.15

// short is the table in README.md.
func short(r *measure.Results) table {
	t := table{head: []string{"history", "commits", "from the start", "× floor", "memory", "nothing new", "540 new", "pull beyond fetch, 540 new"}}
	for _, h := range r.Histories {
		row := []string{h.Name, count(h.Commits), duration(h.Cold.Wall), times(h.Cold.Wall, h.Floor(r.Machine.Cores)), megabytes(h.Cold.Memory), duration(h.Warm.Wall), "–", "–"}
		if h.New != nil {
			row[6] = duration(h.New.Cost.Wall)
		}
		for _, p := range h.Pull {
			if h.New != nil && p.Commits == h.New.Commits {
				row[7] = duration(p.Pull.Wall - p.Fetch.Wall)
			}
		}
		t.add(row...)
	}
	return t
}
