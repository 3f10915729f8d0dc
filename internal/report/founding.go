package report

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/founding"
	"github.com/nix-authorize/nix-authorize/internal/keybranch"
)

// FoundingPlan is what init is about to make.
type FoundingPlan struct{ *founding.Plan }

// Founded is what init has made.
type Founded struct{ *founding.Founded }

func (FoundingPlan) event() {}
func (Founded) event()      {}

// initDoc is what init makes.
type initDoc struct {
	File          string `json:"file"`
	Existing      bool   `json:"existing_file,omitempty"`
	Parent        string `json:"parent,omitempty"`
	Message       string `json:"message"`
	KeyringBranch string `json:"keyring_branch,omitempty"`
	KeyringFile   string `json:"keyring_file,omitempty"`
	KeyringCommit string `json:"keyring_commit,omitempty"`
	Clone         string `json:"clone,omitempty"`
	Trust         string `json:"trust,omitempty"`
}

func (e FoundingPlan) show(t *Text) {
	if t.Quiet {
		return
	}
	fmt.Fprintln(t.Out, "from one new commit on, only those may commit to this branch whom the file lists:")
	where := authz.NixFormat.FileName()
	if e.Existing {
		where += ", as it is in the work tree"
	} else {
		where += ", new"
	}
	t.field("file", "%s", where)
	t.rights(e.Authorizations)
	on := "the first commit of all"
	if !e.Parent.IsZero() {
		on = "on top of " + e.Parent.String()
	}
	t.field("commit", "%s on branch %s, %s", quoted(e.Message), Printable(e.Branch), on)
	t.field("signed by", "%s, %s", e.Signer.Key.Pretty(), e.Signer.Algorithm)
	t.addition(e.Keyring)
	if e.KeyringDir != "" {
		t.field("keyring", "directory %s has your key", Printable(e.KeyringDir))
	}
}

// rights shows what a file says that was not there before.
func (t *Text) rights(a *authz.Authorizations) {
	all := authz.Compare(nil, a)
	all.OldMerges, all.OldThreshold = all.NewMerges, all.NewThreshold
	t.fileChange(all)
	t.field("rule", "merges: %s, threshold: %d", a.Merges, a.Threshold)
}

// addition shows a commit that publishes a key.
func (t *Text) addition(a *keybranch.Addition) {
	if a == nil {
		return
	}
	how := ""
	switch {
	case a.New:
		how = ", which is new"
	case a.From != "":
		how = ", which continues " + Printable(a.From)
	}
	t.field("keyring", "one commit with %s on branch %s%s", Printable(a.File), Printable(a.Branch), how)
}

func quoted(text string) string { return `"` + Printable(text) + `"` }

func (e FoundingPlan) write(d *document) {
	d.Authorizations, d.Branch = authz.NixFormat.FileName(), e.Branch
	d.Init = &initDoc{File: authz.NixFormat.FileName(), Existing: e.Existing, Parent: idOrEmpty(e.Parent), Message: e.Message}
	if e.Keyring != nil {
		d.Init.KeyringBranch, d.Init.KeyringFile = e.Keyring.Branch, e.Keyring.File
	}
	d.Change = &changeDoc{}
	d.Change.change(authz.Compare(nil, e.Authorizations))
}

func (e Founded) show(t *Text) {
	if t.Quiet {
		return
	}
	fmt.Fprintf(t.Out, "%s %s\n", t.out().good("introduction"), e.Introduction.Commit)
	t.field("signer", "%s", describeSigner(e.Signed))
	t.field("recorded in", "%s", Printable(e.RecordedIn))
	t.next(e.Next)
	fmt.Fprintln(t.Out, "publish these lines where people can compare them: on your web page, in the documentation, in a talk")
	t.field("new clone", "%s", Printable(e.Clone))
	t.field("in a clone", "%s", Printable(e.Trust))
}

func (e Founded) write(d *document) {
	d.done()
	d.Introduction = &introductionDoc{Commit: e.Introduction.Commit.String(), Signer: string(e.Introduction.Signer)}
	d.Signer, d.RecordedIn, d.Next = signerDocument(e.Signed), e.RecordedIn, e.Next
	d.Init.KeyringCommit, d.Init.Clone, d.Init.Trust = idOrEmpty(e.KeyringCommit), e.Clone, e.Trust
}
