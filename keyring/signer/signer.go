// Package signer is the vocabulary that the package keyring, which checks
// signatures, and the package authz, which judges who signed, have in common.
// It depends on the standard library alone.
package signer

import "strings"

// An Identity is who made a signature that was verified. Only a verified
// signature yields one: what a signature merely claims about its maker travels
// in Problem.Claimed and nowhere else.
type Identity struct {
	// Key is the fingerprint of the key or subkey that made the signature.
	Key Fingerprint
	// Primaries are the fingerprints of the primary keys of which Key is a
	// proven signing subkey: binding signature, back-signature and signing
	// flag check out. It is empty for a primary key, and almost always has one
	// element for a subkey.
	Primaries []Fingerprint
	// Algorithm describes key and digest for people, such as "RSA-4096, SHA-512".
	Algorithm string
}

// A Weakness is a property of a verified or unverified signature that some
// policies accept and others refuse. Digests that no policy accepts (MD5,
// RIPEMD-160) are a Problem instead.
type Weakness uint8

// The weaknesses that can occur together.
const (
	WeakSHA1 Weakness = 1 << iota // the digest is SHA-1
	WeakDSA                       // the key is a DSA key
	WeakRSA                       // the key is an RSA key of less than 2048 bits
)

// Kind is the class of a Problem.
type Kind uint8

// The ways in which a signature can fail to prove its maker.
const (
	Malformed    Kind = iota + 1 // not exactly one well-formed signature
	Unsupported                  // well formed, but of a type, version or algorithm that is not accepted
	Weak                         // a digest or key that no policy accepts
	UnknownKey                   // the key that it names is not in the keyring
	BadSignature                 // the signature does not match the payload and the key
)

// A Problem is why a signature proves nothing.
type Problem struct {
	Kind Kind
	// Claimed is the fingerprint or 64-bit key id (16 digits) that the
	// signature names as its maker, or empty. It is unverified.
	Claimed string
	// Detail is one fact in lower case, such as "two signature packets".
	Detail string
}

// A Result is the outcome of checking one signature: exactly one of Identity
// and Problem is set. Weakness is meaningful with either, so that a policy can
// call a signature weak without knowing its key.
type Result struct {
	Identity *Identity
	Problem  *Problem
	Weakness Weakness
}

// String names the weaknesses in w for people.
func (w Weakness) String() string {
	var words []string
	for _, weakness := range []struct {
		is   Weakness
		word string
	}{{WeakSHA1, "SHA-1"}, {WeakDSA, "a DSA key"}, {WeakRSA, "an RSA key of less than 2048 bits"}} {
		if w&weakness.is != 0 {
			words = append(words, weakness.word)
		}
	}
	return strings.Join(words, " and ")
}
