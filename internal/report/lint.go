package report

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/internal/lint"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// Linted is what was found in an authorizations file.
type Linted struct {
	Subject  *lint.Subject
	Findings []lint.Finding
	Class    outcome.Class
}

func (Linted) event() {}

// findingDoc is one thing that was found.
type findingDoc struct {
	Severity string `json:"severity"` // error, warning or note
	Code     string `json:"code"`
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Text     string `json:"text"`
	Hint     string `json:"hint,omitempty"`
}

func (e Linted) show(t *Text) {
	for _, f := range e.Findings {
		if t.Quiet && f.Severity == lint.Note {
			continue
		}
		where := Printable(f.File)
		if f.Line > 0 {
			where += fmt.Sprintf(":%d", f.Line)
		}
		fmt.Fprintf(t.Out, "%s %s: %s [%s]\n", t.severity(f.Severity), where, Printable(f.Text), f.Code)
		if f.Hint != "" {
			t.field("hint", "%s", Printable(f.Hint))
		}
	}
	if t.Quiet {
		return
	}
	fmt.Fprintf(t.Out, "%s of %s: %s\n", e.Subject.Format, e.Subject.Where, e.count())
}

func (t *Text) severity(s lint.Severity) string {
	color := t.out()
	switch s {
	case lint.Error:
		return color.bad("error:")
	case lint.Warning:
		return color.doubt("warning:")
	}
	return color.faint("note:")
}

// count says how many findings there are of each severity.
func (e Linted) count() string {
	var counts []string
	for _, severity := range []lint.Severity{lint.Error, lint.Warning, lint.Note} {
		n := 0
		for _, f := range e.Findings {
			if f.Severity == severity {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, plural(n, string(severity)))
		}
	}
	if len(counts) == 0 {
		return "nothing to mend"
	}
	return strings.Join(counts, ", ")
}

func (e Linted) write(d *document) {
	d.done()
	if e.Class != outcome.Authentic {
		d.end(e.Class)
	}
	d.Authorizations = e.Subject.Format.FileName()

	for _, f := range e.Findings {
		d.Findings = append(d.Findings, findingDoc{string(f.Severity), f.Code, f.File, f.Line, f.Text, f.Hint})
	}
}
