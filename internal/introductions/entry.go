package introductions

import (
	"fmt"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/trust"
)

// An Entry is one named introduction.
type Entry struct {
	Name string
	// URL is the address of the remote as it was written, without credentials.
	URL string
	// Branch is empty if the introduction counts for every branch.
	Branch string
	// Introduction has no Format if the entry does not name a file.
	Introduction authz.Introduction
	// Keyring is a branch or the absolute path of a directory, or empty.
	Keyring string
	// MaxAge is how old the tip may be, or zero.
	MaxAge time.Duration

	// File and Line are where the entry stands, if it was read.
	File string
	Line int
}

// New makes an entry from the texts of its fields, by the names that they have in
// a file; an empty text is a field that is not set. The error is a usage error
// that names the field.
func New(name string, texts map[string]string) (Entry, error) {
	e := Entry{Name: name}
	if p := checkName(name); p != nil {
		return Entry{}, p.of("name")
	}
	for field := range texts {
		if _, known := fieldNamed(field); !known {
			return Entry{}, (&problem{fmt.Sprintf("unknown field %.60q", field), knownFields()}).of(name)
		}
	}
	for _, f := range fields {
		text := texts[f.name]
		if text == "" && !f.required {
			continue
		}
		if p := set(&e, f, text); p != nil {
			return Entry{}, p.of(f.name)
		}
	}
	return e, nil
}

func (p *problem) of(field string) error {
	return outcome.UsageError(fmt.Errorf("%s: %s; expected %s", field, p.detail, p.expected), "")
}

// Remote is the address in the spelling that all addresses are compared in.
func (e *Entry) Remote() remoteurl.URL { return remoteurl.Normalize(e.URL, "/") }

// same says whether two entries say the same, wherever they stand.
func (e Entry) same(other Entry) bool {
	e.File, e.Line = other.File, other.Line
	return e == other
}

// Settings is the entry as what is configured for a verification.
func (e *Entry) Settings() trust.Settings {
	return trust.Settings{
		Introduction: e.Introduction.Commit.String(), Signer: string(e.Introduction.Signer),
		Keyring: e.Keyring, Authorizations: string(e.Introduction.Format),
		Origin: fmt.Sprintf("%q in %s", e.Name, e.File),
	}
}
