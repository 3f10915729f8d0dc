package keyring

import "errors"

// Types of signature subpackets (RFC 9580, 5.2.3.7).
const (
	subCreation          = 2
	subExpiration        = 3
	subKeyExpiration     = 9
	subIssuer            = 16
	subPolicy            = 26
	subKeyFlags          = 27
	subSigner            = 28
	subEmbedded          = 32
	subIssuerFingerprint = 33
)

// A subpacket is one statement of a signature about itself.
type subpacket struct {
	typ      byte
	critical bool
	body     []byte
}

// Only a back-signature may stand within a signature, and nothing within it: that
// bounds how deep a library goes.
var errEmbedded = errors.New("there is a signature within it that is no back-signature")

var errSubpacket = errors.New("a subpacket is cut short, or its length not in the shortest form")

// parseSubpackets reads an area of subpackets.
func parseSubpackets(area []byte) ([]subpacket, error) {
	var subpackets []subpacket
	for c := (cursor{rest: area}); len(c.rest) > 0; {
		length, canonical := subpacketLength(&c)
		typ := c.octet()
		body := c.take(int(length) - 1)
		if c.short || !canonical {
			return nil, errSubpacket
		}
		if typ&0x7f == subEmbedded && (len(body) < 2 || body[1] != typePrimaryBinding) {
			return nil, errEmbedded
		}
		subpackets = append(subpackets, subpacket{typ & 0x7f, typ&0x80 != 0, body})
	}
	return subpackets, nil
}

// subpacketLength reads the length of a subpacket, its type included: that of a
// packet with more of the two-octet form and no partial one.
func subpacketLength(c *cursor) (length uint32, canonical bool) {
	first := c.octet()
	switch {
	case first < 192:
		return uint32(first), true
	case first < 255:
		return uint32(first-192)<<8 + uint32(c.octet()) + 192, true
	}
	length = c.number(4)
	return length, length >= 16320
}
