package testkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha1"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"

	// The digests of signatures.
	_ "crypto/sha256"
	_ "crypto/sha512"
)

// keyMade is the date of every OpenPGP key, 1 January 2020.
const keyMade = 1577836800

// Numbers of RFC 9580: public-key algorithms (9.1), types of signatures (5.2.1),
// packets (5) and subpackets (5.2.3.7).
const (
	algorithmRSA   = 1
	algorithmECDSA = 19
	algorithmEdDSA = 22

	typeDocument      = 0x00
	typeCertification = 0x13

	tagSignature = 2
	tagKey       = 6
	tagUserID    = 13

	subCreation    = 2
	subIssuer      = 16
	subKeyFlags    = 27
	subFingerprint = 33
)

// hashNumbers are the digests (RFC 9580, 9.5).
var hashNumbers = map[crypto.Hash]byte{crypto.SHA256: 8, crypto.SHA512: 10}

// A pgpKey is a primary key of version 4.
type pgpKey struct {
	algorithm   byte
	hash        crypto.Hash
	body        []byte // of its packet
	fingerprint [20]byte
	// numbers signs a digest and returns what stands at the end of the packet.
	numbers func(digest []byte) []byte
}

func newRSA(kind Kind, name string) *Key {
	length := map[Kind]int{RSA2048: 2048, RSA3072: 3072, RSA4096: 4096}[kind]
	secret := newCRT(length, seed(kind, name))
	public := append(mpi(secret.modulus.Bytes()), mpi(big.NewInt(exponent).Bytes())...)
	return newPGP(kind, name, algorithmRSA, crypto.SHA512, public, func(digest []byte) []byte {
		return mpi(secret.sign(digest).Bytes())
	})
}

// newEdDSA makes a key with Ed25519 as gpg does (RFC 9580, 5.5.5.5 and 9.2).
func newEdDSA(name string) *Key {
	s := seed(EdDSA, name)
	secret := ed25519.NewKeyFromSeed(s[:])
	public := []byte("\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01")
	public = append(public, mpi(append([]byte{0x40}, secret.Public().(ed25519.PublicKey)...))...)
	return newPGP(EdDSA, name, algorithmEdDSA, crypto.SHA256, public, func(digest []byte) []byte {
		signature := ed25519.Sign(secret, digest)
		return append(mpi(signature[:32]), mpi(signature[32:])...)
	})
}

// newECDSA makes a key with the curve P-256 (RFC 9580, 5.5.5.4).
func newECDSA(name string) (*Key, error) {
	s := seed(ECDSA, name)
	secret, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), s[:])
	if err != nil {
		return nil, err
	}
	point, err := secret.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	public := append([]byte("\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), mpi(point)...)
	return newPGP(ECDSA, name, algorithmECDSA, crypto.SHA256, public, func(digest []byte) []byte {
		return signECDSA(secret, digest)
	}), nil
}

// signECDSA signs without randomness (RFC 6979).
func signECDSA(secret *ecdsa.PrivateKey, digest []byte) []byte {
	encoded, err := secret.Sign(nil, digest, crypto.SHA256)
	var signature struct{ R, S *big.Int }
	if err == nil {
		_, err = asn1.Unmarshal(encoded, &signature)
	}
	if err != nil {
		panic(err) // the key and the length of the digest are right
	}
	return append(mpi(signature.R.Bytes()), mpi(signature.S.Bytes())...)
}

func newPGP(kind Kind, name string, algorithm byte, hash crypto.Hash, public []byte, numbers func([]byte) []byte) *Key {
	k := &pgpKey{algorithm: algorithm, hash: hash, numbers: numbers}
	k.body = binary.BigEndian.AppendUint32([]byte{4}, keyMade)
	k.body = append(append(k.body, algorithm), public...)
	k.fingerprint = sha1.Sum(k.hashed())
	return &Key{
		Kind: kind, Name: name,
		Fingerprint: fmt.Sprintf("%X", k.fingerprint),
		Public:      k.certificate(fmt.Sprintf("%s <%s@example.org>", name, name)),
		sign: func(payload []byte, seconds int64) string {
			return armor("PGP SIGNATURE", packet(tagSignature, k.signature(typeDocument, seconds, nil, payload)))
		},
	}
}

// hashed is the key as signatures and the fingerprint take it (RFC 9580, 5.2.4).
func (k *pgpKey) hashed() []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0x99}, uint16(len(k.body))), k.body...)
}

// certificate is the public key with a user id that it has signed itself, armored.
func (k *pgpKey) certificate(user string) string {
	data := binary.BigEndian.AppendUint32(append(k.hashed(), 0xb4), uint32(len(user)))
	maySign := subpacket(subKeyFlags, []byte{0x03})
	self := k.signature(typeCertification, keyMade, maySign, append(data, user...))
	packets := append(packet(tagKey, k.body), packet(tagUserID, []byte(user))...)
	return armor("PGP PUBLIC KEY BLOCK", append(packets, packet(tagSignature, self)...)) + "\n"
}

// signature is the body of a signature packet with the subpackets that gpg writes
// (RFC 9580, 5.2.3).
func (k *pgpKey) signature(typ byte, seconds int64, more, data []byte) []byte {
	area := subpacket(subFingerprint, append([]byte{4}, k.fingerprint[:]...))
	area = append(area, subpacket(subCreation, binary.BigEndian.AppendUint32(nil, uint32(seconds)))...)
	area = append(area, more...)
	body := []byte{4, typ, k.algorithm, hashNumbers[k.hash]}
	body = append(binary.BigEndian.AppendUint16(body, uint16(len(area))), area...)

	h := k.hash.New()
	h.Write(data)
	h.Write(body)
	h.Write(binary.BigEndian.AppendUint32([]byte{4, 0xff}, uint32(len(body))))
	digest := h.Sum(nil)

	unsigned := subpacket(subIssuer, k.fingerprint[12:])
	body = append(binary.BigEndian.AppendUint16(body, uint16(len(unsigned))), unsigned...)
	body = append(body, digest[:2]...)
	return append(body, k.numbers(digest)...)
}

// mpi is a number as OpenPGP writes it (RFC 9580, 3.2).
func mpi(octets []byte) []byte {
	for len(octets) > 0 && octets[0] == 0 {
		octets = octets[1:]
	}
	length := 8 * len(octets)
	if length > 0 {
		length -= 8 - bits.Len8(octets[0])
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(length)), octets...)
}

func subpacket(typ byte, body []byte) []byte {
	return append([]byte{byte(1 + len(body)), typ}, body...)
}

// packet frames a body of less than 64 KiB in the older form that gpg writes (RFC
// 9580, 4.2.2).
func packet(tag byte, body []byte) []byte {
	if len(body) < 256 {
		return append([]byte{0x80 | tag<<2, byte(len(body))}, body...)
	}
	return append(binary.BigEndian.AppendUint16([]byte{0x81 | tag<<2}, uint16(len(body))), body...)
}
