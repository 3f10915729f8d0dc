package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// Text is the handler for people. See the package comment for what goes where.
type Text struct {
	Out, Err io.Writer
	Color    Color
	Getenv   func(string) string
	// Quiet shows only what is wrong; Verbose shows notes too.
	Quiet, Verbose bool

	started  Started
	progress progress
}

// Handle shows one event.
func (t *Text) Handle(e Event) {
	if p, ok := e.(Progress); ok {
		if !t.Quiet {
			t.progress.show(t.Err, p.Event)
		}
		return
	}
	t.progress.clear()
	switch e := e.(type) {
	case Started:
		t.started = e
	case Finished:
		t.finished(e)
	case Warning:
		t.warning(e)
	case Note:
		if t.Verbose {
			fmt.Fprintf(t.Err, "note: %s\n", Printable(e.Text))
		}
	case Explained:
		t.explained(e)
	case Keys:
		t.keys(e)
	case Trusted:
		t.trusted(e)
	case Incoming:
		t.incoming(e)
	case Pulled:
		t.pulled(e)
	case Status:
		t.status(e)
	case States:
		t.states(e)
	case Introductions:
		t.introductions(e)
	case Hooks:
		t.hooks(e)
	case Vetoed:
		t.vetoed(e)
	case Checked:
		t.checked(e)
	case Failed:
		t.failed(e)
	case maintenance:
		e.show(t)
	}
}

// Close removes the progress bar.
func (t *Text) Close() error {
	t.progress.clear()
	return nil
}

func (t *Text) out() palette { return palette(t.Color.use(t.Out, t.Getenv)) }
func (t *Text) err() palette { return palette(t.Color.use(t.Err, t.Getenv)) }

func (t *Text) warning(w Warning) {
	fmt.Fprintf(t.Err, "%s %s\n", t.err().doubt("warning:"), Printable(w.Text))
	t.hint(w.Hint)
}

func (t *Text) failed(f Failed) {
	if f.Class == outcome.Interrupted {
		fmt.Fprintln(t.Err, "interrupted")
		return
	}
	text := Printable(f.Error.Error())
	if f.Reason != "" {
		text = string(f.Reason) + ": " + text
	}
	fmt.Fprintf(t.Err, "%s %s\n", t.err().bad("error:"), text)
	t.hint(f.Hint)
}

// hint shows a hint. It is this program's own text with, at most, short names
// from the repository in it.
func (t *Text) hint(hint string) {
	if hint != "" {
		fmt.Fprintf(t.Err, "%s %s\n", t.err().faint("hint:"), Printable(hint))
	}
}

// field writes one line of a block to standard output.
func (t *Text) field(name, format string, args ...any) {
	fmt.Fprintf(t.Out, "  %-13s %s\n", name, fmt.Sprintf(format, args...))
}

// describeSigner is a verified signer for people.
func describeSigner(s *authz.Signer) string {
	text := s.Key.Pretty()
	if s.Name != "" {
		text = fmt.Sprintf("%s (%s)", Printable(s.Name), text)
	}
	return text + ", " + s.Algorithm
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// named is a commit with the name that the user knows it by.
func named(id gitwalk.ID, name string) string {
	if name == "" || strings.HasPrefix(id.String(), name) {
		return id.String()
	}
	return fmt.Sprintf("%s (%s)", id, Printable(name))
}
