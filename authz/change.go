package authz

import (
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A ChangeKind says how a key's rights differ between two files.
type ChangeKind string

// The kinds of changes.
const (
	KeyAdded   ChangeKind = "added"
	KeyRemoved ChangeKind = "removed"
	KeyChanged ChangeKind = "changed"
)

// A KeyChange is a key whose entry differs between two authorizations files. Old is
// meaningful unless it was added, New unless it was removed.
type KeyChange struct {
	Kind     ChangeKind
	Key      signer.Fingerprint
	Old, New Entry
}

// A FileChange is what a change of an authorizations file means for people: who may
// do what. It leaves out comments, order and formatting.
type FileChange struct {
	Keys []KeyChange // in the order of the new file, the removed ones last
	// The rules before and after.
	OldMerges, NewMerges       MergeRule
	OldThreshold, NewThreshold int
}

// IsEmpty says whether nobody's rights differ.
func (c *FileChange) IsEmpty() bool {
	return len(c.Keys) == 0 && c.OldMerges == c.NewMerges && c.OldThreshold == c.NewThreshold
}

// Compare tells two authorizations apart; nil has no keys and the strict rule.
func Compare(old, now *Authorizations) *FileChange {
	old, now = orEmpty(old), orEmpty(now)
	c := &FileChange{
		OldMerges: old.Merges, NewMerges: now.Merges,
		OldThreshold: old.Threshold, NewThreshold: now.Threshold,
	}
	for _, e := range now.entries {
		was, listed := old.entry(e.Key)
		switch {
		case !listed:
			c.Keys = append(c.Keys, KeyChange{Kind: KeyAdded, Key: e.Key, New: e})
		case !sameRights(was, e):
			c.Keys = append(c.Keys, KeyChange{Kind: KeyChanged, Key: e.Key, Old: was, New: e})
		}
	}
	for _, e := range old.entries {
		if _, listed := now.entry(e.Key); !listed {
			c.Keys = append(c.Keys, KeyChange{Kind: KeyRemoved, Key: e.Key, Old: e})
		}
	}
	return c
}

func orEmpty(a *Authorizations) *Authorizations {
	if a == nil {
		return &Authorizations{Merges: MergesStrict, Threshold: 1}
	}
	return a
}

// entry is the first one that lists exactly this key.
func (a *Authorizations) entry(key signer.Fingerprint) (Entry, bool) {
	i, ok := a.byKey[key]
	if !ok {
		return Entry{}, false
	}
	return a.entries[i], true
}

func sameRights(a, b Entry) bool {
	return a.Name == b.Name && a.Rights == b.Rights && slices.Equal(a.Paths, b.Paths)
}

// Describe says what an entry allows: "may commit, merge, authorize", or "may commit
// below a/, b/".
func (e Entry) Describe() string {
	text := "may " + e.Rights.String()
	if len(e.Paths) > 0 {
		text += " below " + strings.Join(e.Paths, ", ")
	}
	return text
}
