package report

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
)

// explained shows the steps to the verdict on one commit.
func (t *Text) explained(e Explained) {
	v := e.Examination.Verdict
	color := t.out()
	word := color.good("authentic")
	switch {
	case v.Refusal != nil:
		word = color.bad("refused")
	case v.Unchecked != nil:
		word = color.doubt("could not check")
	case e.Examination.Standing == authz.BelowIntroduction:
		word = color.good("accepted")
	}
	fmt.Fprintf(t.Out, "%s: commit %s\n", word, named(v.Commit, e.Started.Revision))
	if v.Subject != "" {
		t.field("subject", "%s", Printable(v.Subject))
	}
	for _, step := range e.Steps {
		text := Printable(step.Text)
		if !step.Commit.IsZero() {
			text = step.Commit.String() + ": " + text
		}
		t.field(step.Name, "%s %s", t.mark(step.Result), text)
	}
	if v.Refusal != nil {
		t.field("hint", "%s", hintFor(v.Refusal, e.Started))
	}
	if v.Unchecked != nil {
		t.field("hint", "%s", hintForUnchecked(v.Unchecked, e.Started))
	}
	if v.Authentic() && e.Examination.Standing == authz.AboveIntroduction {
		t.field("note", "%s", "this is about the one commit; \"nix-authorize verify\" judges all that it builds on")
	}
}

func (t *Text) mark(result authz.StepResult) string {
	color := t.out()
	switch result {
	case authz.StepHolds:
		return color.good("yes")
	case authz.StepFails:
		return color.bad("NO ")
	case authz.StepSkipped:
		return color.faint("-  ")
	}
	return color.doubt("?  ")
}
