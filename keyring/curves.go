package keyring

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"math/big"
	"slices"

	"github.com/ProtonMail/go-crypto/openpgp/ecdsa"
	"github.com/ProtonMail/go-crypto/openpgp/ed448"
)

// twoNumbers are the octets of the numbers at the end of a signature of DSA, ECDSA or
// legacy EdDSA.
func (s *pgpSignature) twoNumbers() (a, b []byte) {
	c := cursor{rest: s.values}
	return nextNumber(&c), nextNumber(&c)
}

func nextNumber(c *cursor) []byte { return c.take((int(c.number(2)) + 7) / 8) }

func verifyECDSA(key *ecdsa.PublicKey) func([]byte, *pgpSignature) bool {
	return func(sum []byte, s *pgpSignature) bool {
		a, b := s.twoNumbers()
		return ecdsa.Verify(key, sum, new(big.Int).SetBytes(a), new(big.Int).SetBytes(b))
	}
}

func verifyEd448(key *ed448.PublicKey) func([]byte, *pgpSignature) bool {
	return func(sum []byte, s *pgpSignature) bool { return ed448.Verify(key, sum, s.values) }
}

// verifyEd25519 refuses a key that could be written in another way. The standard library,
// which is faster than the one that go-crypto uses, accepts it.
func verifyEd25519(point []byte) func([]byte, *pgpSignature) bool {
	canonical := isCanonicalPoint(point)
	return func(sum []byte, s *pgpSignature) bool {
		return canonical && ed25519.Verify(point, sum, s.values)
	}
}

// verifyEdDSA is for the legacy form, in which the halves of a signature are numbers
// without leading zeros.
func verifyEdDSA(point []byte) func([]byte, *pgpSignature) bool {
	canonical := isCanonicalPoint(point)
	return func(sum []byte, s *pgpSignature) bool {
		const half = ed25519.SignatureSize / 2
		a, b := s.twoNumbers()
		if !canonical || len(a) > half || len(b) > half {
			return false
		}
		var signature [2 * half]byte
		copy(signature[half-len(a):], a)
		copy(signature[2*half-len(b):], b)
		return ed25519.Verify(point, sum, signature[:])
	}
}

// isCanonicalPoint says whether a point of Edwards25519 is written as RFC 8032, 5.1.3
// demands: y less than p = 2^255 - 19, and no sign if x is zero, as it is if y is 1 or -1.
func isCanonicalPoint(point []byte) bool {
	if len(point) != ed25519.PublicKeySize {
		return false
	}
	y := slices.Clone(point)
	slices.Reverse(y)
	negative := y[0]&0x80 != 0
	y[0] &= 0x7f
	p, _ := hex.DecodeString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed")
	number, minusOne := new(big.Int).SetBytes(y), bytes.Clone(p)
	minusOne[len(p)-1]--
	xIsZero := number.Cmp(big.NewInt(1)) == 0 || bytes.Equal(y, minusOne)
	return bytes.Compare(y, p) < 0 && !(negative && xIsZero)
}
