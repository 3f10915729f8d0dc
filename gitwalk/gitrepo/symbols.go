package gitrepo

import "sync"

// What the symbols of the three codes of RFC 1951 mean, as entries of a huffman.
var (
	literalMeaning  = literals()
	distanceMeaning = distances()
	lengthMeaning   = numbers(19)
)

// endOfBlock is the symbol after which another block follows.
const endOfBlock = 256

// literals are bytes, the end of a block, and lengths of what is repeated (section
// 3.2.5).
func literals() []uint32 {
	m := make([]uint32, maxLiterals)
	for i := range endOfBlock {
		m[i] = uint32(i)<<16 | isLiteral
	}
	m[endOfBlock] = isEnd
	base := uint32(3)
	for i := range uint32(28) {
		extra := max(i/4, 1) - 1
		m[endOfBlock+1+i] = base<<16 | extra<<8
		base += 1 << extra
	}
	m[285] = 258 << 16
	m[286], m[287] = isNothing, isNothing
	return m
}

// distances are how far back it is what is repeated.
func distances() []uint32 {
	m := make([]uint32, maxDistances)
	base := uint32(1)
	for i := range uint32(30) {
		extra := max(i/2, 1) - 1
		m[i] = base<<16 | extra<<8
		base += 1 << extra
	}
	m[30], m[31] = isNothing, isNothing
	return m
}

func numbers(n uint32) []uint32 {
	m := make([]uint32, n)
	for i := range n {
		m[i] = i << 16
	}
	return m
}

// codes are the two codes of a block.
type codes struct{ literal, distance huffman }

// fixed are the codes of blocks that bring none of their own (section 3.2.6).
var fixed = sync.OnceValue(func() *codes {
	var lengths [maxLiterals]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	c := new(codes)
	c.literal.build(fastLiteral, lengths[:], literalMeaning)
	for i := range maxDistances {
		lengths[i] = 5
	}
	c.distance.build(fastDistance, lengths[:maxDistances], distanceMeaning)
	return c
})
