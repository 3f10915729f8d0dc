package keyring

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"flag"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// rsaRounds scales the comparisons with other implementations. For millions:
//
//	go test ./keyring -run 'RSAIsThatOf|RSAPowerIsThatOf' -timeout 2h -rsa.rounds 2000000
var rsaRounds = flag.Int("rsa.rounds", 10_000, "comparisons in each test of RSA against another implementation")

// rounds is how many comparisons a test makes.
func rounds() int {
	if testing.Short() {
		return *rsaRounds / 10
	}
	return *rsaRounds
}

// TestRSAIsThatOfTheStandardLibrary compares verdicts on signatures that are valid,
// changed in any way, or out of range. Keys for which the standard library is too
// good are compared with the definition.
func TestRSAIsThatOfTheStandardLibrary(t *testing.T) {
	sizes := []int{768, 1024, 1025, 1536, 2047, 2048, 3071, 3072, 4095, 4096}
	share := 0.0 // of the rounds, so that no size takes more time than another
	for _, bits := range sizes {
		share += 1 / float64(bits*bits)
	}
	for _, bits := range sizes {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			r := mathrand.New(mathrand.NewPCG(uint64(bits), 1))
			compareRSA(t, r, bits, 60+int(float64(rounds())/share/float64(bits*bits)))
		})
	}
}

func compareRSA(t *testing.T, r *mathrand.Rand, bits, rounds int) {
	private := multiPrimeKey(r, bits, []int64{3, 17, 65537}[r.IntN(3)])
	key := newRSAKey(&private.PublicKey)
	var sums, signatures [][]byte
	digests := []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512}
	for i, digest := range digests {
		h := digest.New()
		fmt.Fprint(h, "payload", i)
		sums = append(sums, h.Sum(nil))
		block, ok := pkcs1(key.Size(), digest, sums[i])
		if !ok {
			t.Fatal("the block does not fit")
		}
		signatures = append(signatures, new(big.Int).Exp(new(big.Int).SetBytes(block), private.D, key.N).Bytes())
	}
	valid := 0
	for range rounds {
		i := r.IntN(len(digests))
		digest := digests[i]
		if r.IntN(8) == 0 {
			digest = digests[r.IntN(len(digests))]
		}
		changed := mutate(r, key.PublicKey, signatures[i])
		ours, theirs := key.verify(digest, sums[i], changed) == nil, reference(key.PublicKey, digest, sums[i], changed)
		if ours != theirs {
			t.Fatalf("%v, %x: %v, and the reference says %v", digest, changed, ours, theirs)
		}
		if ours {
			valid++
		}
	}
	if valid < 3 || rounds-valid < 20 {
		t.Errorf("%d valid signatures of %d", valid, rounds)
	}
}

// reference is the verdict of the standard library, or for keys that it refuses the
// definition.
func reference(key *rsa.PublicKey, digest crypto.Hash, sum, signature []byte) bool {
	if key.N.BitLen() >= 1024 {
		if len(sum) != digest.Size() { // an error of the caller there
			return false
		}
		return rsa.VerifyPKCS1v15(key, digest, sum, padded(key, signature)) == nil
	}
	block, ok := pkcs1(key.Size(), digest, sum)
	number := new(big.Int).SetBytes(signature)
	if !ok || len(sum) != digest.Size() || number.Cmp(key.N) >= 0 {
		return false
	}
	return number.Exp(number, big.NewInt(int64(key.E)), key.N).Cmp(new(big.Int).SetBytes(block)) == 0
}

// multiPrimeKey makes a key of any length, the same each time, out of primes that are
// quickly found. What verifies cannot tell.
func multiPrimeKey(r *mathrand.Rand, bits int, e int64) *rsa.PrivateKey {
	const size = 160
	one := big.NewInt(1)
	n, phi := big.NewInt(1), big.NewInt(1)
	for n.BitLen() < bits {
		left := bits - n.BitLen() + 1
		if left >= 2*size {
			left = size
		}
		p := randomPrime(r, left)
		product, less := new(big.Int).Mul(n, p), new(big.Int).Sub(p, one)
		if product.BitLen() <= bits && new(big.Int).Mod(less, big.NewInt(e)).Sign() != 0 {
			n, phi = product, phi.Mul(phi, less)
		}
		if short := bits - n.BitLen(); short > 0 && short < size/2 { // no prime fits: begin again
			n, phi = big.NewInt(1), big.NewInt(1)
		}
	}
	d := new(big.Int).ModInverse(big.NewInt(e), phi)
	return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e)}, D: d}
}

