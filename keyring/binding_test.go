package keyring

import (
	"slices"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A marriage is a binding of a subkey to a primary key in its parts.
type marriage struct {
	primary, subkey *forger
	binding, back   *forgery
	// what is hashed for each
	bound, backBound []byte
	backHashed       bool // the back-signature stands where it is signed
}

func marry(primary, subkey *forger) *marriage {
	m := &marriage{primary: primary, subkey: subkey, binding: newForgery(primary), back: newForgery(subkey)}
	m.binding.typ, m.back.typ = 0x18, 0x19
	m.binding.hashed = append(m.binding.hashed, sub(27, 0x02)...)
	m.bound = joined(primary.hashed(), subkey.hashed())
	m.backBound = m.bound
	return m
}

// packet is the binding with the back-signature in it.
func (m *marriage) packet() []byte {
	if m.back != nil {
		back := embedded(m.back.body(m.backBound))
		if m.backHashed {
			m.binding.hashed = append(m.binding.hashed, back...)
		} else {
			m.binding.unhashed = append(m.binding.unhashed, back...)
		}
	}
	return m.binding.packet(m.bound)
}

// embedded makes a subpacket of a signature, of 192 octets or more.
func embedded(body []byte) []byte {
	n := 1 + len(body)
	if n < 192 {
		return sub(32, body...)
	}
	return joined([]byte{byte((n-192)>>8 + 192), byte(n - 192)}, []byte{32}, body)
}

func (m *marriage) file() []File { return file(m.primary.key(), m.subkey.subkey(), m.packet()) }

// TestBindings: the subkey signs in any case; whether it counts for the primary
// key is what each case says.
func TestBindings(t *testing.T) {
	alice, laptop, mallory := forge("alice"), forge("laptop"), forge("mallory")
	for _, c := range []struct {
		name   string
		change func(*marriage)
		proven bool
	}{
		{"flawless", func(m *marriage) {}, true},
		{"back-signature where it is signed", func(m *marriage) { m.backHashed = true }, true},
		{"SHA-256", func(m *marriage) { m.binding.hash, m.back.hash = 8, 8 }, true},
		{"with all flags", func(m *marriage) { m.binding.hashed = append(m.binding.hashed, sub(27, 0xff)...) }, true},
		{"no back-signature", func(m *marriage) { m.back = nil }, false},
		{"back-signature by the primary key", func(m *marriage) { m.back.by = alice }, false},
		{"back-signature by another key", func(m *marriage) { m.back.by = mallory }, false},
		{"back-signature of another primary key", func(m *marriage) {
			m.backBound = joined(mallory.hashed(), laptop.hashed())
		}, false},
		{"back-signature of another subkey", func(m *marriage) {
			m.backBound = joined(alice.hashed(), mallory.hashed())
		}, false},
		{"back-signature of the wrong type", func(m *marriage) { m.back.typ = 0x18 }, false},
		{"document as back-signature", func(m *marriage) { m.back.typ = 0 }, false},
		{"back-signature with SHA-1", func(m *marriage) { m.back.hash = 2 }, false},
		{"back-signature with MD5", func(m *marriage) { m.back.hash = 1 }, false},
		{"back-signature with a wrong digest", func(m *marriage) { m.back.flipTag = true }, false},
		{"back-signature with bytes behind it", func(m *marriage) {
			m.back.values = func(r, s []byte) []byte { return append(twoNumbers(r, s), 0) }
		}, false},
		{"binding by another key", func(m *marriage) { m.binding.by = mallory }, false},
		{"binding by the subkey", func(m *marriage) { m.binding.by = laptop }, false},
		{"binding of another subkey", func(m *marriage) { m.bound = joined(alice.hashed(), mallory.hashed()) }, false},
		{"binding of another primary key", func(m *marriage) { m.bound = joined(mallory.hashed(), laptop.hashed()) }, false},
		{"binding of the subkey pretended", func(m *marriage) { m.bound = laptop.hashed() }, false},
		{"binding of the wrong type", func(m *marriage) { m.binding.typ = 0x19 }, false},
		{"certification as binding", func(m *marriage) { m.binding.typ = 0x13 }, false},
		{"revocation as binding", func(m *marriage) { m.binding.typ = 0x28 }, false},
		{"binding with SHA-1", func(m *marriage) { m.binding.hash = 2 }, false},
		{"binding with MD5", func(m *marriage) { m.binding.hash = 1 }, false},
		{"binding with SHA-224", func(m *marriage) { m.binding.hash = 11 }, false},
		{"binding with a wrong digest", func(m *marriage) { m.binding.flipTag = true }, false},
		{"binding that names another key", func(m *marriage) {
			m.binding.hashed = joined(sub(2, 1, 2, 3, 4), sub(27, 2), sub(33, append([]byte{4}, mallory.octets()...)...))
		}, false},
		{"binding with a critical subpacket that nobody knows", func(m *marriage) {
			m.binding.hashed = append(m.binding.hashed, sub(0x80|101, 1)...)
		}, false},
		{"no flags", func(m *marriage) { m.binding.hashed = m.binding.hashed[:len(m.binding.hashed)-3] }, false},
		{"empty flags", func(m *marriage) { m.binding.hashed = append(m.binding.hashed, sub(27)...) }, false},
		{"flags to encrypt", func(m *marriage) { m.binding.hashed = append(m.binding.hashed, sub(27, 0x0c)...) }, false},
		{"flags to certify", func(m *marriage) { m.binding.hashed = append(m.binding.hashed, sub(27, 0x01)...) }, false},
		{"flags that are not signed", func(m *marriage) {
			m.binding.hashed = m.binding.hashed[:len(m.binding.hashed)-3]
			m.binding.unhashed = append(m.binding.unhashed, sub(27, 0x02)...)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := marry(alice, laptop)
			c.change(m)
			k := New(m.file())
			r := k.Check(document, []byte(newForgery(laptop).armor(document)))
			wantIdentity(t, r, laptop.fingerprint())
			var want []signer.Fingerprint
			if c.proven {
				want = append(want, alice.fingerprint())
			}
			if !slices.Equal(r.Identity.Primaries, want) {
				t.Errorf("the primary keys are %s", r.Identity.Primaries)
			}
			if key, ok := k.Lookup(laptop.fingerprint()); !ok || !slices.Equal(key.Primaries, want) {
				t.Errorf("%+v", key)
			}
		})
	}
}

// TestBindingMutations: whatever is changed in a proof breaks it.
func TestBindingMutations(t *testing.T) {
	alice, laptop := forge("alice"), forge("laptop")
	m := marry(alice, laptop)
	m.backHashed = true
	m.binding.unhashed = nil
	packet := m.packet()
	for n := range len(packet) {
		mutated := slices.Clone(packet)
		mutated[n] ^= 0x10
		k := New(file(alice.key(), laptop.subkey(), mutated))
		if key, _ := k.Lookup(laptop.fingerprint()); len(key.Primaries) > 0 {
			t.Errorf("proven with octet %d changed", n)
		}
	}
}

func TestBindingsOfSeveral(t *testing.T) {
	alice, bob, laptop, six := forge("alice"), forge("bob"), forge("laptop"), forge6("six")
	k := New([]File{
		{"a.gpg", marry(alice, laptop).file()[0].Content},
		{"b.gpg", joined(bob.key(), laptop.subkey(), marry(bob, laptop).packet())},
		{"c.gpg", joined(laptop.key(), bob.subkey(), marry(laptop, bob).packet())}, // a circle
		{"d.gpg", joined(six.key(), laptop.subkey(), marry(six, laptop).packet())}, // of another version
		{"e.gpg", joined(laptop.key(), laptop.subkey(), marry(laptop, laptop).packet())},
	})
	want := []signer.Fingerprint{alice.fingerprint(), bob.fingerprint()}
	slices.Sort(want)
	if key, _ := k.Lookup(laptop.fingerprint()); !slices.Equal(key.Primaries, want) || key.File != "a.gpg" {
		t.Errorf("%+v", key)
	}
	if key, _ := k.Lookup(bob.fingerprint()); !slices.Equal(key.Primaries, []signer.Fingerprint{laptop.fingerprint()}) {
		t.Errorf("%+v", key)
	}
	if n := len(k.Keys()); n != 4 {
		t.Errorf("%d keys", n)
	}
}

func TestBindingVersion6(t *testing.T) {
	six, laptop := forge6("six"), forge6("laptop")
	key, _ := New(marry(six, laptop).file()).Lookup(laptop.fingerprint())
	if !slices.Equal(key.Primaries, []signer.Fingerprint{six.fingerprint()}) {
		t.Errorf("%+v", key)
	}
}

// TestPlaces: a binding counts where it stands, and nothing moves it elsewhere.
func TestPlaces(t *testing.T) {
	alice, mallory, laptop := forge("alice"), forge("mallory"), forge("laptop")
	binding := marry(alice, laptop).packet()
	for name, packets := range map[string][]byte{
		"behind another primary key":           joined(mallory.key(), laptop.subkey(), binding),
		"behind the primary key itself":        joined(alice.key(), binding, laptop.subkey()),
		"behind a user id":                     joined(alice.key(), userID("alice"), binding, laptop.subkey()),
		"behind another subkey":                joined(alice.key(), mallory.subkey(), binding, laptop.subkey()),
		"behind a primary key that is damaged": joined(framed(6, alice.body()[1:]), laptop.subkey(), binding),
		"behind a secret key":                  joined(framed(5, alice.body()), laptop.subkey(), binding),
		"behind a damaged second primary key":  joined(alice.key(), framed(6, nil), laptop.subkey(), binding),
		"behind a second, secret primary key":  joined(alice.key(), framed(5, mallory.body()), laptop.subkey(), binding),
		"behind a secret subkey":               joined(alice.key(), laptop.subkey(), framed(7, laptop.body()), binding),
		"behind a photograph":                  joined(alice.key(), laptop.subkey(), framed(17, []byte("x")), binding),
		"in another file":                      joined(alice.key(), laptop.subkey()),
	} {
		t.Run(name, func(t *testing.T) {
			key, ok := New(file(packets)).Lookup(laptop.fingerprint())
			if !ok || len(key.Primaries) > 0 {
				t.Errorf("%+v", key)
			}
		})
	}
}

func TestOwnClaims(t *testing.T) {
	alice, mallory, laptop := forge("alice"), forge("mallory"), forge("laptop")
	year := 365 * 24 * time.Hour
	lifetime := func(d time.Duration) []byte { return sub(9, be(4, int(d.Seconds()))...) }
	at := func(seconds int) []byte { return sub(2, be(4, seconds)...) }
	created := time.Unix(1_500_000_000, 0).UTC()
	// pretended makes a signature that names alice and is not by her.
	pretended := func(typ byte, subpackets []byte, parts ...[]byte) []byte {
		f := newForgery(alice)
		f.by, f.typ, f.hashed = mallory, typ, append(f.hashed, subpackets...)
		return f.packet(parts...)
	}
	about := func(by *forger, typ byte, subpackets []byte) []byte {
		return joined(userID("A"), by.certify(typ, subpackets, alice.hashed(), hashedID("A")))
	}
	for _, c := range []struct {
		name    string
		packets []byte
		ids     []string
		expires time.Time
		revoked bool
	}{
		{"nothing", nil, nil, time.Time{}, false},
		{"user id that nobody has signed", userID("A"), nil, time.Time{}, false},
		{"user id", about(alice, 0x13, nil), []string{"A"}, time.Time{}, false},
		{"user id by another", about(mallory, 0x13, nil), nil, time.Time{}, false},
		{"another user id", joined(userID("B"), alice.certify(0x13, nil, alice.hashed(), hashedID("A"))), nil, time.Time{}, false},
		{"user id of another key", joined(userID("A"), alice.certify(0x13, nil, mallory.hashed(), hashedID("A"))), nil, time.Time{}, false},
		{"hostile user id", joined(userID("\xffa\x1b"), alice.certify(0x10, nil, alice.hashed(), hashedID("\xffa\x1b"))), []string{"\uFFFDa\x1b"}, time.Time{}, false},
		{"expiry", about(alice, 0x13, lifetime(year)), []string{"A"}, created.Add(year), false},
		{"expiry by another", about(mallory, 0x13, lifetime(year)), nil, time.Time{}, false},
		{"later expiry", joined(about(alice, 0x13, joined(at(1_700_000_000), lifetime(2*year))), about(alice, 0x10, joined(at(1_650_000_000), lifetime(year)))),
			[]string{"A"}, created.Add(2 * year), false},
		{"expiry taken back", joined(about(alice, 0x13, joined(at(1_650_000_000), lifetime(year))), about(alice, 0x13, at(1_700_000_000))),
			[]string{"A"}, time.Time{}, false},
		{"two expiries at once, of which the last counts", joined(about(alice, 0x13, joined(at(1_650_000_000), lifetime(year))), about(alice, 0x13, joined(at(1_650_000_000), lifetime(2*year)))),
			[]string{"A"}, created.Add(2 * year), false},
		{"later expiry by another", joined(about(alice, 0x13, joined(at(1_650_000_000), lifetime(year))), about(mallory, 0x13, joined(at(1_700_000_000), lifetime(2*year)))),
			[]string{"A"}, created.Add(year), false},
		{"later expiry, pretended", joined(about(alice, 0x13, joined(at(1_650_000_000), lifetime(year))), pretended(0x1f, joined(at(1_700_000_000), lifetime(2*year)), alice.hashed())),
			[]string{"A"}, created.Add(year), false},
		{"expiry of the key directly", alice.certify(0x1f, lifetime(year), alice.hashed()), nil, created.Add(year), false},
		{"pretended user id", joined(userID("A"), pretended(0x13, lifetime(year), alice.hashed(), hashedID("A"))), nil, time.Time{}, false},
		{"pretended expiry", pretended(0x1f, lifetime(year), alice.hashed()), nil, time.Time{}, false},
		{"pretended revocation", pretended(0x20, nil, alice.hashed()), nil, time.Time{}, false},
		{"revoked", alice.certify(0x20, nil, alice.hashed()), nil, time.Time{}, true},
		{"revoked by another", mallory.certify(0x20, nil, alice.hashed()), nil, time.Time{}, false},
		{"another key revoked", alice.certify(0x20, nil, mallory.hashed()), nil, time.Time{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, _ := New(file(alice.key(), c.packets)).Lookup(alice.fingerprint())
			if !slices.Equal(key.UserIDs, c.ids) || !key.Expires.Equal(c.expires) || key.Revoked != c.revoked || !key.Created.Equal(created) {
				t.Errorf("%+v", key)
			}
		})
	}
	t.Run("in several files", func(t *testing.T) {
		k := New([]File{{"a.gpg", joined(alice.key(), about(alice, 0x13, nil))}, {"b.gpg", joined(alice.key(), alice.certify(0x20, nil, alice.hashed()))}})
		if key, _ := k.Lookup(alice.fingerprint()); !key.Revoked || len(key.UserIDs) != 1 || key.File != "a.gpg" {
			t.Errorf("%+v", key)
		}
	})
	t.Run("revocation does not decide", func(t *testing.T) {
		k := New(file(alice.key(), alice.certify(0x20, nil, alice.hashed())))
		wantIdentity(t, k.Check(document, []byte(newForgery(alice).armor(document))), alice.fingerprint())
	})
	subkey := joined(alice.key(), about(alice, 0x13, lifetime(year)), laptop.subkey())
	both := joined(alice.hashed(), laptop.hashed())
	for _, c := range []struct {
		name    string
		packets []byte
		expires time.Time
		revoked bool
	}{
		{"bound", joined(subkey, marry(alice, laptop).packet()), created.Add(year), false},
		{"not bound", joined(subkey, alice.certify(0x28, nil, both)), time.Time{}, false},
		{"revoked", joined(subkey, alice.certify(0x28, nil, both), marry(alice, laptop).packet()), created.Add(year), true},
		{"revoked by another", joined(subkey, marry(alice, laptop).packet(), mallory.certify(0x28, nil, both)), created.Add(year), false},
		{"pretended to be revoked", joined(subkey, marry(alice, laptop).packet(), pretended(0x28, nil, both)), created.Add(year), false},
		{"primary key revoked", joined(alice.key(), alice.certify(0x20, nil, alice.hashed()), laptop.subkey(), marry(alice, laptop).packet()), time.Time{}, true},
	} {
		t.Run("subkey "+c.name, func(t *testing.T) {
			key, _ := New(file(c.packets)).Lookup(laptop.fingerprint())
			if !key.Expires.Equal(c.expires) || key.Revoked != c.revoked {
				t.Errorf("%+v", key)
			}
		})
	}
}

// TestNestedSignatures: a library that looks into a signature within a signature
// within a signature must never get to see one.
func TestNestedSignatures(t *testing.T) {
	alice := forge("alice")
	for _, typ := range []byte{0x00, 0x13, 0x18, 0x28} {
		inner, outer := newForgery(alice), newForgery(alice)
		inner.typ, outer.typ = typ, 0x18
		for _, area := range []*[]byte{&outer.hashed, &outer.unhashed} {
			kept := *area
			*area = append(*area, embedded(inner.body(document))...)
			if _, err := parseSignature(outer.body(document)); err != errEmbedded {
				t.Errorf("within is a signature of type %#x: %v", typ, err)
			}
			*area = kept
		}
	}
	back := newForgery(alice)
	back.typ = 0x19
	back.unhashed = append(back.unhashed, embedded(back.body(document))...)
	m := marry(alice, forge("laptop"))
	m.back = nil
	m.binding.unhashed = append(m.binding.unhashed, embedded(back.body(document))...)
	s, err := parseSignature(m.binding.body(m.bound))
	if err != nil || New(m.file()).keys[alice.fingerprint()].made(s, m.bound) {
		t.Errorf("a back-signature within a back-signature passes: %v", err)
	}
}
