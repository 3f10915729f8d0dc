package keyring

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

var document = []byte("tree 9bedf67800b2923982bdf60c89c57ce6fd2d9a1c\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\nHello\n")

// wantIdentity requires that a signature was made by a key.
func wantIdentity(t *testing.T, r signer.Result, key signer.Fingerprint) {
	t.Helper()
	if r.Problem != nil {
		t.Fatalf("%+v", *r.Problem)
	}
	if r.Identity == nil || r.Identity.Key != key {
		t.Errorf("made by %+v instead of %s", r.Identity, key)
	}
}

// wantProblem requires a problem of a kind whose detail has some words.
func wantProblem(t *testing.T, r signer.Result, kind signer.Kind, words string) {
	t.Helper()
	if r.Identity != nil || r.Problem == nil {
		t.Fatalf("accepted: %+v", r)
	}
	if r.Problem.Kind != kind || !strings.Contains(r.Problem.Detail, words) {
		t.Errorf("%+v instead of kind %d with %q", *r.Problem, kind, words)
	}
}

func TestCheckOpenPGP(t *testing.T) {
	alice, bob, six := forge("alice"), forge("bob"), forge6("six")
	k := New(file(alice.key(), bob.key(), six.key()))
	for _, by := range []*forger{alice, bob, six} {
		r := k.Check(document, []byte(newForgery(by).armor(document)))
		wantIdentity(t, r, by.fingerprint())
		if r.Identity.Algorithm != "Ed25519, SHA-512" || len(r.Identity.Primaries) > 0 || r.Weakness != 0 {
			t.Errorf("%+v", r)
		}
		wantProblem(t, New(nil).Check(document, []byte(newForgery(by).armor(document))), signer.UnknownKey, "not in the keyring")
		wantProblem(t, k.Check(document[1:], []byte(newForgery(by).armor(document))), signer.BadSignature, "did not make it")
	}
}

// A change makes something else of a flawless signature by alice.
type change struct {
	name   string
	change func(*forgery)
	kind   signer.Kind // 0 for accepted
	words  string
}

