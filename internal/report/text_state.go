package report

import (
	"fmt"
	"time"

	"github.com/nix-authorize/nix-authorize/internal/age"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/state"
)

// status shows what is known of a checkout.
func (t *Text) status(e Status) {
	s := e.Status
	fmt.Fprintf(t.Out, "branch %s, from %s of %s\n", Printable(s.Target.Local), Printable(s.Target.Branch), Printable(s.Target.Address()))
	t.field("introduction", "%s, signed by %s", s.Introduction.Commit, s.Introduction.Signer.Pretty())
	t.field("from", "%s", Printable(s.Origin))
	if s.Remembered == nil {
		t.field("last verified", "%s", t.out().doubt("never")+`; "nix-authorize pull" verifies and remembers`)
		return
	}
	t.remembered(s.Remembered)
	t.field("branch", "%s", relationText(s.Relation, s.Ahead, s.Behind))
	if s.Stale() {
		t.field("age", "%s", t.out().bad("older than "+age.Format(s.MaxAge)+", the greatest age allowed"))
	}
}

func (t *Text) remembered(r *state.Remembered) {
	t.field("last tip", "%s", r.Tip)
	t.field("verified", "%s (%s ago)", r.At.UTC().Format(time.RFC3339), ago(r.At))
	switch {
	case r.SignerName != "":
		t.field("signed by", "%s (%s)", Printable(r.SignerName), r.Signer.Pretty())
	case r.Signer != "":
		t.field("signed by", "%s", r.Signer.Pretty())
	}
	if !r.CommitTime.IsZero() {
		t.field("dated", "%s (%s ago)", r.CommitTime.UTC().Format(time.RFC3339), ago(r.CommitTime))
	}
}

// ago is how long ago a time is, in the largest unit of which there are two.
func ago(when time.Time) string {
	switch since := time.Since(when); {
	case since < 2*time.Minute:
		return "a moment"
	case since < 2*time.Hour:
		return plural(int(since.Minutes()), "minute")
	case since < 48*time.Hour:
		return plural(int(since.Hours()), "hour")
	default:
		return plural(int(since.Hours()/24), "day")
	}
}

func relationText(r movement.Relation, ahead, behind int) string {
	switch r {
	case movement.Same:
		return "at that tip"
	case movement.Forward:
		return fmt.Sprintf("%s behind it", plural(behind, "commit"))
	case movement.Backward:
		return fmt.Sprintf("%s ahead of it, not verified by a pull", plural(ahead, "commit"))
	case movement.Diverged:
		return fmt.Sprintf("%s ahead of it and %s behind", plural(ahead, "commit"), plural(behind, "commit"))
	}
	return "this repository does not have that tip"
}

// states lists remembered tips.
func (t *Text) states(e States) {
	word := ""
	if e.Forgotten {
		word = "forgot "
	}
	for _, tip := range e.Tips {
		if tip.Err != nil {
			fmt.Fprintf(t.Out, "%s%s: %s\n", word, Printable(tip.Path()), Printable(tip.Err.Error()))
			continue
		}
		key := tip.Key()
		fmt.Fprintf(t.Out, "%s%s of %s\n", word, Printable(key.Branch), Printable(string(key.Remote)))
		t.field("introduction", "%s, signed by %s", key.Introduction.Commit, key.Introduction.Signer.Pretty())
		t.remembered(tip.Remembered)
	}
	if len(e.Tips) == 0 {
		fmt.Fprintln(t.Out, "nothing is remembered")
	}
}
