package keyring

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// A loader reads one file into a keyring.
type loader struct {
	ring    *Keyring
	file    string
	skipped int
	packets int
	current certificate
}

// load reads keys of whatever form the file has.
func (l *loader) load(content []byte) {
	defer func() {
		if recover() != nil { // in a library: the file is hostile
			l.ring.skip(l.file, "the rest of it cannot be read")
		}
	}()
	switch {
	case bytes.Contains(content, []byte("-----BEGIN PGP ")):
		l.loadArmor(content)
	case len(content) > 0 && content[0]&0x80 != 0 && !utf8.Valid(content):
		l.loadPackets(content)
	default:
		l.loadLines(content)
	}
}

// maxPackets bounds the packets of a file. Real ones have less than 2,000.
const maxPackets = 100_000

// loadPackets reads the packets of one or more certificates (RFC 9580, 10.1).
func (l *loader) loadPackets(data []byte) {
	l.current = certificate{}
	for len(data) > 0 {
		if l.packets++; l.packets > maxPackets {
			l.skip("it has more than %d packets", maxPackets)
			return
		}
		p, rest, err := nextPacket(data)
		if err != nil {
			l.skip("%s", err)
			return
		}
		l.take(p)
		data = rest
	}
}

// A certificate is the place in a file that the loader has reached.
type certificate struct {
	primary *publicKey // nil if it cannot be read
	own     *place     // of primary
	at      *place     // what signatures that follow are about, or nil
	userID  []byte     // if they are about a user id
}

// take reads one packet in its place within a certificate. Those that say nothing
// of a key, such as photographs and others' opinions, are passed over.
func (l *loader) take(p pgpPacket) {
	c := &l.current
	switch p.tag {
	case tagPublicKey:
		*c = certificate{}
		if key := l.takeKey(p.body); key != nil {
			c.primary, c.own = key, key.standsAt(key)
			c.at = c.own
		}
	case tagPublicSubkey:
		c.at, c.userID = nil, nil
		if key := l.takeKey(p.body); key != nil && c.primary != nil {
			c.at = key.standsAt(c.primary)
		}
	case tagSecretKey:
		*c = certificate{}
		l.skip("a secret key in it is not used; export the public key instead")
	case tagSecretSubkey:
		c.at, c.userID = nil, nil
		l.skip("a secret subkey in it is not used; export the public key instead")
	case tagSignature:
		l.takeSignature(p.body)
	case tagUserID:
		c.at, c.userID = c.own, bytes.Clone(p.body)
	case tagUserAttribute:
		c.at, c.userID = nil, nil
	}
}

// takeKey takes a key into the keyring, nil if that cannot be.
func (l *loader) takeKey(body []byte) *publicKey {
	key, err := readPublicKey(body)
	if version, ok := errors.AsType[errVersion](err); ok {
		l.skip("a key in it is of version %d instead of 4 or 6", byte(version))
		return nil
	}
	if err != nil {
		l.skip("a key in it is malformed: %s", err)
		return nil
	}
	key.file = l.file
	return l.ring.add(key)
}

// standsAt notes one more place of the key, behind a primary key or as one.
func (k *publicKey) standsAt(primary *publicKey) *place {
	p := &place{primary: primary}
	k.places = append(k.places, p)
	return p
}

// takeSignature keeps a signature that names the primary key as its maker.
func (l *loader) takeSignature(body []byte) {
	c := &l.current
	if c.at == nil || len(body) < 2 || !isStatement(body[1]) || len(c.at.statements) >= maxStatements {
		return
	}
	s, err := parseSignature(body)
	if err != nil {
		return
	}
	if who, err := s.issuer(); err != nil || !who.means(c.primary) {
		return
	}
	if s, err := parseSignature(bytes.Clone(body)); err == nil {
		c.at.statements = append(c.at.statements, statement{s, c.userID})
	}
}

// isStatement says whether signatures of a type are of a key about itself or a
// subkey.
func isStatement(typ byte) bool {
	switch typ {
	case typeSubkeyBinding, typeDirect, typeKeyRevocation, typeSubkeyRevocation:
		return true
	}
	return typ >= typeCertification && typ <= typePositive
}
