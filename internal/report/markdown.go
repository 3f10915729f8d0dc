package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/graph"
)

// Limits on the summary of a job, which GitHub does not show if it has more than a MiB.
const (
	maxSummary      = 900 << 10 // bytes
	maxSummaryRows  = 100       // of a table
	maxSummaryText  = 300       // characters of a text
	maxSummaryGraph = 40        // commits
)

// markdown is the summary. All that is not this program's own text goes through code.
func (c *collector) markdown() string {
	m := &markdown{started: c.started}
	m.line("## nix-authorize: %s", c.title())
	switch {
	case c.checked != nil:
		m.checked(*c.checked)
	case c.failed != nil:
		m.line("")
		m.line("%s", code(c.failed.Error()))
		if c.failed.Hint != "" {
			m.line("")
			m.line("What to do: %s", code(c.failed.Hint))
		}
	}
	m.warnings(c.findings)
	if m.Len() > maxSummary {
		m.Truncate(maxSummary)
		m.Truncate(bytes.LastIndexByte(m.Bytes(), '\n') + 1)
		m.line("")
		m.line("(cut short)")
	}
	return m.String()
}

func (c *collector) title() string {
	if c.checked == nil {
		return c.verdict()
	}
	word, _ := c.checked.headline()
	return word
}

// markdown is a summary in the making.
type markdown struct {
	bytes.Buffer
	started Started
}

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

// code is hostile text as code: nothing in it is markup, a link or a mention. All but
// letters, digits and spaces is written as character references, which neither
// Markdown nor HTML takes for syntax.
func code(s string) string {
	return "<code>" + entities(clipped(s, maxSummaryText)) + "</code>"
}

// clipped is Printable for fewer characters.
func clipped(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return Printable(string(runes[:most])) + "…"
	}
	return Printable(s)
}

