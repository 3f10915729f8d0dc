package report

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/approval"
)

// Proposal is a change of the authorizations file and who agrees to it.
type Proposal struct {
	*approval.Proposal
	// Ballot is what the user is about to sign, nil if nothing.
	Ballot *approval.Ballot
}

// Approved says that the user has approved, now or before.
type Approved struct {
	*approval.Ballot
	// Now is nil if the user had approved before.
	Now *approval.Approved
}

func (Proposal) event() {}
func (Approved) event() {}

// approvalsDoc is who agrees to a change.
type approvalsDoc struct {
	// Old and New are commits, or "the work tree" or "the index".
	Old      string        `json:"old"`
	New      string        `json:"new"`
	Needed   int           `json:"needed"`
	Missing  int           `json:"missing"`
	Approved []approvedDoc `json:"approved,omitempty"`
	Could    []keyNameDoc  `json:"could,omitempty"`
	Ignored  []ignoredDoc  `json:"ignored,omitempty"`
	Written  string        `json:"written,omitempty"`
}

// approvedDoc is somebody who agrees, by a file or by having signed the commit.
type approvedDoc struct {
	keyNameDoc
	File   string `json:"file,omitempty"`
	Commit string `json:"commit,omitempty"`
	Counts bool   `json:"counts"`
}

type keyNameDoc struct {
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"name"`
}

type ignoredDoc struct {
	File   string `json:"file"`
	Detail string `json:"detail"`
}

func (e Proposal) show(t *Text) {
	if t.Quiet {
		return
	}
	fmt.Fprintf(t.Out, "%s changes between %s and %s:\n", authz.NixFormat, e.Old.Where, e.New.Where)
	t.fileChange(e.Change)
	if e.Change.IsEmpty() {
		t.field("rights", "nobody's: comments, order or layout alone")
	}
	if e.Needed() == 1 {
		t.field("approvals", "none are needed: one key is enough, that of whoever signs the commit")
		return
	}
	t.agreement(e.Proposal)
	if e.Ballot != nil {
		t.field("you", "%s, %s", Printable(e.Ballot.Own.Name), e.Ballot.Own.Key)
	}
}

// agreement shows who agrees.
func (t *Text) agreement(p *approval.Proposal) {
	if p.Signer != nil {
		t.field("signed by", "%s, whose signature on the commit counts", Printable(p.Signer.Name))
	}
	for _, a := range p.Found {
		where := Printable(a.File)
		if !a.Counts {
			where += t.out().doubt(", which is not in the commit yet")
		}
		t.field("approved by", "%s: %s", Printable(a.Entry.Name), where)
	}
	for _, a := range p.Ignored {
		t.field("ignored", "%s: %s", Printable(a.File), Printable(a.Problem))
	}
	text := t.out().good("enough") + fmt.Sprintf(": %s must agree and do", plural(p.Needed(), "key"))
	if missing := p.Missing(); missing > 0 {
		text = t.out().doubt(fmt.Sprintf("%d of %d keys missing", missing, p.Needed())) + "; " + mayAgree(p)
	}
	t.field("agreement", "%s", text)
}

// mayAgree says who can make up for what is missing, and how.
func mayAgree(p *approval.Proposal) string {
	return names(p.Could()) + " may agree, by approving it or by signing the commit"
}

func names(entries []authz.Entry) string {
	const most = 20
	var list []string
	for _, e := range entries {
		if len(list) == most {
			list = append(list, fmt.Sprintf("%d more", len(entries)-most))
			break
		}
		list = append(list, Printable(e.Name))
	}
	if len(list) == 0 {
		return "nobody else"
	}
	return strings.Join(list, ", ")
}

func (e Proposal) write(d *document) {
	d.done()
	d.Authorizations, d.Revision, d.Commit = authz.NixFormat.FileName(), e.Revision, idOrEmpty(e.Commit)
	d.Change = &changeDoc{}
	d.Change.change(e.Change)
	d.Approvals = approvalsDocument(e.Proposal)
}

func approvalsDocument(p *approval.Proposal) *approvalsDoc {
	bare := func(where string) string { return strings.TrimPrefix(where, "commit ") }
	doc := &approvalsDoc{Old: bare(p.Old.Where), New: bare(p.New.Where), Needed: p.Needed(), Missing: p.Missing()}
	if p.Signer != nil {
		doc.Approved = append(doc.Approved, approvedDoc{keyNameDoc: keyName(*p.Signer), Commit: idOrEmpty(p.Commit), Counts: true})
	}
	for _, a := range p.Found {
		doc.Approved = append(doc.Approved, approvedDoc{keyNameDoc: keyName(a.Entry), File: a.File, Counts: a.Counts})
	}
	for _, a := range p.Ignored {
		doc.Ignored = append(doc.Ignored, ignoredDoc{a.File, a.Problem})
	}
	for _, entry := range p.Could() {
		doc.Could = append(doc.Could, keyName(entry))
	}
	return doc
}

func keyName(e authz.Entry) keyNameDoc { return keyNameDoc{string(e.Key), e.Name} }

func (e Approved) show(t *Text) {
	for _, w := range e.warnings() {
		t.warning(w)
	}
	if t.Quiet {
		return
	}
	if e.Now == nil {
		fmt.Fprintf(t.Out, "you have approved this change already: %s\n", Printable(e.Given.File))
		return
	}
	fmt.Fprintf(t.Out, "%s %s\n", t.out().good("approved:"), Printable(e.File))
	if missing := e.Missing(); missing > 0 && e.Commit.IsZero() {
		t.field("agreement", "%d of %d keys missing; %s", missing, e.Needed(), mayAgree(e.Proposal))
		t.field("next", "share the change together with %s, on a branch for example, until enough have agreed", authz.ApprovalDir)
		return
	}
	if !e.Commit.IsZero() && !e.AtHead {
		t.field("next", "whoever makes the commit adds this file to it, and amends it")
	}
	t.next(e.Now.Next())
}

func (e Approved) write(d *document) {
	d.Approvals = approvalsDocument(e.Proposal)
	for _, w := range e.warnings() {
		d.Warnings = append(d.Warnings, warningDoc(w))
	}
	if e.Now != nil {
		d.Approvals.Written, d.Next = e.File, e.Now.Next()
	}
}

// warnings are what would make the approval useless to others.
func (e Approved) warnings() []Warning {
	if e.Now == nil {
		return nil
	}
	var warnings []Warning
	if e.Now.Unpublished {
		warnings = append(warnings, Warning{"key-missing", "your key is not in the keyring, so nobody else can check this approval", "publish it: docs/keyring.md says how"})
	}
	if lost := e.Now.Lost(); lost != nil {
		warnings = append(warnings, Warning{"signature-lost",
			fmt.Sprintf("%s agrees by the signature on the commit, which another signature would replace", lost.Name),
			fmt.Sprintf("let %s amend the commit, or approve with \"nix-authorize approve\", too", lost.Name)})
	}
	return warnings
}
