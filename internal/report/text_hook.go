package report

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/internal/hook"
)

// hooks shows what is in the place of each hook, and what they protect.
func (t *Text) hooks(e Hooks) {
	if t.Quiet {
		return
	}
	dir := Printable(e.Place.Dir)
	switch {
	case e.Taken != nil:
		fmt.Fprintf(t.Out, "hooks taken out of %s\n", dir)
		for _, taken := range e.Taken {
			t.taken(taken)
		}
		return
	case e.Installed:
		fmt.Fprintf(t.Out, "%s in %s\n", t.out().good("hooks installed"), dir)
	default:
		fmt.Fprintf(t.Out, "hooks in %s\n", dir)
	}
	for _, h := range e.Hooks {
		t.hook(h)
	}
	t.protection(e.Protection)
}

func (t *Text) hook(h hook.Hook) {
	text := string(h.Name)
	switch {
	case h.Broken != "":
		text += ": " + t.out().bad(Printable(h.Broken))
	case h.Works() && h.Before != "":
		text += ", and then " + Printable(filepath.Base(h.Before))
	}
	t.field(string(h.State), "%s", text)
}

func (t *Text) taken(taken hook.Taken) {
	text := string(taken.Name)
	switch taken.Removal {
	case hook.WasAbsent:
		return
	case hook.Restored:
		text += ": the hook that was there before is back"
	case hook.NotOurs:
		text += ": it is not nix-authorize's and stays"
	}
	t.field(string(taken.Removal), "%s", text)
}

// protection shows which branches are judged.
func (t *Text) protection(p *hook.Protection) {
	for _, branch := range p.Own {
		t.field("protected", "%s, which has an introduction of its own", Printable(branch))
	}
	if p.General && len(p.Patterns) > 0 {
		t.field("protected", "%s", Printable(strings.Join(p.Patterns, ", ")))
	}
}

// vetoed says what does not happen.
func (t *Text) vetoed(v Vetoed) {
	what := fmt.Sprintf("%s stays at %s", Printable(v.Ref), v.Old)
	if v.Old.IsZero() {
		what = Printable(v.Ref) + " does not get this commit"
	}
	fmt.Fprintf(t.Out, "%s %s\n", t.out().bad("vetoed:"), what)
	t.hint(v.Hint)
}
