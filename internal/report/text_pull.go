package report

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// maxKeys is how many keys of a keyring are listed: whoever serves it can fill it.
const maxKeys = 20

// incoming shows what a pull brings, before anything moves.
func (t *Text) incoming(e Incoming) {
	in := e.Incoming
	if t.Quiet && !e.Asks {
		return
	}
	if in.Commits > 0 {
		fmt.Fprintf(t.Out, "%s %s from %s\n", t.out().good("authentic:"), plural(in.Commits, "new commit"), Printable(in.Target.Name()))
	} else if !in.Authorizations.IsEmpty() || len(in.NewKeys)+len(in.GoneKeys) > 0 {
		fmt.Fprintf(t.Out, "%s no new commits from %s\n", t.out().good("authentic:"), Printable(in.Target.Name()))
	} else {
		return
	}
	t.field("branch", "%s, to %s", Printable(in.Target.Branch), in.To)
	t.signers(in.Signers)
	t.fileChange(in.Authorizations)
	t.keyChanges("new key", in.NewKeys)
	t.keyChanges("key gone", in.GoneKeys)
}

func (t *Text) keyChanges(name string, keys []keyring.Key) {
	for i, key := range keys {
		if i == maxKeys {
			t.field(name, "and %d more", len(keys)-maxKeys)
			return
		}
		t.field(name, "%s  %s", key.Fingerprint, Printable(claim(key)))
	}
}

// fileChange shows a change of the authorizations file as people and rights.
func (t *Text) fileChange(c *authz.FileChange) {
	if c == nil || c.IsEmpty() {
		return
	}
	color := t.out()
	for _, k := range c.Keys {
		switch k.Kind {
		case authz.KeyAdded:
			t.field("rights", "%s %s  %s  %s", color.good("+"), Printable(k.New.Name), k.Key, Printable(k.New.Describe()))
		case authz.KeyRemoved:
			t.field("rights", "%s %s  %s  may nothing any more", color.bad("-"), Printable(k.Old.Name), k.Key)
		case authz.KeyChanged:
			t.field("rights", "%s %s  %s  %s (was %s: %s)", color.doubt("~"), Printable(k.New.Name), k.Key,
				Printable(k.New.Describe()), Printable(k.Old.Name), Printable(k.Old.Describe()))
		}
	}
	if c.OldMerges != c.NewMerges {
		t.field("rule", "merges: %s (was %s)", c.NewMerges, c.OldMerges)
	}
	if c.OldThreshold != c.NewThreshold {
		t.field("rule", "threshold: %d (was %d)", c.NewThreshold, c.OldThreshold)
	}
}

// pulled shows what has moved.
func (t *Text) pulled(e Pulled) {
	r := e.Result
	if r.Incoming == nil {
		t.finished(Finished{Report: r.Report})
		fmt.Fprintln(t.Out, "nothing has been changed here")
		return
	}
	if t.Quiet {
		return
	}
	if r.Report.Outcome() != authz.Authentic {
		fmt.Fprintf(t.Out, "%s newer commits exist, up to %s, and are not authentic; without --newest-authorized you see why\n",
			t.out().doubt("note:"), r.Report.Tip)
	}
	fmt.Fprintln(t.Out, movedText(e))
}

func movedText(e Pulled) string {
	in, local := e.Result.Incoming, Printable(e.Result.Target.Local)
	switch {
	case e.DryRun:
		return "dry run: nothing has been changed here"
	case !e.Accepted:
		return "nothing has been changed here, as you wish"
	case e.Dir != "":
		return fmt.Sprintf("checked out %s into %s", in.To, Printable(e.Dir))
	case in.Relation == movement.Same:
		return fmt.Sprintf("%s is up to date at %s", local, in.To)
	case in.Moves && in.Relation == movement.Forward:
		return fmt.Sprintf("%s is now at %s", local, in.To)
	case in.Moves:
		return fmt.Sprintf("%s was moved to %s, as you have allowed", local, in.To)
	case in.Relation == movement.Backward:
		return fmt.Sprintf("%s has commits of its own on top of %s; there is nothing to pull", local, in.To)
	}
	return fmt.Sprintf("%s has commits of its own and was not moved; to put them on top of what is new: git rebase %s", local, in.To)
}
