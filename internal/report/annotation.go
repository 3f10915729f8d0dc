package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxAnnotations is how many annotations of one level GitHub shows of a step.
const maxAnnotations = 10

// annotate writes one annotation for each distinct cause, as workflow commands
// (GitHub Docs, "Workflow commands for GitHub Actions"). If there are more than are
// shown, the last says how many.
func annotate(w io.Writer, findings []finding) error {
	left := map[string]int{}
	all := causes(findings)
	slices.SortStableFunc(all, func(a, b cause) int { return strings.Compare(a.level, b.level) }) // errors first
	for _, c := range all {
		left[c.level]++
	}
	written := map[string]int{}
	for _, c := range all {
		if written[c.level]++; written[c.level] > maxAnnotations {
			continue
		}
		title, text := c.annotation()
		if rest := left[c.level] - maxAnnotations; written[c.level] == maxAnnotations && rest > 0 {
			title, text = "more", fmt.Sprintf("%d more causes; the summary of the job has them all", rest+1)
		}
		if _, err := fmt.Fprintf(w, "::%s title=%s::%s\n", c.level, commandProperty(title), commandData(text)); err != nil {
			return err
		}
	}
	return nil
}

func (c *cause) annotation() (title, text string) {
	title = "nix-authorize: " + c.reason
	text = Printable(c.detail)
	switch n := len(c.commits); {
	case n == 1:
		text = fmt.Sprintf("commit %s: %s", c.commits[0], text)
	case n > 1:
		text = fmt.Sprintf("commit %s and %d more: %s", c.commits[0], n-1, text)
	}
	if c.signer != "" {
		text += "\nsigner: " + Printable(c.signer)
	}
	if c.hint != "" {
		text += "\nhint: " + Printable(c.hint)
	}
	return title, text
}

// commandData escapes the message of a workflow command, as @actions/core does.
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// commandProperty escapes the value of a property of a workflow command.
func commandProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// Inert passes on what is written in a form in which GitHub finds no workflow command
// in it: "::" at the beginning of a line and "##[" anywhere would be one.
type Inert struct{ To io.Writer }

var inert = strings.NewReplacer("::", ": :", "##[", "## [")

// Write implements io.Writer. It is called with whole lines.
func (i Inert) Write(p []byte) (int, error) {
	if _, err := io.WriteString(i.To, inert.Replace(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
