package keyring

import (
	"math/big"
	"math/bits"
	"sync"
)

// blockWords is how many words a reduction takes off a product at a time. With fewer
// the calls weigh more than the arithmetic, with more the last block does.
const (
	blockWords = 8
	blockBits  = blockWords * bits.UintSize
)

// A modulus is an odd number above one with what it takes to multiply modulo it
// without division, which math/big would do if an exponent is as short as those of
// RSA. It is safe for concurrent use.
//
// Residues have at most so many words, and may be more than n. With R for 2 to the
// number of bits in these words, multiplication makes of x and y a residue of xy/R,
// as Montgomery has it ("Modular multiplication without trial division", 1985), by
// blocks of words instead of words. Nothing here is secret: the time that it takes
// depends on the numbers.
type modulus struct {
	n       *big.Int
	words   int      // a multiple of blockWords
	inverse *big.Int // of 2^blockBits modulo n
	zeroing *big.Int // the inverse of -n modulo 2^blockBits
	free    sync.Pool
}

func newModulus(n *big.Int) *modulus {
	block := new(big.Int).Lsh(big.NewInt(1), blockBits)
	return &modulus{
		n:       n,
		words:   (n.BitLen() + blockBits - 1) / blockBits * blockWords,
		inverse: new(big.Int).ModInverse(block, n),
		zeroing: new(big.Int).ModInverse(new(big.Int).Neg(n), block),
	}
}

// radix is R modulo n.
func (m *modulus) radix() *big.Int {
	r := new(big.Int).Lsh(big.NewInt(1), uint(m.words)*bits.UintSize)
	return r.Mod(r, m.n)
}
