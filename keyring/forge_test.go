package keyring

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A forger is an Ed25519 key of which a test has every octet in hand, and so the
// signatures. It shares no code with what is tested.
type forger struct {
	version   byte
	algorithm byte // 22 or 27
	private   ed25519.PrivateKey
	created   uint32
	numbers   []byte // of a key that is not Ed25519
	// sign makes the numbers of a signature of such a key.
	sign func(hash crypto.Hash, sum []byte) []byte
}

// forge makes the key that a name stands for, in version 4 of the legacy kind.
func forge(name string) *forger {
	seed := sha256.Sum256([]byte(name))
	return &forger{version: 4, algorithm: 22, private: ed25519.NewKeyFromSeed(seed[:]), created: 1_500_000_000}
}

// forge6 makes a key of version 6.
func forge6(name string) *forger {
	f := forge(name)
	f.version, f.algorithm = 6, 27
	return f
}

func joined(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func be(size int, n int) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n))[8-size:]
}

// body is the body of the public key packet.
func (f *forger) body() []byte {
	point := f.numbers
	if point == nil {
		point = []byte(f.private.Public().(ed25519.PublicKey))
	}
	if f.algorithm == 22 {
		oid := []byte{9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1}
		point = joined(oid, be(2, 263), []byte{0x40}, point)
	}
	head := joined([]byte{f.version}, be(4, int(f.created)), []byte{f.algorithm})
	if f.version == 6 {
		head = append(head, be(4, len(point))...)
	}
	return append(head, point...)
}

// hashed is the key as it is hashed.
func (f *forger) hashed() []byte {
	if f.version == 6 {
		return joined([]byte{0x9b}, be(4, len(f.body())), f.body())
	}
	return joined([]byte{0x99}, be(2, len(f.body())), f.body())
}

func (f *forger) octets() []byte {
	if f.version == 6 {
		sum := sha256.Sum256(f.hashed())
		return sum[:]
	}
	sum := sha1.Sum(f.hashed())
	return sum[:]
}

func (f *forger) fingerprint() signer.Fingerprint { return signer.OpenPGP(f.octets()) }

func (f *forger) id() []byte {
	if f.version == 6 {
		return f.octets()[:8]
	}
	return f.octets()[12:]
}

// key and subkey are the packets of the key.
func (f *forger) key() []byte    { return framed(6, f.body()) }
func (f *forger) subkey() []byte { return framed(14, f.body()) }

func userID(id string) []byte       { return framed(13, []byte(id)) }
func hashedID(id string) []byte     { return joined([]byte{0xb4}, be(4, len(id)), []byte(id)) }
func file(packets ...[]byte) []File { return []File{{"k.gpg", joined(packets...)}} }

// framed makes a packet in the old format as gpg does, or for types that it does
// not have in the new one.
func framed(tag byte, body []byte) []byte {
	switch n := len(body); {
	case tag > 15:
		return joined([]byte{0xc0 | tag, 0xff}, be(4, n), body)
	case n < 0x100:
		return joined([]byte{0x80 | tag<<2}, be(1, n), body)
	case n < 0x10000:
		return joined([]byte{0x81 | tag<<2}, be(2, n), body)
	default:
		return joined([]byte{0x82 | tag<<2}, be(4, n), body)
	}
}

// sub makes a subpacket of less than 192 octets.
func sub(typ byte, content ...byte) []byte {
	return joined([]byte{byte(1 + len(content)), typ}, content)
}

// A forgery is a signature in all its parts. The zero values of those that
// newForgery does not set mean what is right.
type forgery struct {
	by               *forger
	version          byte
	typ, algo, hash  byte
	hashed, unhashed []byte
	salt             []byte
	flipTag          bool
	trailer          []byte // instead of the right one
	values           func(r, s []byte) []byte
}

