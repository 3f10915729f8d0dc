package keyring

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"testing"
)

// TestRSADifferential compares verifyPKCS1 with the standard library on signatures
// that are valid, changed in any way, or out of range.
func TestRSADifferential(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 40
	}
	valid, invalid := 0, 0
	for _, bits := range []int{1024, 1025, 2048, 3072, 4096} {
		private, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		key := &private.PublicKey
		for _, digest := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512} {
			h := digest.New()
			h.Write([]byte("payload"))
			sum := h.Sum(nil)
			signature, err := rsa.SignPKCS1v15(nil, private, digest, sum)
			if err != nil {
				t.Fatal(err)
			}
			r := mathrand.New(mathrand.NewPCG(uint64(bits), uint64(digest)))
			for range rounds / 10 {
				changed := mutate(r, key, signature)
				ours, theirs := verifyPKCS1(key, digest, sum, changed), rsa.VerifyPKCS1v15(key, digest, sum, padded(key, changed))
				if (ours == nil) != (theirs == nil) {
					t.Fatalf("RSA-%d, %v: %x: %v, and the standard library says %v", bits, digest, changed, ours, theirs)
				}
				if ours == nil {
					valid++
				} else {
					invalid++
				}
			}
			for _, other := range []crypto.Hash{crypto.SHA256, crypto.SHA512} { // the wrong prefix
				if other != digest && other.Size() == digest.Size() && verifyPKCS1(key, other, sum, signature) == nil {
					t.Errorf("RSA-%d: a signature over %v passes as one over %v", bits, digest, other)
				}
			}
		}
	}
	if valid < 20 || invalid < 20 {
		t.Errorf("%d valid and %d invalid signatures", valid, invalid)
	}
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
	if verifyPKCS1(key, crypto.SHA256, h.Sum(nil), root.Bytes()) == nil {
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

func BenchmarkRSA4096(b *testing.B) {
	private, err := rsa.GenerateKey(rand.Reader, 4096)
	if err != nil {
		b.Fatal(err)
	}
	sum := make([]byte, 32)
	signature, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			_ = verifyPKCS1(&private.PublicKey, crypto.SHA256, sum, signature)
		}
	})
	b.Run("standard", func(b *testing.B) {
		for b.Loop() {
			_ = rsa.VerifyPKCS1v15(&private.PublicKey, crypto.SHA256, sum, signature)
		}
	})
}