func TestCheckForgedSignatures(t *testing.T) {
	alice, mallory := forge("alice"), forge("mallory")
	k := New(file(alice.key(), mallory.key()))
	for _, c := range []change{
		{"flawless", func(f *forgery) {}, 0, ""},
		{"text", func(f *forgery) { f.typ = 1 }, signer.Unsupported, "type 0x01"},
		{"standalone", func(f *forgery) { f.typ = 2 }, signer.Unsupported, "type 0x02"},
		{"certification", func(f *forgery) { f.typ = 0x13 }, signer.Unsupported, "type 0x13"},
		{"version 3", func(f *forgery) { f.version = 3 }, signer.Unsupported, "version 3"},
		{"version 5", func(f *forgery) { f.version = 5 }, signer.Unsupported, "version 5"},
		{"SHA-256", func(f *forgery) { f.hash = 8 }, 0, ""},
		{"SHA-384", func(f *forgery) { f.hash = 9 }, 0, ""},
		{"SHA3-256", func(f *forgery) { f.hash = 12 }, 0, ""},
		{"SHA3-512", func(f *forgery) { f.hash = 14 }, 0, ""},
		{"SHA-224", func(f *forgery) { f.hash = 11 }, signer.Unsupported, "number 11"},
		{"MD5", func(f *forgery) { f.hash = 1 }, signer.Weak, "MD5"},
		{"RIPEMD-160", func(f *forgery) { f.hash = 3 }, signer.Weak, "RIPEMD-160"},
		{"an algorithm that nobody knows", func(f *forgery) { f.algo = 99 }, signer.Unsupported, "number 99"},
		{"Elgamal", func(f *forgery) { f.algo = 20 }, signer.Unsupported, "number 20"},
		{"another algorithm of the same shape", func(f *forgery) { f.algo = 19 }, signer.BadSignature, "algorithm is not that of the key"},

		{"wrong first octets of the digest", func(f *forgery) { f.flipTag = true }, signer.BadSignature, ""},
		{"trailer of version 3", func(f *forgery) { f.trailer = []byte{} }, signer.BadSignature, ""},
		{"trailer with another length", func(f *forgery) { f.trailer = []byte{4, 0xff, 0, 0, 0, 0} }, signer.BadSignature, ""},
		{"trailer of version 6", func(f *forgery) { f.trailer = joined([]byte{6, 0xff}, be(4, 6+len(f.hashed))) }, signer.BadSignature, ""},
		{"salted as version 6 is", func(f *forgery) { f.salt = make([]byte, 32) }, signer.BadSignature, ""},

		{"no date", func(f *forgery) { f.hashed = nil }, signer.Malformed, "no date"},
		{"only the key id, signed", func(f *forgery) {
			f.hashed, f.unhashed = joined(sub(2, 1, 2, 3, 4), sub(16, alice.id()...)), nil
		}, 0, ""},
		{"only the key id, not signed", func(f *forgery) { f.hashed = sub(2, 1, 2, 3, 4) }, 0, ""},
		{"only the fingerprint, not signed", func(f *forgery) {
			f.hashed, f.unhashed = sub(2, 1, 2, 3, 4), sub(33, append([]byte{4}, alice.octets()...)...)
		}, 0, ""},
		{"fingerprint and key id, not signed", func(f *forgery) {
			f.hashed, f.unhashed = sub(2, 1, 2, 3, 4), joined(sub(33, append([]byte{4}, alice.octets()...)...), sub(16, alice.id()...))
		}, 0, ""},
		{"no issuer", func(f *forgery) { f.hashed, f.unhashed = sub(2, 1, 2, 3, 4), nil }, signer.UnknownKey, "does not say which key"},
		{"issuer of all zeros", func(f *forgery) { f.hashed, f.unhashed = sub(2, 1, 2, 3, 4), sub(16, make([]byte, 8)...) }, signer.UnknownKey, "not in the keyring"},
		{"key id of another key, not signed", func(f *forgery) { f.unhashed = sub(16, mallory.id()...) }, signer.Malformed, "names two keys"},
		{"key id of another key, signed", func(f *forgery) { f.hashed = append(f.hashed, sub(16, mallory.id()...)...) }, signer.Malformed, "names two keys"},
		{"fingerprint of another key, not signed", func(f *forgery) {
			f.unhashed = sub(33, append([]byte{4}, mallory.octets()...)...)
		}, signer.Malformed, "names two keys"},
		{"two fingerprints, signed", func(f *forgery) {
			f.hashed = append(f.hashed, sub(33, append([]byte{4}, mallory.octets()...)...)...)
		}, signer.Malformed, "names two keys"},
		{"fingerprint of another key that ends alike", func(f *forgery) {
			other := alice.octets()
			other[0] ^= 1
			f.hashed = append(f.hashed, sub(33, append([]byte{4}, other...)...)...)
		}, signer.Malformed, "names two keys"},
		{"only a fingerprint that ends like that of a key", func(f *forgery) {
			other := alice.octets()
			other[0] ^= 1
			f.hashed = joined(sub(2, 1, 2, 3, 4), sub(33, append([]byte{4}, other...)...))
		}, signer.UnknownKey, "not in the keyring"},
		{"only another key", func(f *forgery) {
			f.hashed, f.unhashed = joined(sub(2, 1, 2, 3, 4), sub(33, append([]byte{4}, mallory.octets()...)...)), nil
		}, signer.BadSignature, "did not make it"},
		{"only the key id of another key", func(f *forgery) {
			f.hashed, f.unhashed = sub(2, 1, 2, 3, 4), sub(16, mallory.id()...)
		}, signer.BadSignature, "did not make it"},
		{"fingerprint of version 6", func(f *forgery) {
			f.hashed = joined(sub(2, 1, 2, 3, 4), sub(33, append([]byte{6}, make([]byte, 32)...)...))
		}, signer.Malformed, "not one of a key of its version"},
		{"fingerprint said to be of version 5", func(f *forgery) { f.hashed[2] = 5 }, signer.Malformed, "not one of a key of its version"},
		{"fingerprint that is too long", func(f *forgery) {
			f.hashed = joined(sub(2, 1, 2, 3, 4), sub(33, append([]byte{4}, make([]byte, 21)...)...))
		}, signer.Malformed, "not one of a key of its version"},
		{"empty fingerprint", func(f *forgery) { f.hashed = append(f.hashed, sub(33)...) }, signer.Malformed, "fingerprint"},
		{"short key id", func(f *forgery) { f.unhashed = sub(16, alice.id()[4:]...) }, signer.Malformed, "key id"},

		{"key id twice, not signed", func(f *forgery) { f.unhashed = joined(f.unhashed, f.unhashed) }, signer.Malformed, "twice"},
		{"key id twice with the fingerprint between, not signed", func(f *forgery) {
			f.unhashed = joined(f.unhashed, sub(33, append([]byte{4}, alice.octets()...)...), f.unhashed)
		}, signer.Malformed, "twice"},
		{"key id critical, not signed", func(f *forgery) { f.unhashed[1] |= 0x80 }, signer.Malformed, "critical"},
		{"key id critical, signed", func(f *forgery) { f.hashed = append(f.hashed, sub(0x80|16, alice.id()...)...) }, 0, ""},
		{"notation, not signed", func(f *forgery) {
			f.unhashed = append(f.unhashed, sub(20, 0x80, 0, 0, 0, 0, 1, 0, 1, 'a', 'b')...)
		}, signer.Unsupported, "type 20 that is not signed"},
		{"date, not signed", func(f *forgery) { f.unhashed = append(f.unhashed, sub(2, 1, 2, 3, 4)...) }, signer.Unsupported, "type 2 that is not signed"},
		{"another signature, not signed", func(f *forgery) { f.unhashed = append(f.unhashed, sub(32, 4, 0x19)...) }, signer.Unsupported, "type 32 that is not signed"},
		{"another signature, signed", func(f *forgery) { f.hashed = append(f.hashed, sub(32, 4, 0x19)...) }, signer.Unsupported, "another signature within it"},

		{"another document's signature, signed", func(f *forgery) { f.hashed = append(f.hashed, sub(32, 4, 0)...) }, signer.Malformed, "no back-signature"},
		{"an empty signature, not signed", func(f *forgery) { f.unhashed = append(f.unhashed, sub(32)...) }, signer.Malformed, "no back-signature"},

		{"critical date", func(f *forgery) { f.hashed = append(f.hashed, sub(0x80|2, 1, 2, 3, 4)...) }, 0, ""},
		{"critical user id of the signer", func(f *forgery) { f.hashed = append(f.hashed, sub(0x80|28, 'x')...) }, 0, ""},
		{"notation", func(f *forgery) { f.hashed = append(f.hashed, sub(20, 0x80, 0, 0, 0, 0, 1, 0, 1, 'a', 'b')...) }, 0, ""},
		{"critical notation", func(f *forgery) {
			f.hashed = append(f.hashed, sub(0x80|20, 0x80, 0, 0, 0, 0, 1, 0, 1, 'a', 'b')...)
		}, signer.Unsupported, "critical subpacket of type 20"},
		{"critical subpacket that nobody knows", func(f *forgery) { f.hashed = append(f.hashed, sub(0x80|101, 1)...) }, signer.Unsupported, "critical subpacket of type 101"},
		{"subpacket that nobody knows", func(f *forgery) { f.hashed = append(f.hashed, sub(101, 1)...) }, 0, ""},
		{"notation whose lengths are wrong", func(f *forgery) {
			f.hashed = append(f.hashed, sub(20, 0x80, 0, 0, 0, 0, 1, 0, 2, 'a', 'b')...)
		}, signer.BadSignature, ""},
		{"date of three octets", func(f *forgery) { f.hashed = append(f.hashed, sub(2, 1, 2, 3)...) }, signer.BadSignature, ""},
		{"expired", func(f *forgery) { f.hashed = append(f.hashed, sub(0x80|3, 0, 0, 0, 1)...) }, 0, ""},
		{"from the future", func(f *forgery) { f.hashed = append(f.hashed, sub(2, 0xff, 0xff, 0xff, 0xff)...) }, 0, ""},
		{"older than the key", func(f *forgery) { f.hashed = append(f.hashed, sub(2, 0, 0, 0, 1)...) }, 0, ""},
		{"subpacket without a type", func(f *forgery) { f.hashed = append(f.hashed, 0) }, signer.Malformed, "subpacket"},
		{"subpacket that is cut short", func(f *forgery) { f.hashed = append(f.hashed, 9, 101, 1) }, signer.Malformed, "subpacket"},
		{"subpacket with a long form of its length", func(f *forgery) {
			f.unhashed = joined([]byte{0xff, 0, 0, 0, 9, 16}, alice.id())
		}, signer.Malformed, "shortest form"},

		{"r with a leading zero octet", func(f *forgery) {
			f.values = func(r, s []byte) []byte { return joined(be(2, 264), []byte{0}, r, number(s)) }
		}, signer.Malformed, "canonical"},
		{"s with a wrong count of bits", func(f *forgery) {
			f.values = func(r, s []byte) []byte { return joined(number(r), miscounted(s)) }
		}, signer.Malformed, "canonical"},
		{"r that is too large", func(f *forgery) {
			f.values = func(r, s []byte) []byte { return joined(number(append([]byte{1}, r...)), number(s)) }
		}, signer.BadSignature, ""},
		{"no s", func(f *forgery) { f.values = func(r, s []byte) []byte { return number(r) } }, signer.Malformed, "cut short"},
		{"zeros", func(f *forgery) { f.values = func(r, s []byte) []byte { return make([]byte, 4) } }, signer.BadSignature, ""},
		{"bytes behind s", func(f *forgery) {
			f.values = func(r, s []byte) []byte { return append(twoNumbers(r, s), 0) }
		}, signer.Malformed, "bytes behind"},
		{"a third number", func(f *forgery) {
			f.values = func(r, s []byte) []byte { return joined(twoNumbers(r, s), number(s)) }
		}, signer.Malformed, "bytes behind"},
		{"s + order", func(f *forgery) {
			f.values = func(r, s []byte) []byte { return twoNumbers(r, plusOrder(s)) }
		}, signer.BadSignature, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForgery(alice)
			c.change(f)
			r := k.Check(document, []byte(f.armor(document)))
			if c.kind == 0 {
				wantIdentity(t, r, alice.fingerprint())
			} else {
				wantProblem(t, r, c.kind, c.words)
			}
		})
	}
}