// newForgery is a flawless signature of a document.
func newForgery(by *forger) *forgery {
	f := &forgery{by: by, version: by.version, algo: by.algorithm, hash: 10, values: twoNumbers}
	f.hashed = joined(sub(33, append([]byte{by.version}, by.octets()...)...), sub(2, 0x60, 0, 0, 0))
	f.unhashed = sub(16, by.id()...)
	if by.version == 6 {
		f.unhashed, f.salt, f.values = nil, bytes.Repeat([]byte{7}, 32), rawValues
	}
	if by.algorithm == 27 {
		f.values = rawValues
	}
	return f
}

func rawValues(r, s []byte) []byte { return joined(r, s) }

func twoNumbers(r, s []byte) []byte { return joined(number(r), number(s)) }

// number is an MPI.
func number(n []byte) []byte {
	n = bytes.TrimLeft(n, "\x00")
	if len(n) == 0 {
		return be(2, 0)
	}
	return joined(be(2, 8*(len(n)-1)+bits.Len8(n[0])), n)
}

// hashOf are the digests. That of RIPEMD-160 need not be right to be refused.
var hashOf = map[byte]crypto.Hash{
	1: crypto.MD5, 2: crypto.SHA1, 3: crypto.SHA1, 8: crypto.SHA256, 9: crypto.SHA384,
	10: crypto.SHA512, 11: crypto.SHA224, 12: crypto.SHA3_256, 14: crypto.SHA3_512,
}

// body signs the parts and is the body of the signature packet.
func (f *forgery) body(parts ...[]byte) []byte {
	size := 2
	if f.version == 6 {
		size = 4
	}
	signed := joined([]byte{f.version, f.typ, f.algo, f.hash}, be(size, len(f.hashed)), f.hashed)
	trailer := joined([]byte{f.version, 0xff}, be(4, len(signed)))
	if f.trailer != nil {
		trailer = f.trailer
	}
	h := hashOf[f.hash].New()
	h.Write(joined(f.salt, joined(parts...), signed, trailer))
	sum := h.Sum(nil)
	values := f.by.sign
	if values == nil {
		values = func(_ crypto.Hash, sum []byte) []byte {
			made := ed25519.Sign(f.by.private, sum)
			return f.values(made[:32], made[32:])
		}
	}
	tag := bytes.Clone(sum[:2])
	if f.flipTag {
		tag[1] ^= 1
	}
	if f.version == 6 {
		tag = joined(tag, be(1, len(f.salt)), f.salt)
	}
	return joined(signed, be(size, len(f.unhashed)), f.unhashed, tag, values(hashOf[f.hash], sum))
}

func (f *forgery) packet(parts ...[]byte) []byte { return framed(2, f.body(parts...)) }

func (f *forgery) armor(message []byte) string { return enarmor(f.packet(message)) }

// certify makes a self-signature of a type over some parts.
func (f *forger) certify(typ byte, subpackets []byte, parts ...[]byte) []byte {
	c := newForgery(f)
	c.typ = typ
	c.hashed = append(c.hashed, subpackets...)
	return c.packet(parts...)
}

// enarmor is the canonical armor of some data without its checksum.
func enarmor(data []byte) string { return enarmorLines(data, 64, false) }

func enarmorLines(data []byte, width int, checksum bool) string {
	var b strings.Builder
	b.WriteString("-----BEGIN PGP SIGNATURE-----\n\n")
	b.WriteString(base64Lines(data, width))
	if checksum {
		crc := 0xb704ce
		for _, octet := range data {
			crc ^= int(octet) << 16
			for range 8 {
				if crc <<= 1; crc&0x1000000 != 0 {
					crc ^= 0x1864cfb
				}
			}
		}
		b.WriteString("=" + base64.StdEncoding.EncodeToString(be(3, crc&0xffffff)) + "\n")
	}
	b.WriteString("-----END PGP SIGNATURE-----")
	return b.String()
}

func base64Lines(data []byte, width int) string {
	var b strings.Builder
	for text := base64.StdEncoding.EncodeToString(data); text != ""; {
		n := min(width, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return b.String()
}
