package gitrepo

import (
	"encoding/binary"
	"hash/adler32"
)

// An inflater inflates small zlib streams (RFC 1950 and 1951), such as the entries of
// packs. That of the standard library is made for long streams: it copies each byte
// through a window and asks for each byte of input, which for commits takes longer
// than all the rest.
//
// It does not say what is wrong with a stream, and does not have the last word on
// whether anything is.
type inflater struct {
	in   []byte
	next int    // of in
	bits uint64 // from in before next; the first bit is lowest
	n    uint   // how many of bits count

	out  []byte
	done int // of out

	own     codes   // of a block that brings its own
	lengths huffman // the code in which they are written
}

// inflate fills out with what the zlib stream at the beginning of in contains, and
// says whether that was exactly as much as fits, with the right checksum.
func (z *inflater) inflate(out, in []byte) bool {
	if len(in) < 2 || in[0]&15 != 8 || in[0]>>4 > 7 || in[1]&0x20 != 0 || binary.BigEndian.Uint16(in)%31 != 0 {
		return false
	}
	z.in, z.next, z.bits, z.n = in, 2, 0, 0
	z.out, z.done = out, 0
	ok := z.blocks() && z.done == len(out)
	z.align()
	sum := z.in[z.next:]
	z.in, z.out = nil, nil
	return ok && len(sum) >= 4 && binary.BigEndian.Uint32(sum) == adler32.Checksum(out)
}

// blocks reads all blocks.
func (z *inflater) blocks() bool {
	for {
		final, ok := z.take(1)
		kind, ok2 := z.take(2)
		if !ok || !ok2 {
			return false
		}
		switch kind {
		case 0:
			ok = z.stored()
		case 1:
			ok = z.compressed(fixed())
		case 2:
			ok = z.readCodes() && z.compressed(&z.own)
		default:
			return false
		}
		if !ok || final == 1 {
			return ok
		}
	}
}

// refill gets as many bits as there are, and more than 55 of them unless the input
// ends.
func (z *inflater) refill() {
	if z.next+8 <= len(z.in) {
		// What is read above the bits that count is read again.
		z.bits |= binary.LittleEndian.Uint64(z.in[z.next:]) << z.n
		z.next += int((63 - z.n) >> 3)
		z.n |= 56
		return
	}
	z.bits &= 1<<z.n - 1
	for z.n <= 55 && z.next < len(z.in) {
		z.bits |= uint64(z.in[z.next]) << z.n
		z.next++
		z.n += 8
	}
}

// take reads a number of at most 16 bits.
func (z *inflater) take(n uint) (uint64, bool) {
	if z.n < n {
		if z.refill(); z.n < n {
			return 0, false
		}
	}
	v := z.bits & (1<<n - 1)
	z.bits >>= n
	z.n -= n
	return v, true
}

// align goes on at the next whole byte.
func (z *inflater) align() {
	z.next -= int(z.n / 8)
	z.bits, z.n = 0, 0
}

// stored copies a block that is not compressed (section 3.2.4).
func (z *inflater) stored() bool {
	z.align()
	if len(z.in)-z.next < 4 {
		return false
	}
	size, check := binary.LittleEndian.Uint16(z.in[z.next:]), binary.LittleEndian.Uint16(z.in[z.next+2:])
	z.next += 4
	n := int(size)
	if size != ^check || n > len(z.in)-z.next || n > len(z.out)-z.done {
		return false
	}
	copy(z.out[z.done:], z.in[z.next:z.next+n])
	z.next += n
	z.done += n
	return true
}

// compressed reads a block of literals and repetitions (section 3.2.3). It keeps
// everything in variables of its own, which is what makes it fast.
func (z *inflater) compressed(c *codes) bool {
	in, next, bits, n := z.in, z.next, z.bits, z.n
	out, done := z.out, z.done
	for {
		if n < longestRepetition {
			if next+8 <= len(in) { // as in refill
				bits |= binary.LittleEndian.Uint64(in[next:]) << (n & 63)
				next += int((63 - n) >> 3)
				n |= 56
			} else {
				z.next, z.bits, z.n = next, bits, n
				z.refill()
				next, bits, n = z.next, z.bits, z.n
			}
		}
		e := c.literal.lookup(fastLiteral, bits)
		used := uint(e & 0xff)
		if used > n {
			return false
		}
		bits >>= used & 63
		n -= used
		if e&isLiteral != 0 {
			if done == len(out) {
				return false
			}
			out[done] = byte(e >> 16)
			done++
			continue
		}
		if e&isEnd != 0 {
			z.next, z.bits, z.n, z.done = next, bits, n, done
			return true
		}
		extra := uint(e >> 8 & 15)
		length := int(e>>16) + int(bits&(1<<extra-1))
		d := c.distance.lookup(fastDistance, bits>>extra)
		used = extra + uint(d&0xff)
		extra = uint(d >> 8 & 15)
		back := int(d>>16) + int(bits>>(used&63)&(1<<extra-1))
		used += extra
		if (e|d)&isNothing != 0 || used > n || back > done || length > len(out)-done {
			return false
		}
		bits >>= used & 63
		n -= used
		repeat(out[:done+length], done, back)
		done += length
	}
}

// longestRepetition is how many bits a literal or a repetition has at most: two codes
// of 15, and 5 and 13 extra bits.
const longestRepetition = 15 + 5 + 15 + 13

// repeat fills out from done on with what is so far back, which may be a part of what it
// fills.
func repeat(out []byte, done, back int) {
	for n := done; n < len(out); {
		n += copy(out[n:], out[done-back:n]) // whole periods, unless it is the last
	}
}

// symbol reads a symbol of the code in which the lengths of codes are written.
func (z *inflater) symbol() (uint32, bool) {
	e := z.lengths.lookup(fastLengths, z.bits)
	n := uint(e & 0xff)
	if n > z.n {
		return 0, false
	}
	z.bits >>= n
	z.n -= n
	return e, true
}
