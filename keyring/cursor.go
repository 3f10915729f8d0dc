package keyring

import "encoding/binary"

// A cursor reads binary fields from the front of some bytes. After a read
// beyond the end all reads yield zeros and short is true, so that the caller
// may ask once, when it is done.
type cursor struct {
	rest  []byte
	short bool
}

// take reads n bytes.
func (c *cursor) take(n int) []byte {
	if c.short || n < 0 || n > len(c.rest) {
		c.short = true
		return nil
	}
	field := c.rest[:n:n]
	c.rest = c.rest[n:]
	return field
}

// number reads a big-endian number of one to four bytes.
func (c *cursor) number(size int) uint32 {
	var wide [4]byte
	copy(wide[4-size:], c.take(size))
	return binary.BigEndian.Uint32(wide[:])
}

func (c *cursor) octet() byte { return byte(c.number(1)) }

// block reads a length of the given size and so many bytes.
func (c *cursor) block(size int) []byte {
	n := c.number(size)
	if uint64(n) > uint64(len(c.rest)) {
		c.short = true
		return nil
	}
	return c.take(int(n))
}
