// Package signing signs as the user's git does when it signs commits: with the
// key that "gpg.format" and "user.signingKey" say, by gpg or ssh-keygen. Besides
// package gitcli it is the only one that starts processes, and there is no shell.
//
// Every signature is checked with package keyring before anybody gets to see it,
// so that what is made here counts for those who verify it later.
package signing

import (
	"context"
	"fmt"
	"slices"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A Signer is the key with which the user's git signs.
type Signer struct {
	// Key is the fingerprint by which an authorizations file lists it: for
	// OpenPGP that of the primary key, which stands for its signing subkeys.
	Key signer.Fingerprint
	// Public is the public key: an OpenPGP armor, or "TYPE BASE64".
	Public string
	// Algorithm describes the key for people.
	Algorithm string
	// Ring is a keyring with this key alone.
	Ring *keyring.Keyring

	tool   tool
	method method
}

// A method makes detached signatures in armor.
type method interface {
	// sign signs a message; OpenPGP, which has no namespaces, ignores that.
	sign(ctx context.Context, t tool, message []byte, namespace string) ([]byte, error)
}

// Find finds the key with which git signs commits in its directory. The error is
// a usage error with a hint, or that git or gpg cannot be run. Programs may talk to
// the user on git's Stderr.
func Find(ctx context.Context, git gitcli.User) (*Signer, error) {
	c := configuration{ctx, git}
	switch format, err := c.get("gpg.format"); {
	case err != nil:
		return nil, err
	case format == "" || format == "openpgp":
		return findOpenPGP(c)
	case format == "ssh":
		return findSSH(c)
	default:
		return nil, outcome.UsageError(fmt.Errorf("git signs with gpg.format %q, which is not supported", format),
			"sign with OpenPGP (git config gpg.format openpgp) or SSH (git config gpg.format ssh)")
	}
}

// newSigner makes a signer of a public key, which must be one that can be used.
func newSigner(public string, key signer.Fingerprint, t tool, m method) (*Signer, error) {
	ring := keyring.New([]keyring.File{{Name: "key", Content: []byte(public)}})
	found, ok := ring.Lookup(key)
	if !ok {
		return nil, outcome.UsageError(fmt.Errorf("the signing key %s cannot be used: %s", key, whySkipped(ring)), "sign with another key")
	}
	return &Signer{Key: key, Public: public, Algorithm: found.Algorithm, Ring: ring, tool: t, method: m}, nil
}

// whySkipped says why a key is not in the keyring that was made of it alone.
func whySkipped(ring *keyring.Keyring) string {
	for _, s := range ring.Skipped() {
		return s.Detail
	}
	return "it is not of a kind that is accepted"
}

// Entry is the entry that a signature by this key would count for, if there is
// one. Of an OpenPGP key with several subkeys it is not known which one will sign;
// what Signature.By says is certain.
func (s *Signer) Entry(a *authz.Authorizations) (authz.Entry, bool) {
	for _, key := range s.Ring.Keys() {
		if key.Usable != "" {
			continue
		}
		if entry, ok := a.Match(&signer.Identity{Key: key.Fingerprint, Primaries: key.Primaries}); ok {
			return entry, true
		}
	}
	return authz.Entry{}, false
}

// A Signature is one that was made and checked.
type Signature struct {
	Armor []byte
	By    *signer.Identity
}

// Sign makes a detached signature of a message, with SSH for the namespace. The
// user may be asked for a passphrase or to touch a token. The error is ctx.Err(), or
// a usage error if there is no signature that counts.
func (s *Signer) Sign(ctx context.Context, message []byte, namespace string) (*Signature, error) {
	armor, err := s.method.sign(ctx, s.tool, message, namespace)
	if err != nil {
		return nil, err
	}
	result := s.Ring.CheckDetached(message, armor, namespace)
	switch {
	case result.Problem != nil:
		return nil, outcome.UsageError(fmt.Errorf("the signature that %s has made does not count: %s", s.tool.program, result.Problem.Detail),
			"see which key it takes, and what its own configuration says about digests and text mode")
	case result.Weakness != 0:
		return nil, outcome.UsageError(fmt.Errorf("the signature that %s has made has %s, which is too weak", s.tool.program, result.Weakness),
			"sign with another key or digest")
	case result.Identity.Key != s.Key && !slices.Contains(result.Identity.Primaries, s.Key):
		return nil, outcome.UsageError(fmt.Errorf("%s has signed with the key %s instead of %s", s.tool.program, result.Identity.Key, s.Key),
			"give git the full fingerprint, or the file that has both halves of the key, as user.signingKey")
	}
	return &Signature{armor, result.Identity}, nil
}
