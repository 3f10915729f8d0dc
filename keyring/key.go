package keyring

import (
	"slices"
	"sync"
	"time"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A Key describes a key or subkey to people. Only Fingerprint, Algorithm and
// Primaries bear on whether a signature is accepted.
type Key struct {
	Fingerprint signer.Fingerprint
	// Algorithm is such as "RSA-4096", "Ed25519" or "SSH ECDSA P-256".
	Algorithm string
	// Primaries are the primary keys of which this is a proven signing subkey.
	Primaries []signer.Fingerprint
	// UserIDs are the names that the key, or the primary key of a subkey, has
	// signed for itself: claims of its owner, hostile text, valid UTF-8. For
	// an SSH key it is the comment, which nobody has signed.
	UserIDs []string
	// File is the first file that holds the key.
	File string
	// Created and Expires are what the key says; zero is unknown and never.
	Created, Expires time.Time
	// Revoked says that the key, or a primary key of which it is a proven
	// subkey, was revoked by its owner. It does not decide.
	Revoked bool
	// Usable is empty, or why the key can sign nothing, such as "encryption only".
	Usable string
}

// A publicKey is a key of a keyring, however many files it is in.
type publicKey struct {
	fingerprint signer.Fingerprint
	file        string
	name        string // of the algorithm and size
	unusable    string // why it can sign nothing
	weakness    signer.Weakness
	comment     string // of an SSH key

	// What follows is of OpenPGP keys, and zero in SSH ones.
	version   byte
	algorithm byte
	created   time.Time
	octets    string // of the fingerprint
	material  []byte // the packet as it is hashed (RFC 9580, 5.2.4)
	// verify says whether the key made a signature over what has this digest, if
	// made has found nothing else wrong. It is nil if the key is unusable.
	verify func(sum []byte, s *pgpSignature) bool
	dsa    *dsaKey // of a DSA key that is usable
	places []*place

	standingOnce, userIDsOnce, boundOnce sync.Once

	standing  Standing
	userIDs   []string
	bound     []binding
	primaries []signer.Fingerprint
}

// keyID are the eight octets at the end (version 4) or start (version 6) of the
// fingerprint (RFC 9580, 5.5.4).
func (k *publicKey) keyID() string {
	if k.version == 6 {
		return k.octets[:8]
	}
	return k.octets[len(k.octets)-8:]
}

func (k *publicKey) describe() Key {
	key := Key{
		Fingerprint: k.fingerprint, Algorithm: k.name, File: k.file, Created: k.created, Usable: k.unusable,
	}
	if k.version == 0 {
		if k.comment != "" {
			key.UserIDs = []string{k.comment}
		}
		return key
	}
	standing := k.stands()
	key.UserIDs, key.Expires, key.Revoked = slices.Clone(k.ownUserIDs()), standing.Expires, standing.Revoked
	for _, b := range k.bindings() {
		for _, id := range b.primary.ownUserIDs() {
			key.UserIDs = addUserID(key.UserIDs, id)
		}
	}
	key.Primaries = slices.Clone(k.provenPrimaries())
	return key
}

// stands is the standing of a key or subkey.
func (k *publicKey) stands() Standing {
	s := k.ownStanding()
	for _, b := range k.bindings() {
		primary := b.primary.ownStanding()
		s.Expires = later(s.Expires, earlier(b.expires, primary.Expires))
		s.Revoked = s.Revoked || b.revoked || primary.Revoked
	}
	return s
}