// randomPrime has so many bits.
func randomPrime(r *mathrand.Rand, bits int) *big.Int {
	for {
		if p := randomOdd(r, bits); p.ProbablyPrime(0) {
			return p
		}
	}
}

// randomOdd has so many bits.
func randomOdd(r *mathrand.Rand, bits int) *big.Int {
	n := randomNumber(r, bits)
	return n.SetBit(n.SetBit(n, bits-1, 1), 0, 1)
}

// randomNumber has at most so many bits.
func randomNumber(r *mathrand.Rand, bits int) *big.Int {
	bytes := make([]byte, (bits+7)/8)
	for i := range bytes {
		bytes[i] = byte(r.Uint32())
	}
	n := new(big.Int).SetBytes(bytes)
	return n.Rsh(n, uint(8*len(bytes)-bits))
}

// TestRSAPowerIsThatOfBigInt compares the arithmetic on moduli and numbers of any
// form, many of them such that all that can be carried is.
func TestRSAPowerIsThatOfBigInt(t *testing.T) {
	exponents := []int{3, 5, 7, 17, 257, 65535, 65537, 1<<24 - 1}
	r := mathrand.New(mathrand.NewPCG(2, 3))
	for range rounds()/20 + 20 {
		n := oddModulus(r)
		p := newRSAPower(&rsa.PublicKey{N: n, E: exponents[r.IntN(len(exponents))]})
		for range 20 {
			s := residue(r, n)
			want := new(big.Int).Exp(s, big.NewInt(int64(p.e)), n).FillBytes(make([]byte, (n.BitLen()+7)/8))
			if !p.makes(s, want) {
				t.Fatalf("%x^%d modulo %x is not %x", s, p.e, n, want)
			}
			want[r.IntN(len(want))] ^= 1 << r.IntN(8)
			if p.makes(s, want) {
				t.Fatalf("%x^%d modulo %x is %x", s, p.e, n, want)
			}
		}
	}
}

// oddModulus is a number of 2 to 4,200 bits, and mostly of few.
func oddModulus(r *mathrand.Rand) *big.Int {
	bits := 2 + r.IntN(600)
	switch r.IntN(40) {
	case 0:
		bits = 2 + r.IntN(4200)
	case 1:
		bits = blockBits * (1 + r.IntN(4))
	}
	n := randomOdd(r, bits)
	switch r.IntN(6) {
	case 0: // all ones
		n.Lsh(big.NewInt(1), uint(bits)).Sub(n, big.NewInt(1))
	case 1: // all zeros but two
		n.Lsh(big.NewInt(1), uint(bits-1)).SetBit(n, 0, 1)
	case 2: // few ones
		for n.SetInt64(1).SetBit(n, bits-1, 1); r.IntN(8) > 0; {
			n.SetBit(n, r.IntN(bits), 1)
		}
	case 3: // few zeros
		for n.Lsh(big.NewInt(1), uint(bits)).Sub(n, big.NewInt(1)); r.IntN(8) > 0 && bits > 2; {
			n.SetBit(n, 1+r.IntN(bits-2), 0)
		}
	}
	return n
}

// residue is a number less than n.
func residue(r *mathrand.Rand, n *big.Int) *big.Int {
	switch r.IntN(8) {
	case 0:
		return big.NewInt(int64(r.IntN(2)))
	case 1: // a negative one near to zero
		return new(big.Int).Sub(n, big.NewInt(int64(1+r.IntN(2))))
	case 2: // a power of two
		return new(big.Int).Lsh(big.NewInt(1), uint(r.IntN(n.BitLen()-1)))
	case 3: // all ones
		one := big.NewInt(1)
		return one.Sub(new(big.Int).Lsh(one, uint(r.IntN(n.BitLen()))), one)
	}
	s := randomNumber(r, n.BitLen())
	return s.Mod(s, n)
}

