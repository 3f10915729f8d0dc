package keyring

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Types of OpenPGP packets (RFC 9580, 5).
const (
	tagSignature     = 2
	tagSecretKey     = 5
	tagPublicKey     = 6
	tagSecretSubkey  = 7
	tagUserID        = 13
	tagPublicSubkey  = 14
	tagUserAttribute = 17
)

// A pgpPacket is one packet as its header frames it.
type pgpPacket struct {
	tag  byte
	body []byte
	// canonical says that the length stands in the shortest form that the
	// format of the header (old or new) has for it.
	canonical bool
}

var (
	errPacketHeader  = errors.New("no packet starts where one is expected")
	errPacketLength  = errors.New("a packet is longer than what there is")
	errPacketPartial = errors.New("a packet does not have one definite length")
)

// nextPacket reads the packet at the front of data (RFC 9580, 4.2), whose body
// shares memory with it. Packets of partial or indeterminate length, which
// neither keys nor signatures may be, are errors.
func nextPacket(data []byte) (p pgpPacket, rest []byte, err error) {
	c := cursor{rest: data}
	first := c.octet()
	if first&0x80 == 0 {
		return pgpPacket{}, nil, errPacketHeader
	}
	var length uint32
	if first&0x40 == 0 {
		p.tag = first >> 2 & 0xf
		length, p.canonical, err = oldLength(&c, first&3)
	} else {
		p.tag = first & 0x3f
		length, p.canonical, err = newLength(&c)
	}
	if err != nil {
		return pgpPacket{}, nil, err
	}
	if c.short || uint64(length) > uint64(len(c.rest)) {
		return pgpPacket{}, nil, errPacketLength
	}
	p.body = c.take(int(length))
	return p, c.rest, nil
}

// oldLength reads the length of a header in the old format (RFC 9580, 4.2.2).
func oldLength(c *cursor, kind byte) (length uint32, canonical bool, err error) {
	switch kind {
	case 0:
		return c.number(1), true, nil
	case 1:
		length = c.number(2)
		return length, length > 0xff, nil
	case 2:
		length = c.number(4)
		return length, length > 0xffff, nil
	}
	return 0, false, errPacketPartial
}

// newLength reads the length of a header in the new format (RFC 9580, 4.2.1),
// which is also that of subpackets but for partial lengths.
func newLength(c *cursor) (length uint32, canonical bool, err error) {
	first := c.octet()
	switch {
	case first < 192:
		return uint32(first), true, nil
	case first < 224:
		return uint32(first-192)<<8 + uint32(c.octet()) + 192, true, nil
	case first < 255:
		return 0, false, errPacketPartial
	}
	length = c.number(4)
	return length, length >= 8384, nil
}

// frame makes a packet with a header in the new format.
func frame(tag byte, body []byte) *bytes.Buffer {
	b := bytes.NewBuffer(make([]byte, 0, len(body)+6))
	b.WriteByte(0xc0 | tag)
	b.WriteByte(0xff)
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(body))))
	b.Write(body)
	return b
}
