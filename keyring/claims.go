package keyring

import (
	"cmp"
	"encoding/binary"
	"iter"
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

// A Standing is whether the owner of a key still wants it used. It decides nothing:
// history must verify for ever, and a date is the signer's own claim.
type Standing struct {
	Expires time.Time // zero is never
	Revoked bool
}

// ownStanding is what a primary key says about itself. The newest signature that
// verifies says when it expires, so the others need not be verified. Signatures with
// SHA-1 are good enough here: nothing is decided by it.
func (k *publicKey) ownStanding() Standing {
	k.standingOnce.Do(func() {
		var about []statement
		for s := range k.ownStatements() {
			if s.signature.typ != typeKeyRevocation {
				about = append(about, s)
				continue
			}
			k.standing.Revoked = k.standing.Revoked || k.says(s)
		}
		slices.Reverse(about) // of two that were made at once, the last one counts
		slices.SortStableFunc(about, func(a, b statement) int { return cmp.Compare(b.signature.creation(), a.signature.creation()) })
		if i := slices.IndexFunc(about, k.says); i >= 0 {
			k.standing.Expires = about[i].signature.keyExpires(k)
		}
	})
	return k.standing
}

// ownUserIDs are the names that a primary key has signed for itself.
func (k *publicKey) ownUserIDs() []string {
	k.userIDsOnce.Do(func() {
		for s := range k.ownStatements() {
			if isCertification(s.signature.typ) && k.says(s) {
				k.userIDs = addUserID(k.userIDs, validUTF8(s.userID))
			}
		}
	})
	return k.userIDs
}

// ownStatements yields the revocations, direct signatures and certifications of a key
// that name it as their maker.
func (k *publicKey) ownStatements() iter.Seq[statement] {
	return func(yield func(statement) bool) {
		for _, place := range k.places {
			if place.primary != k {
				continue
			}
			for _, s := range place.statements {
				typ := s.signature.typ
				if own := typ == typeKeyRevocation || typ == typeDirect || isCertification(typ); own && !yield(s) {
					return
				}
			}
		}
	}
}

func isCertification(typ byte) bool { return typ >= typeCertification && typ <= typePositive }

// says verifies a statement of the key about itself.
func (k *publicKey) says(s statement) bool {
	if isCertification(s.signature.typ) {
		return k.made(s.signature, k.material, hashedUserID(s.userID))
	}
	return k.made(s.signature, k.material)
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

// creation is when a signature says that it was made, in seconds since 1970.
func (s *pgpSignature) creation() uint32 {
	made, _ := s.hashedNumber(subCreation)
	return made
}

// keyExpires is when a key expires by what a signature says, zero for never.
func (s *pgpSignature) keyExpires(k *publicKey) time.Time {
	lifetime, _ := s.hashedNumber(subKeyExpiration)
	if lifetime == 0 {
		return time.Time{}
	}
	return k.created.Add(time.Duration(lifetime) * time.Second)
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
