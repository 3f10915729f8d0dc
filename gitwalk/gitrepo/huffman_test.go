package gitrepo

import "testing"

// Only a code is accepted in which every sequence of bits means one thing (RFC 1951,
// section 3.2.2), or that has no symbol or one, of one bit (section 3.2.7).
func TestCodes(t *testing.T) {
	for _, tt := range []struct {
		name          string
		lengths       []uint8
		whole, single bool
	}{
		{"two of one bit", []uint8{1, 1}, true, false},
		{"the example of the RFC", []uint8{3, 3, 3, 3, 3, 2, 4, 4}, true, false},
		{"of all lengths", []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15}, true, false},
		{"a sequence without a meaning", []uint8{1, 2}, false, false},
		{"one that is long", []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, false, false},
		{"a sequence with two meanings", []uint8{1, 1, 1}, false, false},
		{"one symbol", []uint8{0, 0, 1}, false, true},
		{"one symbol of two bits", []uint8{0, 2}, false, false},
		{"none", []uint8{0, 0, 0}, false, true},
	} {
		meaning := numbers(uint32(len(tt.lengths)))
		if got := new(huffman).build(fastDistance, tt.lengths, meaning); got != tt.whole {
			t.Errorf("%s: %v", tt.name, got)
		}
		if got := new(huffman).buildSingle(fastDistance, tt.lengths, meaning); got != tt.single {
			t.Errorf("%s, as a single one: %v", tt.name, got)
		}
	}
}

// The example of RFC 1951, section 3.2.2, in which the first bit is written first.
func TestLookup(t *testing.T) {
	var h huffman
	h.build(fastDistance, []uint8{3, 3, 3, 3, 3, 2, 4, 4}, numbers(8))
	for symbol, code := range []string{"010", "011", "100", "101", "110", "00", "1110", "1111"} {
		bits := uint64(0)
		for i, bit := range code {
			bits |= uint64(bit-'0') << i
		}
		if e := h.lookup(fastDistance, bits); e>>16 != uint32(symbol) || int(e&0xff) != len(code) {
			t.Errorf("%s is symbol %d of %d bits instead of %d of %d", code, e>>16, e&0xff, symbol, len(code))
		}
	}
}
