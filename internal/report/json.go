package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// SchemaVersion is the version of the documents that JSON writes. It changes when
// a field changes its meaning or goes; new fields may come without a change.
const SchemaVersion = 1

// JSON is the handler for programs: it collects the events of a command and writes
// one document when it is closed.
type JSON struct {
	Out io.Writer
	// Command is the name of the command, for the document.
	Command string

	started Started
	doc     document
}

// Handle takes one event in.
func (j *JSON) Handle(e Event) {
	switch e := e.(type) {
	case Started:
		j.started = e
		j.doc.start(e)
	case Finished:
		j.doc.finish(e, j.started)
	case Warning:
		j.doc.Warnings = append(j.doc.Warnings, warningDoc(e))
	case Explained:
		j.doc.explain(e)
	case Keys:
		j.doc.keys(e)
	case Trusted:
		j.doc.trusted(e)
	case Pulled:
		j.doc.pull(e, j.started)
	case Status:
		j.doc.status(e)
	case States:
		j.doc.states(e)
	case Introductions:
		j.doc.introductions(e)
	case Hooks:
		j.doc.hooks(e)
	case Checked:
		j.doc.checked(e, j.started)
	case Failed:
		j.doc.fail(e)
	case maintenance:
		e.write(&j.doc)
	}
}

// Close writes the document.
func (j *JSON) Close() error {
	j.doc.SchemaVersion = SchemaVersion
	j.doc.Command = j.Command
	content, err := json.MarshalIndent(&j.doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(j.Out, ascii(string(content))+"\n")
	return err
}

// ascii escapes all else in a JSON text, where it can stand in strings alone, so
// that bidirectional and invisible characters are visible on a terminal too.
func ascii(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func (d *document) end(c outcome.Class) {
	d.Outcome, d.Exit = c.Name, c.Exit
}
