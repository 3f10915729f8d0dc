package testkey

import (
	"crypto/sha512"
	"encoding/binary"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// exponent is the public exponent, the usual one.
const exponent = 65537

// poolSize is how many primes there are to choose from.
const poolSize = 512

// A crtKey is an RSA key whose modulus is a product of primes of 64 bits, which are
// in every processor's reach. Such a key can be taken apart in no time, and signs with
// the Chinese remainder theorem (RFC 8017, 5.1.2) in that time, too. To whoever
// verifies it is a modulus like any other.
type crtKey struct {
	modulus *big.Int
	primes  []crtPrime
}

// A crtPrime is what signing needs of one prime.
type crtPrime struct {
	p           uint64
	d           uint64   // the private exponent, modulo p-1
	coefficient *big.Int // 1 modulo p, 0 modulo all other primes
	padding     uint64   // the padded block without its digest, modulo p
}

// pool are primes that are so large that the product of n of them has 64n bits for
// each n up to 64. 65537 has an inverse modulo p-1 for each.
var pool = makePool()

func makePool() []uint64 {
	var found []uint64
	for p := uint64(0xfe00000000000001); len(found) < poolSize; p += 2 {
		if (p-1)%exponent != 0 && new(big.Int).SetUint64(p).ProbablyPrime(0) {
			found = append(found, p)
		}
	}
	return found
}

// newCRT makes a key of so many bits, a multiple of 64. The seed chooses the primes.
func newCRT(length int, seed [32]byte) *crtKey {
	k := &crtKey{modulus: big.NewInt(1)}
	left, dice := slices.Clone(pool), rand.NewChaCha8(seed)
	for range length / 64 {
		i := int(dice.Uint64() % uint64(len(left)))
		p := left[i]
		left = slices.Delete(left, i, i+1)
		k.primes = append(k.primes, crtPrime{p: p})
		k.modulus.Mul(k.modulus, new(big.Int).SetUint64(p))
	}
	padding := new(big.Int).SetBytes(pkcs1(length/8, make([]byte, sha512.Size)))
	for i := range k.primes {
		k.primes[i].prepare(k.modulus, padding)
	}
	return k
}

func (c *crtPrime) prepare(modulus, padding *big.Int) {
	p, one := new(big.Int).SetUint64(c.p), big.NewInt(1)
	c.d = new(big.Int).ModInverse(big.NewInt(exponent), new(big.Int).Sub(p, one)).Uint64()
	others := new(big.Int).Div(modulus, p)
	inverse := new(big.Int).ModInverse(new(big.Int).Mod(others, p), p)
	c.coefficient = inverse.Mul(inverse, others)
	c.padding = new(big.Int).Mod(padding, p).Uint64()
}

// sign makes the signature of a SHA-512 digest (RFC 8017, 8.2.1).
func (k *crtKey) sign(digest []byte) *big.Int {
	sum, part, term := new(big.Int), new(big.Int), new(big.Int)
	for i := range k.primes {
		c := &k.primes[i]
		part.SetUint64(power(c.block(digest), c.d, c.p))
		sum.Add(sum, term.Mul(c.coefficient, part))
	}
	return sum.Mod(sum, k.modulus)
}

// block is the padded block with the digest, modulo p.
func (c *crtPrime) block(digest []byte) uint64 {
	var remainder uint64
	for ; len(digest) > 0; digest = digest[8:] {
		_, remainder = bits.Div64(remainder, binary.BigEndian.Uint64(digest), c.p)
	}
	sum, carry := bits.Add64(remainder, c.padding, 0)
	_, sum = bits.Div64(carry, sum, c.p)
	return sum
}

// power is base to the exponent e modulo p.
func power(base, e, p uint64) uint64 {
	result := uint64(1)
	for ; e > 0; e >>= 1 {
		if e&1 == 1 {
			result = times(result, base, p)
		}
		base = times(base, base, p)
	}
	return result
}

func times(a, b, p uint64) uint64 {
	high, low := bits.Mul64(a, b)
	_, product := bits.Div64(high, low, p)
	return product
}

// digestInfo stands in front of a SHA-512 digest (RFC 8017, 9.2, note 1).
const digestInfo = "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"

// pkcs1 is the block of so many octets that is signed (RFC 8017, 9.2).
func pkcs1(size int, digest []byte) []byte {
	block := make([]byte, size)
	block[1] = 1
	end := size - len(digestInfo) - len(digest)
	for i := 2; i < end-1; i++ {
		block[i] = 0xff
	}
	copy(block[end:], digestInfo)
	copy(block[end+len(digestInfo):], digest)
	return block
}
