package keyring

import (
	"slices"
	"time"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// boundClaims are what primary keys and a subkey of theirs have signed about
// each other.
type boundClaims struct {
	primaries []signer.Fingerprint // of which it is a proven signing subkey
	userIDs   []string
	expires   time.Time
	revoked   bool
}

// boundClaims verifies of which primary keys k is a subkey. That a file has it
// behind a primary key means nothing.
func (k *publicKey) boundClaims() boundClaims {
	k.boundOnce.Do(func() {
		for _, place := range k.places {
			if place.primary != k {
				k.readPlace(place)
			}
		}
		slices.Sort(k.bound.primaries)
		k.bound.primaries = slices.Compact(k.bound.primaries)
	})
	return k.bound
}

// readPlace believes what a primary key says of k only if k says that it is its
// subkey: anyone can put another's key behind his own.
func (k *publicKey) readPlace(p *place) {
	var mutual, proven, revoked bool
	var latest latestExpiry
	for _, s := range p.statements {
		switch s.signature.typ {
		case typeSubkeyBinding:
			if strong, ok := k.boundBy(p.primary, s.signature); ok {
				mutual, proven = true, proven || strong
				latest.see(s.signature)
			}
		case typeSubkeyRevocation:
			revoked = revoked || p.primary.made(s.signature, p.primary.material, k.material)
		}
	}
	if !mutual {
		return
	}
	if proven {
		k.bound.primaries = append(k.bound.primaries, p.primary.fingerprint)
	}
	own := p.primary.ownClaims()
	k.bound.revoked = k.bound.revoked || revoked || own.revoked
	k.bound.expires = later(k.bound.expires, earlier(latest.of(k), own.expires))
	for _, id := range own.userIDs {
		if len(k.bound.userIDs) < maxUserIDs && !slices.Contains(k.bound.userIDs, id) {
			k.bound.userIDs = append(k.bound.userIDs, id)
		}
	}
}

const flagSign = 0x02 // of the first octet of key flags (RFC 9580, 5.2.3.29)

// boundBy says whether the binding by the primary key, which must say that the
// subkey may sign, and the back-signature by the subkey in it both verify (RFC
// 9580, 5.2.1.8 and 5.2.1.9), and whether both are strong enough to prove it.
// The digests of MD5 and RIPEMD-160 never verify.
func (k *publicKey) boundBy(primary *publicKey, binding *pgpSignature) (strong, ok bool) {
	if !binding.maySign() || !primary.made(binding, primary.material, k.material) {
		return false, false
	}
	for _, back := range binding.embedded() {
		if back.typ == typePrimaryBinding && k.made(back, primary.material, k.material) {
			return binding.hash != hashSHA1 && back.hash != hashSHA1, true
		}
	}
	return false, false
}

// maySign says whether a binding gives the flag to sign. What is not signed does
// not count.
func (s *pgpSignature) maySign() bool {
	may := false
	for _, sub := range s.hashed {
		if sub.typ == subKeyFlags {
			may = len(sub.body) > 0 && sub.body[0]&flagSign != 0
		}
	}
	return may
}

// embedded are the signatures within a signature. They may stand where they are
// not signed: they prove themselves.
func (s *pgpSignature) embedded() []*pgpSignature {
	var found []*pgpSignature
	for _, area := range [][]subpacket{s.hashed, s.unhashed} {
		for _, sub := range area {
			if sub.typ != subEmbedded {
				continue
			}
			if inner, err := parseSignature(sub.body); err == nil {
				found = append(found, inner)
			}
		}
	}
	return found
}

// earlier is the earlier of two times of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
