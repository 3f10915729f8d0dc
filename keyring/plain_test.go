package keyring

import (
	mathrand "math/rand/v2"
	"testing"
)

// TestPlainIsThatOfTheLibrary compares what is required of subpackets with what
// go-crypto requires, on subpackets of any type and mostly almost right.
func TestPlainIsThatOfTheLibrary(t *testing.T) {
	r := mathrand.New(mathrand.NewPCG(14, 15))
	counts := map[bool]int{}
	kinds := map[byte]map[bool]int{}
	for range 40_000 {
		body := randomSignature(r)
		s, err := parseSignature(body)
		if err != nil {
			t.Fatalf("%x: %v", body, err)
		}
		want := s.agreed()
		if s.plain() != want {
			t.Fatalf("%x: %v, and the library says %v", body, !want, want)
		}
		counts[want]++
		if len(s.hashed) == 2 {
			kind := s.hashed[1].typ
			if kinds[kind] == nil {
				kinds[kind] = map[bool]int{}
			}
			kinds[kind][want]++
		}
	}
	if counts[true] < 1000 || counts[false] < 1000 {
		t.Errorf("%v", counts)
	}
	for kind := range byte(45) {
		if kind != subEmbedded && kinds[kind][true] == 0 {
			t.Errorf("no signature with a subpacket of type %d passes", kind)
		}
	}
}

// randomSignature is the body of a signature by Ed25519 that is well formed but for
// what its subpackets hold, and in version 6 the salt.
func randomSignature(r *mathrand.Rand) []byte {
	version, size, salt := byte(4), 2, []byte(nil)
	hash := []byte{2, 8, 9, 10, 12, 14}[r.IntN(6)]
	if r.IntN(3) == 0 {
		version, size = 6, 4
		n := saltSizes[hash]
		if r.IntN(8) == 0 {
			n += r.IntN(3) - 1
		}
		n = max(n, 0)
		salt = append([]byte{byte(n)}, make([]byte, n)...)
	}
	var hashed, unhashed []byte
	if r.IntN(10) > 0 {
		hashed = append(hashed, 5, 2, 0, 0, 0, byte(r.IntN(2)))
	}
	for range r.IntN(3) {
		hashed = append(hashed, randomSubpacket(r, version)...)
	}
	if r.IntN(3) == 0 {
		unhashed = randomSubpacket(r, version)
	}
	return joined([]byte{version, 0, 27, hash}, be(size, len(hashed)), hashed, be(size, len(unhashed)), unhashed,
		[]byte{1, 2}, salt, make([]byte, 64))
}

// randomSubpacket is of any type but that of a signature.
func randomSubpacket(r *mathrand.Rand, version byte) []byte {
	typ := byte(r.IntN(45))
	for typ == subEmbedded {
		typ = byte(r.IntN(45))
	}
	body := make([]byte, []int{0, 1, 2, 3, 4, 8, 9, 20, 21, 22, 33}[r.IntN(11)])
	for i := range body {
		body[i] = byte(r.IntN(3))
	}
	if len(body) > 0 && r.IntN(2) == 0 {
		body[0] = []byte{3, 4, 5, 6, 255, version}[r.IntN(6)]
	}
	if len(body) >= 8 && r.IntN(2) == 0 {
		name := r.IntN(len(body) - 7)
		body[4], body[5], body[6], body[7] = 0, byte(name), 0, byte(len(body)-8-name)
	}
	if r.IntN(2) == 0 {
		typ |= 0x80
	}
	return joined([]byte{byte(len(body) + 1), typ}, body)
}
