package keyring

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Limits of a keyring. Real ones have some hundred files of less than 300 KB.
const (
	MaxFile  = 4 << 20   // bytes of a file
	MaxFiles = 20_000    // files
	MaxTotal = 256 << 20 // bytes of all files
)

// A File is one file of a keyring as read from a branch or directory. Name and
// Content are hostile.
type File struct {
	Name    string
	Content []byte
}

// Skipped is something in a keyring that was not used, and why. File is the name
// of a File and hostile; Detail is safe to print.
type Skipped struct{ File, Detail string }

// A Keyring is a set of public keys. It is safe for concurrent use.
type Keyring struct {
	keys    map[signer.Fingerprint]*publicKey
	byID    map[string][]*publicKey // OpenPGP keys by the eight octets of their key id
	sorted  []*publicKey
	skipped []Skipped
	tables  atomic.Int64 // bytes of the tables of DSA keys
	ssh     sshKeys      // that signatures have brought
}

// New makes a keyring of all that is well formed in the files, in the order of
// their names. It never fails: Skipped says what it left out.
func New(files []File) *Keyring {
	k := &Keyring{keys: map[signer.Fingerprint]*publicKey{}, byID: map[string][]*publicKey{}}
	files = slices.Clone(files)
	slices.SortStableFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	total := 0
	for i, file := range files {
		if i == MaxFiles {
			k.skip(file.Name, "it and %d more files are not read: a keyring has at most %d", len(files)-i-1, MaxFiles)
			break
		}
		if reason := sizeProblem(len(file.Content), &total); reason != "" {
			k.skip(file.Name, "%s", reason)
			continue
		}
		(&loader{ring: k, file: strings.Clone(file.Name)}).load(file.Content)
	}
	return k
}

// sizeProblem says why a file of this size is not read after others that have
// total bytes, or adds its own to them.
func sizeProblem(size int, total *int) string {
	switch {
	case size > MaxFile:
		return fmt.Sprintf("it has more than %d bytes", MaxFile)
	case size > MaxTotal-*total:
		return fmt.Sprintf("with it the keyring would have more than %d bytes", MaxTotal)
	}
	*total += size
	return ""
}

// Keys are all keys and subkeys, sorted by the file in which they come first and
// their order in it.
func (k *Keyring) Keys() []Key {
	keys := make([]Key, 0, len(k.sorted))
	for _, key := range k.sorted {
		keys = append(keys, key.describe())
	}
	return keys
}

// Lookup finds the key or subkey with this fingerprint.
func (k *Keyring) Lookup(f signer.Fingerprint) (Key, bool) {
	key, ok := k.keys[f]
	if !ok {
		return Key{}, false
	}
	return key.describe(), true
}

// Standing is that of the key or subkey with this fingerprint. It is found with less
// work than all that Lookup tells.
func (k *Keyring) Standing(f signer.Fingerprint) (Standing, bool) {
	key, ok := k.keys[f]
	if !ok {
		return Standing{}, false
	}
	return key.stands(), true
}

// Skipped are the files, keys and packets that are not part of the keyring.
func (k *Keyring) Skipped() []Skipped { return slices.Clone(k.skipped) }

// add takes a key into the keyring, or finds it there.
func (k *Keyring) add(key *publicKey) *publicKey {
	if known, ok := k.keys[key.fingerprint]; ok {
		return known
	}
	k.keys[key.fingerprint] = key
	k.sorted = append(k.sorted, key)
	if key.dsa != nil {
		key.dsa.spent = &k.tables
	}
	if key.version != 0 {
		k.byID[key.keyID()] = append(k.byID[key.keyID()], key)
	}
	return key
}
