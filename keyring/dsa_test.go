package keyring

import (
	"crypto/dsa" //lint:ignore SA1019 what the tables are compared with
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
)

// A dsaCase is a signature.
type dsaCase struct {
	sum  []byte
	r, s *big.Int
}

// forgeDSA makes a signature that verifies without a private key: for a digest that
// it does not choose. It needs no primes and no group.
func forgeDSA(random *mathrand.Rand, key *dsa.PublicKey) (dsaCase, bool) {
	q := key.Q
	x, y := residue(random, q), residue(random, q)
	v := new(big.Int).Exp(key.G, x, key.P)
	v.Mul(v, new(big.Int).Exp(key.Y, y, key.P))
	r := v.Mod(v.Mod(v, key.P), q)
	inverse := new(big.Int).ModInverse(y, q)
	if inverse == nil || r.Sign() == 0 {
		return dsaCase{}, false
	}
	s := inverse.Mod(inverse.Mul(inverse, r), q)
	z := x.Mod(x.Mul(x, s), q)
	return dsaCase{z.FillBytes(make([]byte, q.BitLen()/8)), r, s}, true
}

func (c dsaCase) mutate(random *mathrand.Rand, q *big.Int) dsaCase {
	c = dsaCase{slices.Clone(c.sum), new(big.Int).Set(c.r), new(big.Int).Set(c.s)}
	number := []*big.Int{c.r, c.s}[random.IntN(2)]
	switch random.IntN(8) {
	case 0:
		number.Add(number, q)
	case 1:
		number.Sub(q, number)
	case 2:
		number.SetInt64(int64(random.IntN(3)))
	case 3:
		number.Sub(q, big.NewInt(int64(random.IntN(3))))
	case 4:
		bit := random.IntN(q.BitLen())
		number.SetBit(number, bit, 1-number.Bit(bit))
	case 5:
		c.sum[random.IntN(len(c.sum))] ^= 1 << random.IntN(8)
	case 6:
		c.sum = c.sum[:random.IntN(len(c.sum))]
	}
	return c
}

// dsaShape is a key that judgeDSA lets pass, of real sizes or not, and mostly without
// the primes that a real one has.
func dsaShape(random *mathrand.Rand) *dsa.PublicKey {
	p := oddModulus(random)
	if random.IntN(16) == 0 {
		p = randomOdd(random, 1024*(1+random.IntN(3)))
	}
	for p.Cmp(big.NewInt(3)) <= 0 {
		p = oddModulus(random)
	}
	q := randomNumber(random, 8*(1+random.IntN(40)))
	q.SetBit(q, (q.BitLen()+7)/8*8, 0)
	if random.IntN(8) > 0 {
		bits := 8 * (1 + random.IntN(40))
		q = randomOdd(random, bits)
	}
	inside := func() *big.Int {
		span := new(big.Int).Sub(p, big.NewInt(2))
		return new(big.Int).Add(residue(random, span), big.NewInt(2))
	}
	return &dsa.PublicKey{Parameters: dsa.Parameters{P: p, Q: q, G: inside()}, Y: inside()}
}

// TestDSAIsThatOfTheStandardLibrary compares verdicts on keys and signatures of any
// form. The flag that scales the tests of RSA scales it as well.
func TestDSAIsThatOfTheStandardLibrary(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(6, 7))
	valid, invalid := 0, 0
	for range rounds()/100 + 10 {
		public := dsaShape(random)
		key := &dsaKey{PublicKey: public, spent: new(atomic.Int64)}
		if (&publicKey{}).judgeDSA(public) != "" {
			continue
		}
		key.prepare()
		for range 5 {
			forged, ok := forgeDSA(random, public)
			if !ok {
				continue
			}
			for range 4 {
				c := forged.mutate(random, public.Q)
				want := dsa.Verify(public, c.sum, c.r, c.s)
				if got := key.tables.Load().verify(public, c.sum, c.r, c.s); got != want {
					t.Fatalf("%+v, %x, %x, %x: %v, and the standard library says %v", public, c.sum, c.r, c.s, got, want)
				}
				if want {
					valid++
				} else {
					invalid++
				}
			}
		}
	}
	if t.Logf("%d valid and %d invalid signatures", valid, invalid); valid < 50 || invalid < 200 {
		t.Errorf("%d valid and %d invalid signatures", valid, invalid)
	}
}

