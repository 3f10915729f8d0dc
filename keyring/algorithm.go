package keyring

import "github.com/nix-authorize/nix-authorize/keyring/signer"

// Public-key algorithms (RFC 9580, 9.1) that can sign.
const (
	algorithmRSA     = 1
	algorithmRSASign = 3
	algorithmDSA     = 17
	algorithmECDSA   = 19
	algorithmEdDSA   = 22 // the legacy form of Ed25519
	algorithmEd25519 = 27
	algorithmEd448   = 28
)

// encryptionOnly are the algorithms that cannot sign.
var encryptionOnly = map[byte]string{2: "RSA", 16: "Elgamal", 18: "ECDH", 25: "X25519", 26: "X448", 35: "ML-KEM-768+X25519", 36: "ML-KEM-1024+X448"}

// signingAlgorithm says whether signatures of an algorithm are accepted.
func signingAlgorithm(algorithm byte) bool {
	switch algorithm {
	case algorithmRSA, algorithmRSASign, algorithmDSA, algorithmECDSA, algorithmEdDSA, algorithmEd25519, algorithmEd448:
		return true
	}
	return false
}

const hashSHA1 = 2

// hashNames are the digests (RFC 9580, 9.5) with which signatures are verified,
// named as crypto.Hash does.
var hashNames = map[byte]string{hashSHA1: "SHA-1", 8: "SHA-256", 9: "SHA-384", 10: "SHA-512", 12: "SHA3-256", 14: "SHA3-512"}

// saltSizes are the digests that signatures of version 6 may have, and the octets
// of salt that go with each.
var saltSizes = map[byte]int{8: 16, 9: 24, 10: 32, 12: 16, 14: 32}

// brokenHashes are those that no policy accepts.
var brokenHashes = map[byte]string{1: "MD5", 3: "RIPEMD-160"}

// checkHash says why a digest is not accepted.
func checkHash(hash byte) *signer.Problem {
	if name, broken := brokenHashes[hash]; broken {
		return weak("its digest is %s", name)
	}
	if hashNames[hash] == "" {
		return unsupported("its digest is number %d of OpenPGP, which is not accepted", hash)
	}
	return nil
}

// Bounds of keys in bits. A verification with a larger key would cost too much.
const (
	maxRSABits = 16384 // what OpenSSH makes at most
	maxDSABits = 8192
	weakRSA    = 2048 // below it RSA is weak
)
