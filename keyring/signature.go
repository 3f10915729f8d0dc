package keyring

import (
	"errors"
	"fmt"
	"math/bits"
)

// Types of signatures (RFC 9580, 5.2.1).
const (
	typeBinary           = 0x00
	typeCertification    = 0x10 // to 0x13
	typePositive         = 0x13
	typeSubkeyBinding    = 0x18
	typePrimaryBinding   = 0x19
	typeDirect           = 0x1f
	typeKeyRevocation    = 0x20
	typeSubkeyRevocation = 0x28
)

// A pgpSignature is the body of a signature packet of version 4 or 6, taken
// apart as far as anything but arithmetic looks into it (RFC 9580, 5.2.3).
type pgpSignature struct {
	version, typ, algorithm, hash byte
	hashed, unhashed              []subpacket
	signed                        []byte // what is itself signed: all up to the hashed subpackets
	salt                          []byte // of version 6
	tag                           []byte // the first two octets of the digest
	values                        []byte // the numbers of the algorithm, behind all else
	body                          []byte // all of it
}

// errVersion is a version of signatures or keys that is not read.
type errVersion byte

func (v errVersion) Error() string { return fmt.Sprintf("version %d is not supported", byte(v)) }

var errCutShort = errors.New("it is cut short")

// parseSignature takes a signature apart. It fails where the packet is not
// made of exactly its parts, each in its canonical form.
func parseSignature(body []byte) (*pgpSignature, error) {
	c := cursor{rest: body}
	s := &pgpSignature{version: c.octet(), body: body}
	if !c.short && s.version != 4 && s.version != 6 {
		return nil, errVersion(s.version)
	}
	s.typ, s.algorithm, s.hash = c.octet(), c.octet(), c.octet()
	sizeOfLength := 2
	if s.version == 6 {
		sizeOfLength = 4
	}
	hashed := c.block(sizeOfLength)
	s.signed = body[:len(body)-len(c.rest)]
	unhashed := c.block(sizeOfLength)
	s.tag = c.take(2)
	if s.version == 6 {
		s.salt = c.block(1)
	}
	if c.short {
		return nil, errCutShort
	}
	var err error
	if s.hashed, err = parseSubpackets(hashed); err != nil {
		return nil, err
	}
	if s.unhashed, err = parseSubpackets(unhashed); err != nil {
		return nil, err
	}
	s.values = c.rest
	return s, checkValues(s.algorithm, s.values)
}

// checkValues requires that the end of a signature is the numbers of its
// algorithm and nothing else (RFC 9580, 5.2.3.1 to 5.2.3.5). Algorithms that
// are not known are left to others.
func checkValues(algorithm byte, values []byte) error {
	c := cursor{rest: values}
	switch algorithm {
	case algorithmRSA, algorithmRSASign:
		return end(&c, mpis(&c, 1))
	case algorithmDSA, algorithmECDSA, algorithmEdDSA:
		return end(&c, mpis(&c, 2))
	case algorithmEd25519:
		c.take(64)
		return end(&c, true)
	case algorithmEd448:
		c.take(114)
		return end(&c, true)
	}
	return nil
}

// mpis reads some numbers and says whether none has leading zeros.
func mpis(c *cursor, n int) (canonical bool) {
	canonical = true
	for range n {
		canonical = mpi(c) && canonical
	}
	return canonical
}

// mpi reads a number (RFC 9580, 3.2).
func mpi(c *cursor) (canonical bool) {
	length := int(c.number(2))
	octets := c.take((length + 7) / 8)
	return len(octets) == 0 && length == 0 ||
		len(octets) > 0 && 8*(len(octets)-1)+bits.Len8(octets[0]) == length
}

func end(c *cursor, canonical bool) error {
	switch {
	case c.short:
		return errCutShort
	case !canonical:
		return errors.New("a number in it is not in canonical form")
	case len(c.rest) > 0:
		return errors.New("there are bytes behind its numbers")
	}
	return nil
}
