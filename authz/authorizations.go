package authz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Format is which of the two authorizations files a history is judged by. Its
// value is the name of the file, at the root of each commit's tree.
type Format string

// The two formats.
const (
	NixFormat  Format = ".nix-authorizations"  // YAML, version 1 (docs/spec.md)
	GuixFormat Format = ".guix-authorizations" // S-expression, version 0 (GNU Guix manual, "Specifying Channel Authorizations")
)

// ParseFormat returns the format whose file has exactly this name.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case NixFormat, GuixFormat:
		return f, nil
	}
	return "", fmt.Errorf("unknown authorizations file %s; expected %q or %q", excerpt(name), NixFormat, GuixFormat)
}

// FileName is the name of the file in the root tree of a commit.
func (f Format) FileName() string { return string(f) }

// A MergeRule says which parents of a merge must be authentic and who must
// have signed it.
type MergeRule string

// The three rules.
const (
	MergesStrict  MergeRule = "strict"  // every parent authentic, signer authorized by each
	MergesSigned  MergeRule = "signed"  // first parent authentic, signer authorized by it
	MergesVouched MergeRule = "vouched" // as signed, or a mechanical merge of a signed head
)

// A Right is a set of what a key may do.
type Right uint8

// The rights, as the field "may" names them.
const (
	RightCommit    Right = 1 << iota // sign commits with one parent
	RightMerge                       // sign merges
	RightAuthorize                   // sign changes to the authorizations file

	allRights = RightCommit | RightMerge | RightAuthorize
)

// rightNames is in the order of the bits.
var rightNames = []string{"commit", "merge", "authorize"}

// String lists the rights as the file spells them: "commit, merge".
func (r Right) String() string {
	var names []string
	for i, name := range rightNames {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// An Entry is one key of an authorizations file.
type Entry struct {
	// Name is what the file calls the key's holder. In NixFormat it is unique,
	// printable and at most 100 characters long; in GuixFormat it can be any
	// text at all, or empty: escape it before it is shown.
	Name string
	// Key is the fingerprint that the entry lists. It is empty for an entry
	// that can match no signature: Guix accepts hexadecimal digits of any even
	// length, but only 40 or 64 of them name a key.
	Key signer.Fingerprint
	// SSHKey is the public key as authorized_keys has it, "type base64", and
	// empty for an OpenPGP key.
	SSHKey string
	// Rights are what the key may do.
	Rights Right
	// Paths, when there are any, are the only places that the key may change:
	// slash-separated, relative to the root of the tree, as the file spells
	// them. "a/b" is the path a/b and whatever is below it; "a/b/" is what is
	// below the directory a/b only. A key with Paths has RightCommit alone.
	Paths []string
	// Line is where the entry begins in its file.
	Line int
}

// Authorizations is the content of one well-formed authorizations file. It
// does not change once made, so goroutines may share it.
type Authorizations struct {
	Format Format
	// Merges is the rule for merges whose first parent has this file; always
	// MergesStrict in GuixFormat.
	Merges MergeRule
	// Threshold is how many distinct keys a change to the file needs; always
	// 1 in GuixFormat.
	Threshold int

	entries []Entry
	byKey   map[signer.Fingerprint]int // the first entry that lists the key
}

// newAuthorizations indexes entries, of which it becomes the owner.
func newAuthorizations(f Format, m MergeRule, threshold int, entries []Entry) *Authorizations {
	a := &Authorizations{Format: f, Merges: m, Threshold: threshold, entries: entries}
	a.byKey = make(map[signer.Fingerprint]int, len(entries))
	for i, e := range entries {
		if _, listed := a.byKey[e.Key]; !listed && e.Key != "" {
			a.byKey[e.Key] = i
		}
	}
	return a
}

// Entries returns the entries in the order of the file.
func (a *Authorizations) Entries() []Entry {
	entries := slices.Clone(a.entries)
	for i := range entries {
		entries[i].Paths = slices.Clone(entries[i].Paths)
	}
	return entries
}

// Match finds the entry for who made a verified signature: the one that lists
// exactly id.Key and else, in NixFormat alone, the first in the file that lists
// one of id.Primaries. Guix compares nothing but the fingerprint of the key
// that signed. The caller must not modify the entry's Paths.
func (a *Authorizations) Match(id *signer.Identity) (Entry, bool) {
	if id == nil {
		return Entry{}, false
	}
	if i, ok := a.byKey[id.Key]; ok {
		return a.entries[i], true
	}
	if a.Format != NixFormat {
		return Entry{}, false
	}
	first := len(a.entries)
	for _, primary := range id.Primaries {
		if i, ok := a.byKey[primary]; ok {
			first = min(first, i)
		}
	}
	if first == len(a.entries) {
		return Entry{}, false
	}
	return a.entries[first], true
}