// miscounted is an MPI whose count of bits is wrong, and whose count of octets is
// not.
func miscounted(n []byte) []byte {
	right := number(n)
	count := int(binary.BigEndian.Uint16(right))
	if count%8 == 0 {
		count -= 2
	}
	return joined(be(2, count+1), right[2:])
}

// plusOrder adds the order of the group of Ed25519 to a little-endian number: a
// verifier that does not compare s with it takes either.
func plusOrder(s []byte) []byte {
	order := "\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10"
	sum, carry := make([]byte, len(s)), 0
	for i := range s {
		carry += int(s[i]) + int(order[i])
		sum[i], carry = byte(carry), carry>>8
	}
	return sum
}

func TestCheckForgedSignaturesVersion6(t *testing.T) {
	six, four := forge6("six"), forge("four")
	k := New(file(six.key(), four.key()))
	for _, c := range []change{
		{"flawless", func(f *forgery) {}, 0, ""},
		{"SHA-256", func(f *forgery) { f.hash, f.salt = 8, make([]byte, 16) }, 0, ""},
		{"SHA-384", func(f *forgery) { f.hash, f.salt = 9, make([]byte, 24) }, 0, ""},
		{"SHA-1", func(f *forgery) { f.hash, f.salt = 2, make([]byte, 16) }, signer.Unsupported, "SHA-1"},
		{"salt of another length", func(f *forgery) { f.salt = make([]byte, 16) }, signer.Malformed, "salt of 16 octets"},
		{"no salt", func(f *forgery) { f.salt = nil }, signer.Malformed, "salt of 0 octets"},
		{"trailer of version 4", func(f *forgery) { f.trailer = joined([]byte{4, 0xff}, be(4, 8+len(f.hashed))) }, signer.BadSignature, ""},
		{"wrong first octets of the digest", func(f *forgery) { f.flipTag = true }, signer.BadSignature, ""},
		{"key id", func(f *forgery) { f.unhashed = sub(16, six.id()...) }, signer.Malformed, "not one of a version 4 key"},
		{"fingerprint of a version 4 key", func(f *forgery) {
			f.hashed = joined(sub(2, 1, 2, 3, 4), sub(33, append([]byte{4}, four.octets()...)...))
		}, signer.Malformed, "not one of a key of its version"},
		{"no issuer", func(f *forgery) { f.hashed = sub(2, 1, 2, 3, 4) }, signer.UnknownKey, "does not say"},
		{"bytes behind it", func(f *forgery) { f.values = func(r, s []byte) []byte { return joined(r, s, []byte{0}) } }, signer.Malformed, "bytes behind"},
		{"cut short", func(f *forgery) { f.values = func(r, s []byte) []byte { return r } }, signer.Malformed, "cut short"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForgery(six)
			c.change(f)
			r := k.Check(document, []byte(f.armor(document)))
			if c.kind == 0 {
				wantIdentity(t, r, six.fingerprint())
			} else {
				wantProblem(t, r, c.kind, c.words)
			}
		})
	}
}

