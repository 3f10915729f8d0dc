package report

import (
	"time"

	"github.com/nix-authorize/nix-authorize/internal/age"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/state"
)

// rememberedDoc is a tip that was found authentic before.
type rememberedDoc struct {
	Remote       string           `json:"remote,omitempty"`
	Branch       string           `json:"remote_branch,omitempty"`
	Introduction *introductionDoc `json:"introduction,omitempty"`
	Tip          string           `json:"tip,omitempty"`
	Verified     *time.Time       `json:"verified,omitempty"`
	Signer       string           `json:"signer,omitempty"`
	SignerName   string           `json:"signer_name,omitempty"`
	Committed    *time.Time       `json:"committed,omitempty"`
	File         string           `json:"file,omitempty"`
	Problem      string           `json:"problem,omitempty"`
}

// statusDoc is what is known of a checkout.
type statusDoc struct {
	Remote     string         `json:"remote"`
	URL        string         `json:"url"`
	Branch     string         `json:"remote_branch"`
	Local      string         `json:"local_branch"`
	Commit     string         `json:"local_commit,omitempty"`
	Remembered *rememberedDoc `json:"remembered,omitempty"`
	Relation   string         `json:"relation,omitempty"`
	Ahead      int            `json:"ahead"`
	Behind     int            `json:"behind"`
	MaxAge     string         `json:"max_age,omitempty"`
	Stale      bool           `json:"stale,omitempty"` // older than MaxAge
}

func (d *document) status(e Status) {
	s := e.Status
	d.done()
	d.Introduction = &introductionDoc{s.Introduction.Commit.String(), string(s.Introduction.Signer), s.Origin}
	d.Authorizations = s.Introduction.Format.FileName()
	d.Status = &statusDoc{
		Remote: s.Target.Name(), URL: s.Target.Address(), Branch: s.Target.Branch, Local: s.Target.Local,
		Commit: idOrEmpty(s.Local), Relation: string(s.Relation), Ahead: s.Ahead, Behind: s.Behind,
	}
	if s.Remembered != nil {
		d.Status.Remembered = rememberedDocument(s.Remembered)
	}
	if s.MaxAge > 0 {
		d.Status.MaxAge, d.Status.Stale = age.Format(s.MaxAge), s.Stale()
	}
}

func rememberedDocument(r *state.Remembered) *rememberedDoc {
	return &rememberedDoc{
		Tip: r.Tip.String(), Verified: timeOrNil(r.At), Signer: string(r.Signer),
		SignerName: r.SignerName, Committed: timeOrNil(r.CommitTime),
	}
}

func (d *document) states(e States) {
	d.done()
	for _, tip := range e.Tips {
		doc := &rememberedDoc{File: tip.Path()}
		if tip.Err != nil {
			doc.Problem = tip.Err.Error()
		} else {
			doc = rememberedDocument(tip.Remembered)
			key := tip.Key()
			doc.File, doc.Remote, doc.Branch = tip.Path(), string(key.Remote), key.Branch
			doc.Introduction = &introductionDoc{Commit: key.Introduction.Commit.String(), Signer: string(key.Introduction.Signer)}
		}
		d.Tips = append(d.Tips, doc)
	}
}

// done ends a command that judges nothing.
func (d *document) done() {
	d.end(outcome.Authentic)
	d.Outcome = "done"
}
