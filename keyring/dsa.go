package keyring

import (
	"crypto/dsa" //lint:ignore SA1019 histories that must verify have such keys
	"math/big"
	"sync/atomic"
)

// The tables of a DSA key are as much work as two or three verifications without them,
// and have 256 KiB with 2048 bits, 1 MiB with the most that are accepted.
const (
	dsaPatience  = 4        // signatures that a key has made before it gets tables
	maxDSATables = 32 << 20 // bytes of the tables of all keys of a keyring
)

// A dsaKey verifies with a DSA key whose P is odd, and G and Y between 1 and P. The
// first signatures are left to the standard library, which takes six to ten times as long.
type dsaKey struct {
	*dsa.PublicKey
	spent  *atomic.Int64             // bytes of tables in the keyring, or nil if there is none
	made   atomic.Int64              // signatures that have verified
	tables atomic.Pointer[dsaTables] // nil before they are built
}

type dsaTables struct{ g, y *comb }

// verifyPGP is verify for a signature of OpenPGP. Of the digest as many octets count as
// Q has (FIPS 186-4, 4.6).
func (k *dsaKey) verifyPGP(sum []byte, s *pgpSignature) bool {
	a, b := s.twoNumbers()
	sum = sum[:min(len(sum), (k.Q.BitLen()+7)/8)]
	return k.verify(sum, new(big.Int).SetBytes(a), new(big.Int).SetBytes(b))
}

// verify is dsa.Verify.
func (k *dsaKey) verify(sum []byte, r, s *big.Int) bool {
	if t := k.tables.Load(); t != nil {
		return t.verify(k.PublicKey, sum, r, s)
	}
	if !dsa.Verify(k.PublicKey, sum, r, s) {
		return false
	}
	if k.spent != nil && k.made.Add(1) == dsaPatience {
		k.prepare()
	}
	return true
}

// prepare builds the tables unless those of other keys have taken the memory.
func (k *dsaKey) prepare() {
	size := int64(2 * combBytes(k.P))
	if k.spent.Add(size) > maxDSATables {
		k.spent.Add(-size)
		return
	}
	m, bits := newModulus(k.P), k.Q.BitLen()
	k.tables.Store(&dsaTables{newComb(m, k.G, bits), newComb(m, k.Y, bits)})
}

// verify is the procedure of FIPS 186-4, 4.7, with what dsa.Verify requires.
func (t *dsaTables) verify(key *dsa.PublicKey, sum []byte, r, s *big.Int) bool {
	inside := func(n *big.Int) bool { return n.Sign() > 0 && n.Cmp(key.Q) < 0 }
	if !inside(r) || !inside(s) || key.Q.BitLen()%8 != 0 {
		return false
	}
	w := new(big.Int).ModInverse(s, key.Q)
	if w == nil { // Q is not a prime
		return false
	}
	u1 := new(big.Int).SetBytes(sum)
	u1.Mod(u1.Mul(u1, w), key.Q)
	u2 := w.Mul(r, w)
	u2.Mod(u2, key.Q)
	v := combined(t.g, t.y, u1, u2)
	return v.Mod(v, key.Q).Cmp(r) == 0
}
