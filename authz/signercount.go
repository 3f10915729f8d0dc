package authz

import (
	"cmp"
	"slices"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A SignerCount is how many commits a key has signed.
type SignerCount struct {
	Key     signer.Fingerprint
	Name    string // in the latest authorizations that list it
	Commits int
}

// SignerCounts counts the commits of each key.
type SignerCounts map[signer.Fingerprint]*SignerCount

// Add counts a commit by its verified signer.
func (c SignerCounts) Add(s *Signer) {
	count := c[s.Key]
	if count == nil {
		count = &SignerCount{Key: s.Key}
		c[s.Key] = count
	}
	count.Name = s.Name
	count.Commits++
}

// Sorted are the counts, most commits first.
func (c SignerCounts) Sorted() []SignerCount {
	counts := make([]SignerCount, 0, len(c))
	for _, count := range c {
		counts = append(counts, *count)
	}
	slices.SortFunc(counts, func(a, b SignerCount) int {
		return cmp.Or(b.Commits-a.Commits, cmp.Compare(a.Key, b.Key))
	})
	return counts
}
