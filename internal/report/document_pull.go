package report

import (
	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// pullDoc is what a pull or clone adds to the document.
type pullDoc struct {
	Remote   string `json:"remote"`
	URL      string `json:"url"`
	Branch   string `json:"remote_branch"`
	Local    string `json:"local_branch"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	Relation string `json:"relation,omitempty"`
	Commits  int    `json:"new_commits"`

	Signers []signerCount `json:"signers,omitempty"`
	changeDoc
	NewKeys     []keyDoc `json:"new_keys,omitempty"`
	GoneKeys    []keyDoc `json:"gone_keys,omitempty"`
	Moved       bool     `json:"moved"`
	LocalCommit string   `json:"local_commit,omitempty"`
	Directory   string   `json:"directory,omitempty"`
	DryRun      bool     `json:"dry_run,omitempty"`
	Declined    bool     `json:"declined,omitempty"`
}

// changeDoc is how an authorizations file changes, as people and rights.
type changeDoc struct {
	Rights    []keyChangeDoc  `json:"rights,omitempty"`
	Merges    *mergesChange   `json:"merges,omitempty"`
	Threshold *thresholdDelta `json:"threshold,omitempty"`
}

type keyChangeDoc struct {
	Change      string    `json:"change"` // added, removed or changed
	Fingerprint string    `json:"fingerprint"`
	Old         *entryDoc `json:"old,omitempty"`
	New         *entryDoc `json:"new,omitempty"`
}

type mergesChange struct {
	Old string `json:"old"`
	New string `json:"new"`
}

type thresholdDelta struct {
	Old int `json:"old"`
	New int `json:"new"`
}

func (d *document) pull(e Pulled, s Started) {
	r := e.Result
	d.finish(Finished{Report: r.Report}, s)
	p := &pullDoc{
		Remote: r.Target.Name(), URL: r.Target.Address(), Branch: r.Target.Branch, Local: r.Target.Local,
		Moved: r.Moved, LocalCommit: idOrEmpty(r.Branch), Directory: e.Dir, DryRun: e.DryRun, Declined: !e.Accepted,
	}
	d.Pull = p
	if r.Incoming != nil {
		p.incoming(r.Incoming)
		d.end(outcome.Authentic)
	}
}

func (p *pullDoc) incoming(in *update.Incoming) {
	p.From, p.To = idOrEmpty(in.From), in.To.String()
	p.Relation, p.Commits = string(in.Relation), in.Commits
	p.Signers = signerCounts(in.Signers)
	p.NewKeys, p.GoneKeys = keyDocs(in.NewKeys), keyDocs(in.GoneKeys)
	p.change(in.Authorizations)
}

func (p *changeDoc) change(c *authz.FileChange) {
	if c.OldMerges != c.NewMerges {
		p.Merges = &mergesChange{string(c.OldMerges), string(c.NewMerges)}
	}
	if c.OldThreshold != c.NewThreshold {
		p.Threshold = &thresholdDelta{c.OldThreshold, c.NewThreshold}
	}
	for _, k := range c.Keys {
		doc := keyChangeDoc{Change: string(k.Kind), Fingerprint: string(k.Key)}
		if k.Kind != authz.KeyAdded {
			doc.Old = changedEntry(k.Old)
		}
		if k.Kind != authz.KeyRemoved {
			doc.New = changedEntry(k.New)
		}
		p.Rights = append(p.Rights, doc)
	}
}

func changedEntry(e authz.Entry) *entryDoc {
	return &entryDoc{Fingerprint: string(e.Key), Name: e.Name, May: e.Rights.String(), Paths: e.Paths}
}

func keyDocs(keys []keyring.Key) []keyDoc {
	var docs []keyDoc
	for _, key := range keys {
		docs = append(docs, keyDocument(key, nil))
	}
	return docs
}
