package keyring

import (
	"slices"
	"time"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A binding is what a primary key and a subkey have both signed: that they belong
// together. That a file has one behind the other means nothing.
type binding struct {
	primary *publicKey
	proven  bool // with digests that are strong enough to decide something
	expires time.Time
	revoked bool
}

// bindings are those to each primary key behind which k stands somewhere.
func (k *publicKey) bindings() []binding {
	k.boundOnce.Do(func() {
		for _, place := range k.places {
			if place.primary == k {
				continue
			}
			if b, ok := k.bindingAt(place); ok {
				k.bound = append(k.bound, b)
			}
		}
		for _, b := range k.bound {
			if b.proven && !slices.Contains(k.primaries, b.primary.fingerprint) {
				k.primaries = append(k.primaries, b.primary.fingerprint)
			}
		}
		slices.Sort(k.primaries)
	})
	return k.bound
}

// provenPrimaries are the primary keys of which k is a proven signing subkey. The
// caller must not change the slice.
func (k *publicKey) provenPrimaries() []signer.Fingerprint {
	k.bindings()
	return k.primaries
}

// bindingAt believes what a primary key says of k only if k says that it is its
// subkey: anyone can put another's key behind his own.
func (k *publicKey) bindingAt(p *place) (b binding, mutual bool) {
	b.primary = p.primary
	var latest *pgpSignature
	for _, s := range p.statements {
		switch s.signature.typ {
		case typeSubkeyBinding:
			if strong, ok := k.boundBy(p.primary, s.signature); ok {
				mutual, b.proven = true, b.proven || strong
				if latest == nil || s.signature.creation() >= latest.creation() {
					latest = s.signature
				}
			}
		case typeSubkeyRevocation:
			b.revoked = b.revoked || p.primary.made(s.signature, p.primary.material, k.material)
		}
	}
	if latest != nil {
		b.expires = latest.keyExpires(k)
	}
	return b, mutual
}

const flagSign = 0x02 // of the first octet of key flags (RFC 9580, 5.2.3.29)

// boundBy says whether the binding by the primary key, which must say that the
// subkey may sign, and the back-signature by the subkey in it both verify (RFC
// 9580, 5.2.1.8 and 5.2.1.9), and whether both are strong enough to prove it.
// Both keys are of one version (10.1). The digests of MD5 and RIPEMD-160 never verify.
func (k *publicKey) boundBy(primary *publicKey, binding *pgpSignature) (strong, ok bool) {
	if primary.version != k.version || !binding.maySign() || !primary.made(binding, primary.material, k.material) {
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
