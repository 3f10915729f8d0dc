// Package testkey makes keys for histories that are generated for measurements, and
// signs with them as gpg and ssh-keygen do. Keys follow from a name: the same name
// gives the same key in every run. They protect nothing, so that RSA keys can be of a
// kind that signs many times as fast as usual; verifying a signature costs what it
// always costs.
package testkey

import (
	"crypto/sha256"
	"fmt"
)

// A Kind is an algorithm with its parameters.
type Kind string

// The kinds of keys that real histories have.
const (
	RSA2048 Kind = "RSA-2048"
	RSA3072 Kind = "RSA-3072"
	RSA4096 Kind = "RSA-4096"
	EdDSA   Kind = "Ed25519"
	ECDSA   Kind = "ECDSA P-256"
	SSH     Kind = "SSH Ed25519"
)

// A Key signs commits.
type Key struct {
	Kind Kind
	Name string
	// Fingerprint is that of the public key as people write it: 40 hexadecimal
	// digits, or "SHA256:…" of an SSH key.
	Fingerprint string
	// Public is the public key as a file: an armored certificate, or the line of
	// a ".pub" file.
	Public string

	sign func(payload []byte, seconds int64) string
}

// New makes the key of a kind and name.
func New(kind Kind, name string) (*Key, error) {
	switch kind {
	case RSA2048, RSA3072, RSA4096:
		return newRSA(kind, name), nil
	case EdDSA:
		return newEdDSA(name), nil
	case ECDSA:
		return newECDSA(name)
	case SSH:
		return newSSH(name), nil
	}
	return nil, fmt.Errorf("there is no kind of key %q", kind)
}

// Sign returns an armored signature of a commit without the final newline. The date
// in seconds since 1970 is what an OpenPGP signature says of its own age.
func (k *Key) Sign(payload []byte, seconds int64) string { return k.sign(payload, seconds) }

// IsOpenPGP says whether the key is looked up in a keyring.
func (k *Key) IsOpenPGP() bool { return k.Kind != SSH }

// seed is where the secret numbers of a key come from.
func seed(kind Kind, name string) [32]byte {
	return sha256.Sum256([]byte("a key for measurements: " + string(kind) + " " + name))
}