func entities(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == ' ' || r > 0x7f || r == '\n':
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

func (m *markdown) checked(c Checked) {
	_, text := c.headline()
	m.line("")
	m.line("%s", code(text))
	m.line("")
	m.facts(c)
	for _, note := range c.notes() {
		m.line("- %s", code(note))
	}
	for _, did := range c.Did {
		m.line("- %s", code(did))
	}
	m.refusals(c)
	if c.Check == nil {
		return
	}
	m.missing(c.Check)
	m.fileChange(c.Check)
	m.commits(c.Check)
	m.graph(c.Check)
}

func (m *markdown) facts(c Checked) {
	fact := func(name, text string) { m.line("- %s: %s", name, text) }
	if check := c.Check; check != nil {
		fact("base", code(check.Base.String()))
		fact("head", code(check.Head.String()))
		if check.Rule != "" {
			fact("rule", fmt.Sprintf("merges: %s, by the file of the base", check.Rule))
			fact("new commits", fmt.Sprint(check.CommitCount))
		}
		if check.Changes != nil {
			fact("changed paths", fmt.Sprint(len(check.Changes.Paths)))
		}
	} else if c.Report != nil {
		fact("commit", code(c.Report.Tip.String()))
		fact("commits", commitCount(c.Report))
	}
	if in := m.started.Policy.Introduction; !in.Commit.IsZero() {
		fact("introduction", code(in.Commit.String())+" signed by "+code(string(in.Signer)))
	}
}

// refusals is the table of what is wrong.
func (m *markdown) refusals(c Checked) {
	collected := collector{started: m.started}
	collected.ofChecked(c)
	if len(collected.findings) == 0 {
		return
	}
	m.line("")
	m.line("### What is wrong")
	m.line("")
	m.line("| commit | signer | reason | what it means | what to do |")
	m.line("|---|---|---|---|---|")
	for i, f := range collected.findings {
		if m.more(i, len(collected.findings)) {
			break
		}
		signer := f.signer
		if signer == "" {
			signer = "nobody"
		}
		m.line("| %s | %s | %s | %s | %s |", short(f.commit), code(signer), code(f.reason), code(f.detail), code(f.hint))
	}
}

func short(commit string) string { return code(commit[:min(len(commit), 12)]) }

// more ends a table that has become too long.
func (m *markdown) more(i, n int) bool {
	if i < maxSummaryRows {
		return false
	}
	m.line("")
	m.line("%d more are left out here; the report has them.", n-i)
	return true
}

// missing is the table of paths that nobody has vouched for.
func (m *markdown) missing(check *authz.MergeCheck) {
	if check.Changes == nil || len(check.Changes.Uncovered) == 0 {
		return
	}
	m.line("")
	m.line("### What is missing")
	m.line("")
	m.line("| paths | who could vouch for them |")
	m.line("|---|---|")
	for i, group := range check.Changes.Uncovered {
		if m.more(i, len(check.Changes.Uncovered)) {
			break
		}
		text := strings.Join(group.Paths, ", ")
		if group.Count > len(group.Paths) {
			text = fmt.Sprintf("%d: %s and others", group.Count, text)
		}
		m.line("| %s | %s |", code(text), code(anyOf(group.Could)))
	}
	m.line("")
	m.line("Who could vouch for all of it: %s", code(anyOf(check.Changes.Could)))
}

// fileChange is the table of rights that would change.
func (m *markdown) fileChange(check *authz.MergeCheck) {
	f := check.File
	if f == nil || f.Change == nil {
		return
	}
	m.line("")
	m.line("### Who could do what from then on")
	m.line("")
	m.line("| change | who | key | before | after |")
	m.line("|---|---|---|---|---|")
	for i, k := range f.Change.Keys {
		if m.more(i, len(f.Change.Keys)) {
			break
		}
		who, before, after := k.New.Name, k.Old.Describe(), k.New.Describe()
		switch k.Kind {
		case authz.KeyAdded:
			before = "nothing"
		case authz.KeyRemoved:
			who, after = k.Old.Name, "nothing"
		}
		m.line("| %s | %s | %s | %s | %s |", k.Kind, code(who), code(string(k.Key)), code(before), code(after))
	}
	if f.Change.OldMerges != f.Change.NewMerges {
		m.line("")
		m.line("The rule for merges becomes %s; it was %s.", f.Change.NewMerges, f.Change.OldMerges)
	}
	if f.Change.OldThreshold != f.Change.NewThreshold {
		m.line("")
		m.line("A change of the file then needs %d keys; it was %d.", f.Change.NewThreshold, f.Change.OldThreshold)
	}
}

// commits is the table of what comes in, newest first.
func (m *markdown) commits(check *authz.MergeCheck) {
	if len(check.Commits) == 0 {
		return
	}
	m.line("")
	m.line("### Commits")
	m.line("")
	m.line("| commit | subject | signer | verdict |")
	m.line("|---|---|---|---|")
	for i := range check.Commits {
		if m.more(i, check.CommitCount) {
			break
		}
		c := check.Commits[len(check.Commits)-1-i]
		signer := c.Problem
		if c.Signer != nil {
			signer = signerText(c.Signer)
		}
		m.line("| %s | %s | %s | %s |", short(c.Commit.String()), code(c.Subject), code(signer), code(commitVerdict(c)))
	}
}

func commitVerdict(c *authz.NewCommit) string {
	switch v := c.Verdict; {
	case c.Vouches:
		return "vouches for the merge"
	case v == nil:
		return "content"
	case v.Refusal != nil:
		return "refused: " + string(v.Refusal.Reason)
	case v.Unchecked != nil:
		return "could not check: " + string(v.Unchecked.Reason)
	}
	return "authentic"
}

// graph draws the newest commits.
func (m *markdown) graph(check *authz.MergeCheck) {
	nodes := graphNodes(check)
	if len(nodes) < 2 {
		return
	}
	var drawn bytes.Buffer
	(&Text{Out: &drawn, Color: ColorNever}).drawText(nodes)
	m.line("")
	m.line("<details><summary>The graph</summary>")
	m.line("")
	m.line("<pre>%s</pre>", entities(strings.TrimSuffix(drawn.String(), "\n")))
	m.line("")
	m.line("</details>")
}

func graphNodes(check *authz.MergeCheck) []graph.Node {
	commits := check.Commits[max(0, len(check.Commits)-maxSummaryGraph):]
	shown := make(map[gitwalk.ID]bool)
	for _, c := range commits {
		shown[c.Commit] = true
	}
	var nodes []graph.Node
	for i := len(commits) - 1; i >= 0; i-- {
		c := commits[i]
		n := graph.Node{ID: c.Commit, Subject: clipped(c.Subject, 60)}
		if c.Signer != nil {
			n.Signer = clipped(c.Signer.Name, 60)
		}
		switch v := c.Verdict; {
		case c.Vouches:
			n.Mark = graph.Vouched
		case v == nil:
		case v.Refusal != nil:
			n.Mark, n.Reason = graph.Refused, v.Refusal.Reason
		case v.Unchecked != nil:
			n.Mark, n.Reason = graph.Unchecked, v.Unchecked.Reason
		default:
			n.Mark = graph.Authentic
		}
		for _, p := range c.Parents {
			if shown[p] && len(n.Parents) < 8 {
				n.Parents = append(n.Parents, p)
			} else {
				n.More = true
			}
		}
		nodes = append(nodes, n)
	}
	return nodes
}

func (m *markdown) warnings(findings []finding) {
	first := true
	for _, c := range causes(findings) {
		if c.level != "warning" {
			continue
		}
		if first {
			m.line("")
			m.line("### Warnings")
			m.line("")
			first = false
		}
		m.line("- %s", code(c.detail))
	}
}
