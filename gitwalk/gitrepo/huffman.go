package gitrepo

import "math/bits"

// A huffman is the table of a Huffman code: what the next bits of the input mean. It
// begins with a table for so many bits as are enough for most symbols ("fast"). Where
// those are the beginning of a longer code it leads to another table, for what follows.
type huffman struct {
	entries [1<<fastLiteral + maxLiterals/2<<(maxCode-fastLiteral)]uint32
}

// Limits of a code (RFC 1951, section 3.2).
const (
	maxCode      = 15 // bits of a code
	maxLiterals  = 288
	maxDistances = 32

	fastLiteral  = 10
	fastDistance = 8
	fastLengths  = 7
)

// An entry of the table has the bits of the code in its lowest byte, then the number
// of extra bits that follow (4 bits), what it is (4 bits), and a value: a literal, the
// least length or distance, or the place of another table.
const (
	isLiteral = 1 << 12
	isEnd     = 1 << 13
	isTable   = 1 << 14
	isNothing = 1 << 15 // a code without a meaning
)

// build makes the table from the length of each symbol's code and what the symbol
// means. It says false for a code in which a sequence of bits means nothing or two
// things.
func (h *huffman) build(fast uint, lengths []uint8, meaning []uint32) bool {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	longest, ok := complete(&count)
	if !ok {
		return false
	}
	var next [maxCode + 2]int
	for n := 1; n <= maxCode; n++ {
		next[n+1] = next[n] + count[n]
	}
	var sorted [maxLiterals]uint16
	for symbol, n := range lengths {
		if n > 0 {
			sorted[next[n]] = uint16(symbol)
			next[n]++
		}
	}
	h.fill(fast, &count, longest, &sorted, meaning)
	return true
}

// buildSingle makes the table of a code that has at most one symbol, of one bit (section
// 3.2.7).
func (h *huffman) buildSingle(fast uint, lengths []uint8, meaning []uint32) bool {
	bit := [2]uint32{isNothing | 1, isNothing | 1}
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		if n > 1 || bit[0] != isNothing|1 {
			return false
		}
		bit[0] = meaning[symbol] | 1
	}
	for i := range 1 << fast {
		h.entries[i] = bit[i&1]
	}
	return true
}

// complete says whether codes of these lengths use up all sequences of bits, and
// gives the length of the longest.
func complete(count *[maxCode + 1]int) (longest uint, ok bool) {
	free := 1
	for n := 1; n <= maxCode; n++ {
		if free = 2*free - count[n]; free < 0 {
			return 0, false
		}
		if count[n] > 0 {
			longest = uint(n)
		}
	}
	return longest, free == 0
}

// fill gives out the codes in the order of RFC 1951, section 3.2.2. They are kept with
// their first bit lowest, as in the input.
func (h *huffman) fill(fast uint, count *[maxCode + 1]int, longest uint, sorted *[maxLiterals]uint16, meaning []uint32) {
	code, i := uint32(0), 0
	for n := uint(1); n <= min(fast, longest); n++ {
		half := h.entries[:1<<n]
		copy(half[1<<(n-1):], half[:1<<(n-1)]) // whatever the new bit is
		for range count[n] {
			half[code] = meaning[sorted[i]] | uint32(n)
			code, i = increment(code, n), i+1
		}
	}
	for n := longest; n < fast; n++ {
		copy(h.entries[1<<n:2<<n], h.entries[:1<<n])
	}
	if longest > fast {
		h.fillTables(fast, code, i, count, longest, sorted, meaning)
	}
}

// fillTables adds the codes of more than fast bits.
func (h *huffman) fillTables(fast uint, code uint32, i int, count *[maxCode + 1]int, longest uint, sorted *[maxLiterals]uint16, meaning []uint32) {
	end, last, slow := 1<<fast, -1, longest-fast
	var table []uint32
	for n := fast + 1; n <= longest; n++ {
		for range count[n] {
			if begin := int(code & (1<<fast - 1)); begin != last {
				table = h.entries[end : end+1<<slow]
				h.entries[begin] = uint32(end)<<16 | isTable | uint32(slow)<<8
				end, last = end+1<<slow, begin
			}
			for at := code >> fast; at < 1<<slow; at += 1 << (n - fast) {
				table[at] = meaning[sorted[i]] | uint32(n)
			}
			code, i = increment(code, n), i+1
		}
	}
}

// increment adds 1 to a code of n bits whose first bit is lowest.
func increment(code uint32, n uint) uint32 {
	zeros := code ^ (1<<n - 1)
	if zeros == 0 {
		return 0
	}
	bit := uint32(1) << (bits.Len32(zeros) - 1)
	return code&(bit-1) | bit
}

// lookup finds what the next bits mean. It is given what build was given, which is a
// constant.
func (h *huffman) lookup(fast uint, next uint64) uint32 {
	e := h.entries[next&(1<<fast-1)]
	if e&isTable != 0 {
		e = h.entries[uint64(e>>16)+next>>fast&(1<<(e>>8&15)-1)]
	}
	return e
}
