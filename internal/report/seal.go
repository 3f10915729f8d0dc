package report

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/seal"
)

// SealPlan is what a seal would vouch for, or why none is needed.
type SealPlan struct{ *seal.Plan }

// Sealed says that a seal was put.
type Sealed struct{ *seal.Seal }

func (SealPlan) event() {}
func (Sealed) event()   {}

// sealDoc is a head that is vouched for.
type sealDoc struct {
	Base    string `json:"base"`
	BaseID  string `json:"base_commit"`
	Head    string `json:"head"`
	Commits int    `json:"commits"`
	// Paths are the first of those that the merge changes, and PathCount is how many
	// there are.
	Paths     []string `json:"paths,omitempty"`
	PathCount int      `json:"path_count"`
	// Vouched says that no seal was needed.
	Vouched bool `json:"vouched_already,omitempty"`
	// Vouchers are the commits on whose signatures the merge rests.
	Vouchers []voucher `json:"vouchers,omitempty"`
	Seal     string    `json:"seal,omitempty"`
}

// Limits on what is shown of a branch.
const (
	maxSealCommits = 30
	maxSealPaths   = 30
)

func (e SealPlan) show(t *Text) {
	if t.Quiet {
		return
	}
	c := e.Check
	if e.Plan.Sealed {
		fmt.Fprintf(t.Out, "%s a merge into %s needs no seal\n", t.out().good("vouched for already:"), Printable(e.Base))
		t.field("head", "%s", c.Head)
		for _, v := range c.Verdict.Vouchers {
			t.field("voucher", "%s, signed by %s", v.Commit, describeSigner(&v.Signer))
		}
		return
	}
	fmt.Fprintf(t.Out, "a seal on branch %s, to be merged into %s, vouches for all of this:\n", Printable(e.Branch), Printable(e.Base))
	t.newCommits(c)
	t.changedPaths(c.Changes)
	t.field("you", "%s, %s", Printable(e.Own.Name), e.Own.Key)
}

// newCommits shows the last of the commits that a merge brings in, newest first.
func (t *Text) newCommits(c *authz.MergeCheck) {
	shown := 0
	for i := len(c.Commits) - 1; i >= 0 && shown < maxSealCommits; i, shown = i-1, shown+1 {
		commit := c.Commits[i]
		by := t.out().doubt("not signed by anybody who is listed")
		if commit.Signer != nil && commit.Signer.Name != "" {
			by = "signed by " + Printable(commit.Signer.Name)
		}
		t.field("commit", "%.12s %s, %s", commit.Commit, Printable(commit.Subject), by)
	}
	if more := c.CommitCount - shown; more > 0 {
		t.field("", "and %d more", more)
	}
}

// changedPaths shows the first paths that a merge changes.
func (t *Text) changedPaths(c *authz.MergeChanges) {
	shown := c.Paths[:min(len(c.Paths), maxSealPaths)]
	for _, path := range shown {
		t.field("changes", "%s", Printable(path))
	}
	if more := len(c.Paths) - len(shown); more > 0 {
		t.field("", "and %d more", more)
	}
}

func (e SealPlan) write(d *document) {
	d.done()
	c := e.Check
	d.Seal = &sealDoc{Base: e.Base, BaseID: c.Base.String(), Head: c.Head.String(), Commits: c.CommitCount, Vouched: e.Plan.Sealed}
	if c.Changes != nil {
		d.Seal.Paths = c.Changes.Paths[:min(len(c.Changes.Paths), maxSealPaths)]
		d.Seal.PathCount = len(c.Changes.Paths)
	}
	for _, v := range c.Verdict.Vouchers {
		d.Seal.Vouchers = append(d.Seal.Vouchers, voucher{v.Commit.String(), signerDocument(&v.Signer)})
	}
}

func (e Sealed) show(t *Text) {
	if t.Quiet {
		return
	}
	fmt.Fprintf(t.Out, "%s commit %s on branch %s\n", t.out().good("sealed:"), e.Commit, Printable(e.Branch))
	t.next(e.Next)
	t.field("then", "merge it with a merge commit, as the forge's merge button or queue does, not by squash or rebase")
}

func (e Sealed) write(d *document) {
	d.done()
	d.Seal.Seal, d.Branch, d.Next = e.Commit.String(), e.Branch, e.Next
}
