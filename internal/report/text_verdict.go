package report

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// finished shows the verdict on a history.
func (t *Text) finished(f Finished) {
	r := f.Report
	for _, refusal := range r.Refusals {
		t.refusal(refusal)
	}
	for _, unchecked := range r.Unchecked {
		t.unchecked(unchecked)
	}
	t.drawText(f.Graph)
	if r.Outcome() == authz.Authentic && t.Quiet {
		return
	}
	fmt.Fprintln(t.Out, t.headline(r))
	t.field("tip", "%s", named(r.Tip, t.started.Revision))
	t.field("introduction", "%s, signed by %s", r.Policy.Introduction.Commit, r.Policy.Introduction.Signer.Pretty())
	if r.Commits > 0 || r.Outcome() == authz.Authentic {
		t.field("commits", "%s", commitCount(r))
	}
	if f.Stats {
		t.signers(r.Signers)
	}
	if class := outcome.Of(r.Outcome()); f.ReportOnly && class.Exit != 0 {
		t.field("report only", "the exit code is 0; without --report-only it would be %d", class.Exit)
	}
}

func (t *Text) headline(r *authz.Report) string {
	color := t.out()
	switch r.Outcome() {
	case authz.Authentic:
		if r.Vouched > 0 {
			return color.good("authentic:") + fmt.Sprintf(" every commit is signed by a key that its parents authorize, or is a merge that such keys vouch for (%s)", plural(r.Vouched, "merge"))
		}
		return color.good("authentic:") + " every commit is signed by a key that its parents authorize"
	case authz.Refused:
		more := ""
		if r.Truncated {
			more = " or more"
		}
		return color.bad("refused:") + fmt.Sprintf(" %s%s not authentic; trust neither this tip nor anything else that builds on that", plural(len(r.Refusals), "commit"), more)
	}
	return color.doubt("could not check:") + " the verdict depends on what is missing or cannot be read here"
}

func commitCount(r *authz.Report) string {
	switch {
	case r.Commits == 0 && r.Tip == r.Policy.Introduction.Commit:
		return "only the introduction"
	case r.Commits == 0 && r.Outcome() == authz.Authentic:
		return "nothing new since the last verification"
	case r.Authentic == r.Commits:
		return fmt.Sprintf("%d checked", r.Commits)
	}
	return fmt.Sprintf("%d to check, %d found authentic", r.Commits, r.Authentic)
}

func (t *Text) signers(counts []authz.SignerCount) {
	for _, c := range counts {
		name := Printable(c.Name)
		if name == "" {
			name = "(no name)"
		}
		t.field("signer", "%6d  %s  %s", c.Commits, c.Key, name)
	}
}

func (t *Text) refusal(r *authz.Refusal) {
	fmt.Fprintf(t.Out, "%s %s\n", t.out().bad("refused commit"), r.Commit)
	if r.Subject != "" {
		t.field("subject", "%s", Printable(r.Subject))
	}
	switch {
	case r.Signer != nil:
		t.field("signer", "%s", describeSigner(r.Signer))
	case r.Claimed != "":
		t.field("signer", "not verified; it claims to be %s", Printable(r.Claimed))
	}
	if !r.Parent.IsZero() {
		t.field("parent", "%s decided", r.Parent)
	}
	t.field("reason", "%s: %s", r.Reason, Printable(r.Detail))
	t.field("hint", "%s", hintFor(r, t.started))
}

func (t *Text) unchecked(u *authz.UncheckedError) {
	fmt.Fprintf(t.Out, "%s %s\n", t.out().doubt("unchecked commit"), u.Commit)
	t.field("reason", "%s: %s", u.Reason, Printable(u.Detail))
	t.field("hint", "%s", hintForUnchecked(u, t.started))
}
