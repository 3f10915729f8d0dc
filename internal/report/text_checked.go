package report

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/pullrequest"
)

// checked shows the verdict on a merge that has not been made, or on a commit.
func (t *Text) checked(c Checked) {
	for _, did := range c.Did {
		fmt.Fprintf(t.Err, "%s %s\n", t.err().faint("note:"), Printable(did))
	}
	if c.Request.Kind == pullrequest.Commit {
		t.finished(Finished{Report: c.Report, Stats: true, ReportOnly: c.ReportOnly})
		return
	}
	for _, refusal := range c.refusals() {
		t.refusal(refusal)
	}
	for _, unchecked := range c.unchecked() {
		t.unchecked(unchecked)
	}
	word, text := c.headline()
	if t.Quiet && c.class().Exit == 0 {
		return
	}
	fmt.Fprintf(t.Out, "%s %s\n", t.word(c, word), Printable(text))
	if c.Check != nil {
		t.merge(c)
	}
	if class := c.class(); c.ReportOnly && class.Exit != 0 {
		t.field("exit code", "0, because of --report-only; otherwise it would be %d", class.Exit)
	}
}

func (t *Text) word(c Checked, word string) string {
	word += ":"
	if word == string(authz.Unchecked)+":" {
		word = "could not check:"
	}
	switch c.class().Exit {
	case 0:
		return t.out().good(word)
	case 1:
		return t.out().bad(word)
	}
	return t.out().doubt(word)
}

func (t *Text) merge(c Checked) {
	m := c.Check
	t.field("base", "%s", named(m.Base, c.name(c.Request.Base)))
	t.field("head", "%s", named(m.Head, c.name(c.Request.Head)))
	t.field("introduction", "%s, signed by %s", t.started.Policy.Introduction.Commit, t.started.Policy.Introduction.Signer.Pretty())
	if m.History.Outcome() != authz.Authentic {
		return
	}
	t.field("rule", "merges: %s, by the file of the base", m.Rule)
	if m.Relation == authz.HeadContained {
		return
	}
	t.field("commits", "%d new, %s", m.CommitCount, m.Relation)
	if m.Changes != nil {
		t.field("paths", "%d changed", len(m.Changes.Paths))
	}
	if m.Verdict != nil {
		for _, v := range m.Verdict.Vouchers {
			t.field("voucher", "%s signed %s", describeSigner(&v.Signer), v.Commit)
		}
	}
	if m.File != nil {
		t.fileChange(m.File.Change)
	}
	for _, line := range missing(m) {
		t.field("missing", "%s", Printable(line))
	}
	for _, note := range c.notes() {
		t.field("note", "%s", Printable(note))
	}
}