// TestRSAAtOnce verifies with one key in many goroutines.
func TestRSAAtOnce(t *testing.T) {
	private := multiPrimeKey(mathrand.New(mathrand.NewPCG(4, 5)), 2048, 65537)
	key := newRSAKey(&private.PublicKey)
	sum := make([]byte, crypto.SHA256.Size())
	block, _ := pkcs1(key.Size(), crypto.SHA256, sum)
	signature := new(big.Int).Exp(new(big.Int).SetBytes(block), private.D, key.N).Bytes()
	atOnce(func() {
		for i := range 40 {
			changed := slices.Clone(signature)
			changed[i] ^= byte(i % 2)
			if (key.verify(crypto.SHA256, sum, changed) == nil) != (i%2 == 0) {
				t.Errorf("signature %d", i)
			}
		}
	})
}

// atOnce runs f in some goroutines.
func atOnce(f func()) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(f)
	}
	all.Wait()
}

// padded is a signature of the length that the standard library asks for.
func padded(key *rsa.PublicKey, signature []byte) []byte {
	number := new(big.Int).SetBytes(signature)
	if number.BitLen() > 8*key.Size() {
		return signature
	}
	return number.FillBytes(make([]byte, key.Size()))
}

// mutate changes a signature, or leaves it as it is.
func mutate(r *mathrand.Rand, key *rsa.PublicKey, signature []byte) []byte {
	changed := slices.Clone(signature)
	switch r.IntN(8) {
	case 0:
		return changed
	case 1: // a number that is congruent, and too large
		return new(big.Int).Add(new(big.Int).SetBytes(changed), key.N).Bytes()
	case 2:
		return new(big.Int).Sub(key.N, new(big.Int).SetBytes(changed)).Bytes()
	case 3:
		return []byte{byte(r.IntN(3))}
	case 4:
		return changed[:r.IntN(len(changed))]
	case 5:
		return append(changed, byte(r.IntN(256)))
	case 6:
		return key.N.Bytes()
	}
	changed[r.IntN(len(changed))] ^= 1 << r.IntN(8)
	return changed
}

// TestRSAForgedPadding: with a small exponent whoever finds a root of a block that is
// almost right has a signature, unless the whole block is compared (Bleichenbacher
// 2006). The cube of a number below is such a block.
func TestRSAForgedPadding(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), 3071)
	n.SetBit(n, 0, 1)
	key := &rsa.PublicKey{N: n, E: 3}
	h := crypto.SHA256.New()
	h.Write([]byte("payload"))
	block, _ := pkcs1(key.Size(), crypto.SHA256, h.Sum(nil))
	prefix := append([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, block[len(block)-52:]...)
	target := new(big.Int).SetBytes(append(prefix, make([]byte, key.Size()-len(prefix))...))
	root := cubeRoot(target)
	cube := new(big.Int).Exp(root, big.NewInt(3), nil)
	if got := cube.FillBytes(make([]byte, key.Size())); !slices.Equal(got[:len(prefix)], prefix) {
		t.Fatalf("the forgery is none: %x", binary.BigEndian.Uint64(got))
	}
	if newRSAKey(key).verify(crypto.SHA256, h.Sum(nil), root.Bytes()) == nil {
		t.Error("a forged signature passes")
	}
}

// cubeRoot is the least number whose cube is at least n.
func cubeRoot(n *big.Int) *big.Int {
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen()/3+1))
	for low.Cmp(high) < 0 {
		middle := new(big.Int).Rsh(new(big.Int).Add(low, high), 1)
		if new(big.Int).Exp(middle, big.NewInt(3), nil).Cmp(n) >= 0 {
			high = middle
		} else {
			low = middle.Add(middle, big.NewInt(1))
		}
	}
	return low
}

func BenchmarkRSA(b *testing.B) {
	for _, bits := range []int{1024, 2048, 3072, 4096} {
		private, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			b.Fatal(err)
		}
		key, sum := newRSAKey(&private.PublicKey), make([]byte, crypto.SHA256.Size())
		signature, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum)
		if err != nil {
			b.Fatal(err)
		}
		for name, verify := range map[string]func() error{
			"ours":     func() error { return key.verify(crypto.SHA256, sum, signature) },
			"standard": func() error { return rsa.VerifyPKCS1v15(key.PublicKey, crypto.SHA256, sum, signature) },
		} {
			b.Run(fmt.Sprint(bits, "/", name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := verify(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