// realDSA has the sizes of a real key.
func realDSA(random *mathrand.Rand, p, q int) *dsa.PublicKey {
	return &dsa.PublicKey{
		Parameters: dsa.Parameters{P: randomOdd(random, p), Q: randomPrime(random, q), G: randomNumber(random, p-1)},
		Y:          randomNumber(random, p-1),
	}
}

// TestDSATables are built for keys that sign often, as long as there is memory, and
// change no verdict.
func TestDSATables(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(8, 9))
	for _, c := range []struct {
		name  string
		spent int64
		built bool
	}{
		{"plenty", 0, true},
		{"just enough", maxDSATables - 128<<10, true},
		{"not enough", maxDSATables - 128<<10 + 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			public := realDSA(random, 1024, 160)
			spent := new(atomic.Int64)
			spent.Store(c.spent)
			key := &dsaKey{PublicKey: public, spent: spent}
			for i := range 2 * dsaPatience {
				forged, ok := forgeDSA(random, public)
				if !ok {
					continue
				}
				if !key.verify(forged.sum, forged.r, forged.s) {
					t.Errorf("refused: %d", i)
				}
				forged.sum[0] ^= 1
				if key.verify(forged.sum, forged.r, forged.s) {
					t.Errorf("accepted: %d", i)
				}
				if i == dsaPatience-2 && key.tables.Load() != nil {
					t.Error("tables for a key that has made few signatures")
				}
			}
			tables := key.tables.Load()
			if built := tables != nil; built != c.built {
				t.Fatalf("built: %v", built)
			}
			want := c.spent
			if c.built {
				want += int64(len(tables.g.table)+len(tables.y.table)) * blockBits / blockWords / 8
			}
			if spent.Load() != want {
				t.Errorf("%d bytes spent instead of %d", spent.Load(), want)
			}
		})
	}
}

// TestDSAAtOnce verifies with one key in many goroutines, of which one builds its
// tables.
func TestDSAAtOnce(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(10, 11))
	key := &dsaKey{PublicKey: realDSA(random, 1024, 160), spent: new(atomic.Int64)}
	forged, ok := forgeDSA(random, key.PublicKey)
	if !ok {
		t.Fatal("no signature")
	}
	wrong := slices.Clone(forged.sum)
	wrong[0] ^= 1
	atOnce(func() {
		for range 10 {
			if !key.verify(forged.sum, forged.r, forged.s) || key.verify(wrong, forged.r, forged.s) {
				t.Error("a wrong verdict")
			}
		}
	})
	if key.tables.Load() == nil {
		t.Error("no tables")
	}
}

func BenchmarkDSA(b *testing.B) {
	random := mathrand.New(mathrand.NewPCG(12, 13))
	for _, bits := range [][2]int{{1024, 160}, {2048, 256}, {3072, 256}} {
		key := &dsaKey{PublicKey: realDSA(random, bits[0], bits[1]), spent: new(atomic.Int64)}
		key.prepare()
		forged, ok := forgeDSA(random, key.PublicKey)
		if !ok {
			b.Fatal("no signature")
		}
		for name, verify := range map[string]func() bool{
			"ours":     func() bool { return key.verify(forged.sum, forged.r, forged.s) },
			"standard": func() bool { return dsa.Verify(key.PublicKey, forged.sum, forged.r, forged.s) },
		} {
			b.Run(fmt.Sprint(bits[0], "/", name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if !verify() {
						b.Fatal("refused")
					}
				}
			})
		}
		b.Run(fmt.Sprint(bits[0], "/prepare"), func(b *testing.B) {
			for b.Loop() {
				key.prepare()
			}
		})
	}
}
