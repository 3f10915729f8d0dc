package lint

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// A keyState is what the keyring says of the key of an entry. An SSH key stands in
// the file whole, and what is wrong with it makes the file malformed.
type keyState struct {
	ssh, found bool
	key        keyring.Key
	// able are the keys that an entry stands for and that can sign: the key itself
	// and its proven signing subkeys. Strong are those of them that are accepted.
	able, strong []keyring.Key
}

func (s keyState) signs() bool { return s.ssh || len(s.strong) > 0 }

func (c *checker) state(e authz.Entry) keyState {
	s := keyState{ssh: e.Key.IsSSH()}
	if s.ssh || e.Key == "" {
		return s
	}
	if s.key, s.found = c.Keyring.Lookup(e.Key); !s.found {
		return s
	}
	for _, key := range c.Keyring.Keys() {
		bound := c.Format == authz.NixFormat && slices.Contains(key.Primaries, e.Key)
		if key.Usable != "" || key.Fingerprint != e.Key && !bound {
			continue
		}
		s.able = append(s.able, key)
		if c.Format == authz.GuixFormat || !weak(key) {
			s.strong = append(s.strong, key)
		}
	}
	return s
}

// weak says whether signatures by the key are refused by .nix-authorizations.
func weak(key keyring.Key) bool {
	if strings.HasPrefix(key.Algorithm, "DSA-") {
		return true
	}
	const fewest = 2048
	bits, err := strconv.Atoi(strings.TrimPrefix(key.Algorithm, "RSA-"))
	return err == nil && bits < fewest
}

// keys is about the keys of all entries.
func (c *checker) keys() {
	for _, e := range c.Authorizations.Entries() {
		c.key(e, c.state(e))
	}
}

const (
	hintPublish = `get the public key from its owner and add it to the keyring (docs/keyring.md), or take the entry out of the file`
	hintReplace = `let its owner make another key, add that, and take this one out of the file`
)

func (c *checker) key(e authz.Entry, s keyState) {
	switch {
	case s.ssh:
	case e.Key == "":
		c.find(Warning, "key-impossible", e.Line, "correct or remove it", "%s: no key has a fingerprint of so many digits", e.Name)
	case !s.found:
		c.find(Error, "key-missing", e.Line, hintPublish, "%s: the key %s is not in the keyring (%s), so nothing that it signs can be checked", e.Name, e.Key, c.Keyring.Name)
	case len(s.able) == 0:
		c.find(Error, "key-unusable", e.Line, hintReplace, "%s: the key %s can sign nothing: %s", e.Name, e.Key, s.key.Usable)
	case len(s.strong) == 0:
		c.find(Error, "key-weak", e.Line, hintReplace, "%s: the key %s is an %s key, which is too weak: what it signs is refused", e.Name, e.Key, s.able[0].Algorithm)
	default:
		c.age(e, s)
	}
}

// age is about keys that have ended or soon will.
func (c *checker) age(e authz.Entry, s keyState) {
	live := slices.DeleteFunc(slices.Clone(s.strong), func(k keyring.Key) bool { return k.Revoked || verification.Expired(k.Expires) })
	switch {
	case s.key.Revoked:
		c.find(Warning, "key-revoked", e.Line, "if it was stolen the thief can sign: take it out of the file", "%s: the key %s was revoked by its owner", e.Name, e.Key)
	case len(live) == 0:
		c.find(Warning, "key-expired", e.Line, "publish the renewed key, or take it out of the file", "%s: the key %s has expired%s", e.Name, e.Key, on(s))
	case len(live) == len(ending(live)):
		c.find(Note, "key-expires-soon", e.Line, "let its owner renew it, and publish it again", "%s: the key %s expires %s", e.Name, e.Key, live[len(live)-1].Expires.UTC().Format(time.DateOnly))
	}
}

func on(s keyState) string {
	if s.key.Expires.IsZero() {
		return "" // it is the subkeys that have
	}
	return " " + s.key.Expires.UTC().Format(time.DateOnly)
}

// ending are the keys that expire within a month.
func ending(keys []keyring.Key) []keyring.Key {
	soon := time.Now().AddDate(0, 1, 0)
	return slices.DeleteFunc(slices.Clone(keys), func(k keyring.Key) bool { return k.Expires.IsZero() || k.Expires.After(soon) })
}
