package report

import (
	"github.com/nix-authorize/nix-authorize/internal/age"
	"github.com/nix-authorize/nix-authorize/internal/introductions"
)

// namedDoc is a named introduction.
type namedDoc struct {
	Name           string `json:"name"`
	URL            string `json:"url"`
	Branch         string `json:"branch,omitempty"`
	Introduction   string `json:"introduction"`
	Signer         string `json:"signer"`
	Keyring        string `json:"keyring,omitempty"`
	Authorizations string `json:"authorizations,omitempty"`
	MaxAge         string `json:"max_age,omitempty"`
	File           string `json:"file"`
	Line           int    `json:"line"`
	Command        string `json:"command"`
}

func (d *document) introductions(e Introductions) {
	d.done()
	for _, entry := range e.Entries {
		d.Introductions = append(d.Introductions, *namedDocument(entry))
	}
	if e.Old != nil {
		d.Replaced = namedDocument(*e.Old)
	}
}

func namedDocument(e introductions.Entry) *namedDoc {
	doc := &namedDoc{
		Name: e.Name, URL: e.URL, Branch: e.Branch, Introduction: e.Introduction.Commit.String(),
		Signer: string(e.Introduction.Signer), Keyring: e.Keyring, Authorizations: string(e.Introduction.Format),
		File: e.File, Line: e.Line, Command: e.CommandLine(),
	}
	if e.MaxAge > 0 {
		doc.MaxAge = age.Format(e.MaxAge)
	}
	return doc
}
