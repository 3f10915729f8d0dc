package report

import (
	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/pullrequest"
)

// checkDoc is what check-pr adds to the document.
type checkDoc struct {
	Kind   string `json:"kind"` // merge, commit or nothing
	Origin string `json:"origin"`
	Number int    `json:"number,omitempty"`
	Base   string `json:"base,omitempty"`
	Head   string `json:"head,omitempty"`

	Rule     string         `json:"rule,omitempty"`
	Relation string         `json:"relation,omitempty"`
	Needs    string         `json:"needs,omitempty"`
	Ready    bool           `json:"ready"`
	Commits  int            `json:"new_commits"`
	Listed   []newCommitDoc `json:"commits,omitempty"`

	Changed   int        `json:"changed_paths"`
	Exact     bool       `json:"changed_paths_exact"`
	Vouchers  []voucher  `json:"vouchers,omitempty"`
	Could     []entryDoc `json:"could_vouch,omitempty"`
	Uncovered []groupDoc `json:"uncovered,omitempty"`
	Mergers   []entryDoc `json:"mergers,omitempty"`
	File      *fileDoc   `json:"authorizations_change,omitempty"`
	Notes     []string   `json:"notes,omitempty"`
	Did       []string   `json:"fetched,omitempty"`
}

type newCommitDoc struct {
	Commit  string     `json:"commit"`
	Subject string     `json:"subject,omitempty"`
	Signer  *signerDoc `json:"signer,omitempty"`
	Problem string     `json:"problem,omitempty"`
	// Outcome is that of the strict rule; by the others there is none.
	Outcome string `json:"outcome,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Vouches bool   `json:"vouches,omitempty"`
}

type voucher struct {
	Commit string     `json:"commit"`
	Signer *signerDoc `json:"signer"`
}

type groupDoc struct {
	Count int        `json:"count"`
	Paths []string   `json:"paths"` // the first of them
	Could []entryDoc `json:"could_vouch,omitempty"`
}

type fileDoc struct {
	Rights    []keyChangeDoc  `json:"rights,omitempty"`
	Merges    *mergesChange   `json:"merges,omitempty"`
	Threshold *thresholdDelta `json:"threshold,omitempty"`
	Problem   string          `json:"problem,omitempty"`
	Contested bool            `json:"contested,omitempty"`
	Needed    int             `json:"approvals_needed,omitempty"`
	Have      []entryDoc      `json:"approved_by,omitempty"`
	Could     []entryDoc      `json:"could_approve,omitempty"`
}

func (d *document) checked(c Checked, s Started) {
	d.end(c.class())
	if c.ReportOnly {
		defer func() { d.Exit, d.ReportOnly = 0, true }()
	}
	d.Check = &checkDoc{
		Kind: string(c.Request.Kind), Origin: c.Request.Origin, Number: c.Request.Number,
		Base: idOrEmpty(c.Request.BaseCommit.ID), Head: idOrEmpty(c.Request.HeadCommit.ID),
		Notes: c.notes(), Did: c.Did,
	}
	if c.Request.Kind == pullrequest.Commit {
		d.finish(Finished{Report: c.Report}, s)
		return
	}
	for _, refusal := range c.refusals() {
		d.Refusals = append(d.Refusals, refusalDocument(refusal, s))
	}
	for _, u := range c.unchecked() {
		d.Unchecked = append(d.Unchecked, uncheckedDocument(u, s))
	}
	if c.Check != nil {
		d.Check.merge(c.Check)
	}
}

func (d *checkDoc) merge(m *authz.MergeCheck) {
	d.Rule, d.Relation, d.Needs, d.Ready = string(m.Rule), string(m.Relation), string(m.Needs), m.Ready()
	d.Commits = m.CommitCount
	for _, commit := range m.Commits {
		d.Listed = append(d.Listed, newCommitDocument(commit))
	}
	d.Mergers = entryDocs(m.Mergers)
	if m.Verdict != nil {
		for _, v := range m.Verdict.Vouchers {
			d.Vouchers = append(d.Vouchers, voucher{v.Commit.String(), signerDocument(&v.Signer)})
		}
	}
	if c := m.Changes; c != nil {
		d.Changed, d.Exact, d.Could = len(c.Paths), c.Exact, entryDocs(c.Could)
		for _, group := range c.Uncovered {
			d.Uncovered = append(d.Uncovered, groupDoc{group.Count, group.Paths, entryDocs(group.Could)})
		}
	}
	if m.File != nil {
		d.File = fileDocument(m.File)
	}
}

func newCommitDocument(c *authz.NewCommit) newCommitDoc {
	doc := newCommitDoc{
		Commit: c.Commit.String(), Subject: c.Subject, Signer: signerDocument(c.Signer),
		Problem: c.Problem, Vouches: c.Vouches,
	}
	if v := c.Verdict; v != nil {
		doc.Outcome = string(authz.Authentic)
		switch {
		case v.Refusal != nil:
			doc.Outcome, doc.Reason = string(authz.Refused), string(v.Refusal.Reason)
		case v.Unchecked != nil:
			doc.Outcome, doc.Reason = string(authz.Unchecked), string(v.Unchecked.Reason)
		}
	}
	return doc
}

func entryDocs(entries []authz.Entry) []entryDoc {
	var docs []entryDoc
	for _, e := range entries {
		docs = append(docs, *changedEntry(e))
	}
	return docs
}

func fileDocument(f *authz.FileProposal) *fileDoc {
	doc := &fileDoc{Contested: f.Contested, Could: entryDocs(f.Could)}
	if f.Err != nil {
		doc.Problem = f.Err.Error()
	}
	if f.Change != nil {
		p := new(pullDoc)
		p.change(f.Change)
		doc.Rights, doc.Merges, doc.Threshold = p.Rights, p.Merges, p.Threshold
	}
	if f.Approvers != nil {
		doc.Needed, doc.Have = f.Approvers.Needed, entryDocs(f.Approvers.Have)
	}
	return doc
}