// A key of version 4 must not make signatures of version 6 nor the other way
// round, whatever they name.
func TestCheckVersionOfKey(t *testing.T) {
	four := forge("four")
	four.algorithm = 27
	six := forge6("four") // the same point
	k := New(file(four.key(), six.key()))
	f := newForgery(six)
	f.by = four
	wantIdentity(t, k.Check(document, []byte(f.armor(document))), six.fingerprint())
	old := newForgery(four)
	wantIdentity(t, k.Check(document, []byte(old.armor(document))), four.fingerprint())
	for _, c := range []*forgery{
		{by: four, version: 6, algo: 27, hash: 10, salt: make([]byte, 32), values: rawValues,
			hashed: joined(sub(2, 1, 2, 3, 4), sub(33, append([]byte{6}, joined(four.octets(), make([]byte, 12))...)...))},
		{by: four, version: 4, algo: 27, hash: 10, values: rawValues,
			hashed: joined(sub(2, 1, 2, 3, 4), sub(16, six.id()...))},
	} {
		wantProblem(t, k.Check(document, []byte(c.armor(document))), signer.UnknownKey, "")
	}
}

func TestCheckWeakness(t *testing.T) {
	alice := forge("alice")
	f := newForgery(alice)
	f.hash = 2
	r := New(file(alice.key())).Check(document, []byte(f.armor(document)))
	wantIdentity(t, r, alice.fingerprint())
	if r.Weakness != signer.WeakSHA1 || r.Identity.Algorithm != "Ed25519, SHA-1" {
		t.Errorf("%+v", r)
	}
	r = New(nil).Check(document, []byte(f.armor(document)))
	wantProblem(t, r, signer.UnknownKey, "")
	if r.Weakness != signer.WeakSHA1 {
		t.Errorf("the weakness of a signature by an unknown key is %d", r.Weakness)
	}
	f.algo = 17
	if r := New(nil).Check(document, []byte(f.armor(document))); r.Problem.Kind != signer.UnknownKey || r.Weakness != signer.WeakSHA1|signer.WeakDSA {
		t.Errorf("%+v", r)
	}
}

