package keyring

import "math/big"

// A register is a residue that is being computed with, and the storage for that. It
// belongs to one goroutine.
type register struct {
	*modulus
	value big.Int
	// store holds the value and, in turn, the product that will be the next one.
	store [2][]big.Word
	turn  int

	product, block, part  big.Int
	blockStore, partStore []big.Word
}

// register is one that is free. It goes back with release.
func (m *modulus) register() *register {
	if r, ok := m.free.Get().(*register); ok {
		return r
	}
	const spare = 2 // for what is carried
	r := &register{modulus: m}
	for i := range r.store {
		r.store[i] = make([]big.Word, 2*m.words+spare)
	}
	r.blockStore = make([]big.Word, 2*blockWords+spare)
	r.partStore = make([]big.Word, m.words+blockWords+spare)
	return r
}

func (r *register) release() { r.free.Put(r) }

// set makes x the value, which must have no more words than a residue.
func (r *register) set(x *big.Int) {
	r.value.SetBits(append(r.store[r.turn][:0], x.Bits()...))
}

// multiply makes xy/R of the value x and a residue y, with less than R and two
// moduli before the last lines, because x and y are less than R.
func (r *register) multiply(y *big.Int) {
	r.turn ^= 1
	r.product.SetBits(r.store[r.turn][:0]).Mul(&r.value, y)
	for done := blockWords; done < r.words; done += blockWords {
		r.divide()
	}
	r.divideLast()
	for len(r.product.Bits()) > r.words { // three times at most
		r.product.Sub(&r.product, r.n)
	}
	r.value.SetBits(r.product.Bits())
}

func (r *register) square() { r.multiply(&r.value) }

// divide divides the product by B = 2^blockBits modulo n. Of qB + r that is q plus r
// times the inverse of B: a block less, until there is one more than in a residue.
func (r *register) divide() {
	block, rest := cutBlock(r.product.Bits())
	r.block.SetBits(block)
	r.part.SetBits(r.partStore[:0]).Mul(&r.block, r.inverse)
	r.product.SetBits(rest).Add(&r.product, &r.part)
}

// divideLast divides by B so that no block more than a residue is left: it first adds
// such a multiple of n that the lowest block becomes zero.
func (r *register) divideLast() {
	block, _ := cutBlock(r.product.Bits())
	r.block.SetBits(block)
	r.part.SetBits(r.blockStore[:0]).Mul(&r.block, r.zeroing)
	block, _ = cutBlock(r.part.Bits())
	r.block.SetBits(block)
	r.part.SetBits(r.partStore[:0]).Mul(&r.block, r.n)
	r.product.Add(&r.product, &r.part)
	_, rest := cutBlock(r.product.Bits())
	r.product.SetBits(rest)
}

// cutBlock parts the lowest block from the words above it, into which it cannot grow.
func cutBlock(words []big.Word) (block, rest []big.Word) {
	n := min(len(words), blockWords)
	return words[:n:n], words[n:]
}

// reduced is the value less n as often as that is possible. It must be less than a
// few times n, as it is after a multiplication by a number less than n. It is valid
// until the register is used again.
func (r *register) reduced() *big.Int {
	for r.value.Cmp(r.n) >= 0 {
		r.value.Sub(&r.value, r.n)
	}
	return &r.value
}
