package keyring

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"
)

// A place is where a key stands in a file: as a primary key, or as a subkey
// behind one.
type place struct {
	primary *publicKey // the key itself if it stands there as a primary key
	// statements are the signatures behind it that name the primary key as
	// their maker. They are unverified.
	statements []statement
}

// A statement is a signature of a primary key about itself or a subkey.
type statement struct {
	signature *pgpSignature
	userID    []byte // what a certification is about
}

// Limits of what is remembered of a key.
const (
	maxStatements = 200 // in one place
	maxUserIDs    = 32
	maxUserID     = 300 // bytes
)

// ownClaims are what a key has signed about itself as a primary key.
type ownClaims struct {
	userIDs []string
	expires time.Time
	revoked bool
}

// ownClaims verifies what the key says about itself. Signatures with SHA-1 are
// good enough here: nothing is decided by it.
func (k *publicKey) ownClaims() ownClaims {
	k.ownOnce.Do(func() {
		var latest latestExpiry
		for _, place := range k.places {
			if place.primary != k {
				continue
			}
			for _, s := range place.statements {
				k.readOwn(s, &latest)
			}
		}
		k.own.expires = latest.of(k)
	})
	return k.own
}

func (k *publicKey) readOwn(s statement, latest *latestExpiry) {
	switch typ := s.signature.typ; {
	case typ == typeKeyRevocation:
		k.own.revoked = k.own.revoked || k.made(s.signature, k.material)
	case typ == typeDirect && k.made(s.signature, k.material):
		latest.see(s.signature)
	case typ >= typeCertification && typ <= typePositive && k.made(s.signature, k.material, hashedUserID(s.userID)):
		latest.see(s.signature)
		k.own.userIDs = addUserID(k.own.userIDs, validUTF8(s.userID))
	}
}

// addUserID adds a user id that is not yet among some, of which there may be
// only so many.
func addUserID(ids []string, id string) []string {
	if len(ids) < maxUserIDs && !slices.Contains(ids, id) {
		return append(ids, id)
	}
	return ids
}

// hashedUserID is a user id as it is hashed in a certification (RFC 9580, 5.2.4).
func hashedUserID(id []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0xb4}, uint32(len(id))), id...)
}

// validUTF8 is some text, shortened, with a replacement for what is not UTF-8. It
// may have control characters.
func validUTF8(id []byte) string {
	if len(id) > maxUserID {
		id = id[:maxUserID]
	}
	return strings.ToValidUTF8(string(id), "\uFFFD")
}

// latestExpiry finds the lifetime of a key in the newest of several signatures.
type latestExpiry struct{ made, lifetime uint32 }

func (l *latestExpiry) see(s *pgpSignature) {
	made, _ := s.hashedNumber(subCreation)
	if made >= l.made {
		l.made = made
		l.lifetime, _ = s.hashedNumber(subKeyExpiration)
	}
}

// of is when the key expires, zero for never.
func (l *latestExpiry) of(k *publicKey) time.Time {
	if l.lifetime == 0 {
		return time.Time{}
	}
	return k.created.Add(time.Duration(l.lifetime) * time.Second)
}

// hashedNumber is the value of the last subpacket of a type that is signed and
// holds a number of four octets.
func (s *pgpSignature) hashedNumber(typ byte) (n uint32, ok bool) {
	for _, sub := range s.hashed {
		if sub.typ == typ && len(sub.body) == 4 {
			n, ok = binary.BigEndian.Uint32(sub.body), true
		}
	}
	return n, ok
}

// later is the later of two times of which zero is unknown.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