func TestCheckClaimed(t *testing.T) {
	alice := forge("alice")
	f := newForgery(alice)
	if r := New(nil).Check(document, []byte(f.armor(document))); r.Problem.Claimed != string(alice.fingerprint()) {
		t.Errorf("claims %q", r.Problem.Claimed)
	}
	f.hashed = sub(2, 1, 2, 3, 4)
	if r := New(nil).Check(document, []byte(f.armor(document))); r.Problem.Claimed != string(alice.fingerprint()[24:]) {
		t.Errorf("claims %q", r.Problem.Claimed)
	}
	f.typ = 1
	if r := New(nil).Check(document, []byte(f.armor(document))); r.Problem.Claimed != string(alice.fingerprint()[24:]) {
		t.Errorf("claims %q", r.Problem.Claimed)
	}
}

// Where libraries differ is what they take for a packet.
func TestCheckPackets(t *testing.T) {
	alice, bob := forge("alice"), forge("bob")
	k := New(file(alice.key(), bob.key()))
	body := newForgery(alice).body(document)
	signature := framed(2, body)
	for _, c := range []struct {
		name   string
		packet []byte
		kind   signer.Kind
		words  string
	}{
		{"new format", joined([]byte{0xc2}, be(1, len(body)), body), 0, ""},
		{"two signatures, the right one first", joined(signature, newForgery(bob).packet(document)), signer.Malformed, "more than one"},
		{"two signatures, the right one last", joined(newForgery(bob).packet(document), signature), signer.Malformed, "more than one"},
		{"the same signature twice", joined(signature, signature), signer.Malformed, "more than one"},
		{"a byte behind it", append(bytesOf(signature), 0), signer.Malformed, "more than one"},
		{"a marker before it", joined(framed(10, []byte("PGP")), signature), signer.Malformed, "type 10"},
		{"padding behind it", joined(signature, []byte{0xd5, 0}), signer.Malformed, "more than one"},
		{"a public key", alice.key(), signer.Malformed, "type 6"},
		{"a literal", framed(11, []byte("b\x00\x00\x00\x00\x00hello")), signer.Malformed, "type 11"},
		{"indeterminate length", joined([]byte{0x8b}, body), signer.Malformed, "definite length"},
		{"partial length", joined([]byte{0xc2, 0xe0}, body[:1], be(1, len(body)-1), body[1:]), signer.Malformed, "definite length"},
		{"old format, long length", joined([]byte{0x89}, be(2, len(body)), body), signer.Malformed, "shortest form"},
		{"old format, longest length", joined([]byte{0x8a}, be(4, len(body)), body), signer.Malformed, "shortest form"},
		{"new format, long length", joined([]byte{0xc2, 0xff}, be(4, len(body)), body), signer.Malformed, "shortest form"},
		{"longer than what there is", joined([]byte{0x88}, be(1, len(body)+1), body), signer.Malformed, "longer than"},
		{"shorter than what there is", joined([]byte{0x88}, be(1, len(body)-1), body), signer.Malformed, "more than one"},
		{"huge", joined([]byte{0xc2, 0xff, 0xff, 0xff, 0xff, 0xff}, body), signer.Malformed, "longer than"},
		{"empty", framed(2, nil), signer.Malformed, "cut short"},
		{"no packet", []byte("hello"), signer.Malformed, "no packet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := k.Check(document, []byte(enarmor(c.packet)))
			if c.kind == 0 {
				wantIdentity(t, r, alice.fingerprint())
			} else {
				wantProblem(t, r, c.kind, c.words)
			}
		})
	}
}

func bytesOf(b []byte) []byte { return append([]byte(nil), b...) }
