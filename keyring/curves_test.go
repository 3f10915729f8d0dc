package keyring

import (
	"crypto/ed25519"
	"encoding/hex"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"testing"

	library "github.com/ProtonMail/go-crypto/openpgp/ed25519"
)

// smallOrder are points of order 1, 2, 4 and 8, then other ways to write some of them
// that are not canonical, then numbers near p that are points or not.
var smallOrder = []string{
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"0200000000000000000000000000000000000000000000000000000000000000",
	"0300000000000000000000000000000000000000000000000000000000000080",
}

// TestEd25519IsThatOfTheLibrary compares verdicts with those of the library that
// go-crypto uses, where libraries are known to differ: points of small order, points
// and numbers that are not canonical.
func TestEd25519IsThatOfTheLibrary(t *testing.T) {
	r := mathrand.New(mathrand.NewPCG(16, 17))
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	points := [][]byte{forge("alice").private.Public().(ed25519.PublicKey)}
	for _, s := range smallOrder {
		point, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		points = append(points, point)
	}
	littleEndian := func(n *big.Int) []byte {
		b := n.FillBytes(make([]byte, 32))
		slices.Reverse(b)
		return b
	}
	valid, notCanonical := 0, 0
	for range 4000 {
		point, sum := points[r.IntN(len(points))], []byte{byte(r.IntN(256)), byte(r.IntN(256))}
		signature := ed25519.Sign(forge("alice").private, sum)
		switch r.IntN(4) {
		case 0: // R of small order
			signature = joined(points[1+r.IntN(len(points)-1)], littleEndian(big.NewInt(0)))
		case 1: // S that is too large, or almost
			s := new(big.Int).Add(order, big.NewInt(int64(r.IntN(3)-1)))
			signature = joined(signature[:32], littleEndian(s))
		case 2: // S that is congruent
			number := slices.Clone(signature[32:])
			slices.Reverse(number)
			signature = joined(signature[:32], littleEndian(new(big.Int).Add(order, new(big.Int).SetBytes(number))))
		}
		if r.IntN(4) == 0 {
			signature[r.IntN(64)] ^= 1 << r.IntN(8)
		}
		want := library.Verify(&library.PublicKey{Point: point}, sum, signature)
		if got := verifyEd25519(point)(sum, &pgpSignature{values: signature}); got != want {
			t.Fatalf("key %x, %x, %x: %v, and the library says %v", point, sum, signature, got, want)
		}
		if want {
			valid++
		} else if ed25519.Verify(point, sum, signature) {
			notCanonical++
		}
	}
	if valid < 50 || notCanonical < 5 {
		t.Errorf("%d valid signatures, and %d by keys that are not canonical", valid, notCanonical)
	}
}
