package report

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// A finding is one thing that is wrong, for those who collect them. Its texts are for
// people and can have hostile text in them.
type finding struct {
	level  string // error or warning
	reason string // one stable word
	commit string // its id, or empty
	signer string // who has signed it, or claims to; empty for nobody
	detail string
	hint   string
}

// A collector keeps what a command says for the end.
type collector struct {
	started  Started
	checked  *Checked
	findings []finding
	failed   *outcome.Error
}

func (c *collector) collect(e Event) {
	switch e := e.(type) {
	case Started:
		c.started = e
	case Checked:
		c.checked = &e
		c.ofChecked(e)
	case Warning:
		c.findings = append(c.findings, finding{level: "warning", reason: e.Code, detail: e.Text, hint: e.Hint})
	case Failed:
		c.failed = e.Error
		reason := string(e.Reason)
		if reason == "" {
			reason = e.Class.Name
		}
		c.findings = append(c.findings, finding{level: "error", reason: reason, detail: e.Error.Error(), hint: e.Hint})
	}
}

func (c *collector) ofChecked(e Checked) {
	for _, r := range e.refusals() {
		f := finding{level: "error", reason: string(r.Reason), commit: r.Commit.String(), detail: r.Detail, hint: hintFor(r, c.started)}
		switch {
		case r.Signer != nil:
			f.signer = signerText(r.Signer)
		case r.Claimed != "":
			f.signer = "not verified; it claims to be " + r.Claimed
		}
		c.findings = append(c.findings, f)
	}
	for _, u := range e.unchecked() {
		c.findings = append(c.findings, finding{level: "error", reason: string(u.Reason), commit: u.Commit.String(), detail: u.Detail, hint: hintForUnchecked(u, c.started)})
	}
}

func signerText(s *authz.Signer) string {
	if s.Name == "" {
		return string(s.Key)
	}
	return fmt.Sprintf("%s (%s)", s.Name, s.Key)
}

// verdict is the word for how the command has ended.
func (c *collector) verdict() string {
	switch {
	case c.failed != nil:
		return c.failed.Class.Name
	case c.checked != nil:
		return c.checked.class().Name
	}
	return outcome.Unchecked.Name
}

// A cause is what several findings have in common.
type cause struct {
	finding
	commits []string
}

// causes puts findings together that have the same reason and signer: what is wrong
// with a thousand commits by one person is one thing.
func causes(findings []finding) []cause {
	var list []cause
	places := make(map[[3]string]int)
	for _, f := range findings {
		key := [3]string{f.level, f.reason, f.signer}
		if f.commit == "" {
			key[2] = f.detail
		}
		place, ok := places[key]
		if !ok {
			place = len(list)
			places[key] = place
			list = append(list, cause{finding: f})
		}
		if f.commit != "" {
			list[place].commits = append(list[place].commits, f.commit)
		}
	}
	return list
}
