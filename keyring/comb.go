package keyring

import (
	"math/big"
	"math/bits"
)

// The bits of an exponent stand in teeth*columns strips. One step multiplies by the
// product of all powers that one bit from each strip of a column stands for, which is
// in a table (Lim and Lee, "More flexible exponentiation with precomputation", 1994).
const (
	combTeeth   = 8
	combColumns = 2
	combRows    = 1 << combTeeth
)

// A comb raises one number to many exponents.
type comb struct {
	*modulus
	steps int
	// table has the residues of the rows of the first column, then of the second. They
	// have a factor R, and row 0 is not used.
	table []big.Word
}

// combBytes is how much memory a comb takes.
func combBytes(n *big.Int) int {
	return (n.BitLen() + blockBits - 1) / blockBits * (blockBits / 8) * combColumns * combRows
}

// newComb is for exponents of so many bits.
func newComb(m *modulus, base *big.Int, exponentBits int) *comb {
	const strips = combTeeth * combColumns
	c := &comb{m, (exponentBits + strips - 1) / strips, make([]big.Word, combColumns*combRows*m.words)}
	r := m.register()
	defer r.release()
	power := new(big.Int).Mul(base, m.radix())
	r.set(power.Mod(power, m.n))
	for strip := range strips {
		tooth, column := strip/combColumns, strip%combColumns
		c.keep(column, 1<<tooth, &r.value)
		for range c.steps {
			r.square()
		}
	}
	for column := range combColumns {
		for row := 1; row < combRows; row++ {
			if highest := 1 << (bits.Len(uint(row)) - 1); row != highest {
				r.set(c.row(column, highest))
				r.multiply(c.row(column, row-highest))
				c.keep(column, row, &r.value)
			}
		}
	}
	return c
}

func (c *comb) words(column, row int) []big.Word {
	start := (column*combRows + row) * c.modulus.words
	return c.table[start : start+c.modulus.words : start+c.modulus.words]
}

func (c *comb) row(column, row int) *big.Int { return new(big.Int).SetBits(c.words(column, row)) }

func (c *comb) keep(column, row int, x *big.Int) { copy(c.words(column, row), x.Bits()) }

// multiply does one step of raising to an exponent.
func (c *comb) multiply(r *register, exponent *big.Int, step int) {
	var factor big.Int
	for column := range combColumns {
		row := 0
		for tooth := range combTeeth {
			row |= int(exponent.Bit((tooth*combColumns+column)*c.steps+step)) << tooth
		}
		if row > 0 {
			r.multiply(factor.SetBits(c.words(column, row)))
		}
	}
}

// combined is the product of what the bases of two combs of one modulus are when
// raised to the exponents. These must not have more bits than the combs are for.
func combined(a, b *comb, x, y *big.Int) *big.Int {
	r := a.register()
	defer r.release()
	r.set(a.radix())
	for step := a.steps - 1; step >= 0; step-- {
		r.square()
		a.multiply(r, x, step)
		b.multiply(r, y, step)
	}
	r.multiply(big.NewInt(1)) // takes the factor R out
	return new(big.Int).Set(r.reduced())
}
