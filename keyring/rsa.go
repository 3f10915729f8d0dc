package keyring

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"errors"
	"math/big"
	"math/bits"
	"sync"
	"sync/atomic"
)

// digestInfo is what stands in front of the digest in an RSA signature (RFC
// 8017, 9.2; RFC 9580, 5.2.3.1).
var digestInfo = map[crypto.Hash]string{
	crypto.SHA1:     "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
	crypto.SHA256:   "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA384:   "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
	crypto.SHA512:   "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
	crypto.SHA3_256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x08\x05\x00\x04\x20",
	crypto.SHA3_512: "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x0a\x05\x00\x04\x40",
}

var errRSA = errors.New("RSA verification failure")

// An rsaKey verifies with an RSA key of any length by the definition (RFC 8017,
// 8.2.2): the signature to the public exponent must be the one block that encodes the
// digest. The standard library refuses keys of less than 1024 bits, which only
// histories that Guix accepts have, and takes five times as long with 4096.
type rsaKey struct {
	*rsa.PublicKey
	used     atomic.Bool
	prepared func() *rsaPower // made when it is needed a second time, and kept
}

// newRSAKey is of a key whose modulus is odd, and its exponent positive.
func newRSAKey(key *rsa.PublicKey) *rsaKey {
	return &rsaKey{PublicKey: key, prepared: sync.OnceValue(func() *rsaPower { return newRSAPower(key) })}
}

// verify is rsa.VerifyPKCS1v15 but for the length of keys and for leading zeros of
// the signature, which OpenPGP leaves out.
func (k *rsaKey) verify(digest crypto.Hash, sum, signature []byte) error {
	expected, ok := pkcs1(k.Size(), digest, sum)
	number := new(big.Int).SetBytes(signature)
	if !ok || number.Cmp(k.N) >= 0 || !k.makes(number, expected) {
		return errRSA
	}
	return nil
}

// makes says whether the number to the public exponent is the block. To prepare for
// that takes as long as to do it once without: most keys of a keyring are used once in
// a run that finds nothing new, for what they say of themselves.
func (k *rsaKey) makes(number *big.Int, block []byte) bool {
	if k.used.Swap(true) {
		return k.prepared().makes(number, block)
	}
	power := new(big.Int).Exp(number, big.NewInt(int64(k.E)), k.N)
	return bytes.Equal(power.FillBytes(make([]byte, len(block))), block)
}

// verifyPGP is verify for a signature of OpenPGP.
func (k *rsaKey) verifyPGP(sum []byte, s *pgpSignature) bool {
	return k.verify(hashes[s.hash], sum, nextNumber(&cursor{rest: s.values})) == nil
}

// pkcs1 is the one block of so many bytes that encodes a digest (EMSA-PKCS1-v1_5,
// RFC 8017, 9.2), and false if it does not fit.
func pkcs1(size int, digest crypto.Hash, sum []byte) ([]byte, bool) {
	info, known := digestInfo[digest]
	padding := size - 3 - len(info) - len(sum)
	if !known || padding < 8 {
		return nil, false
	}
	block := append(make([]byte, 0, size), 0, 1)
	for range padding {
		block = append(block, 0xff)
	}
	return append(append(append(block, 0), info...), sum...), true
}

// An rsaPower raises numbers to an exponent e.
type rsaPower struct {
	*modulus
	e int
	// restore is R^e modulo n. To raise a number takes e-1 multiplications, or as many
	// squares as stand for them, and one more by this: each divides by R once.
	restore *big.Int
}

func newRSAPower(key *rsa.PublicKey) *rsaPower {
	p := &rsaPower{modulus: newModulus(key.N), e: key.E}
	r := p.register()
	defer r.release()
	radix := p.radix()
	square := new(big.Int).Mul(radix, radix)
	p.raise(r, square.Mod(square, key.N))
	r.multiply(big.NewInt(1)) // of R^(e+1)
	p.restore = new(big.Int).Set(r.reduced())
	return p
}

// raise makes number^e/R^(e-1) of a number less than n.
func (p *rsaPower) raise(r *register, number *big.Int) {
	r.set(number)
	for i := bits.Len(uint(p.e)) - 2; i >= 0; i-- {
		r.square()
		if p.e>>i&1 == 1 {
			r.multiply(number)
		}
	}
}

// makes says whether a number less than n makes the block if it is raised.
func (p *rsaPower) makes(number *big.Int, block []byte) bool {
	r := p.register()
	defer r.release()
	p.raise(r, number)
	r.multiply(p.restore)
	return bytes.Equal(r.reduced().FillBytes(make([]byte, len(block))), block)
}
