package report

import "fmt"

// trusted shows what has been recorded, so that it can be compared with what the
// project publishes.
func (t *Text) trusted(e Trusted) {
	if t.Quiet {
		return
	}
	fmt.Fprintf(t.Out, "%s %s\n", t.out().good("trusted introduction"), e.Introduction.Commit)
	t.field("subject", "%s", Printable(e.Subject))
	t.field("signer", "%s", describeSigner(e.Signer))
	t.field("file", "%s", e.Introduction.Format.FileName())
	if e.Branch != "" {
		t.field("branch", "%s", Printable(e.Branch))
	}
	t.field("recorded in", "%s", Printable(e.File))
	t.field("next", "%s", "nix-authorize verify")
}
