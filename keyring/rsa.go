package keyring

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"errors"
	"hash"
	"math/big"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// digestInfo is what stands in front of the digest in an RSA signature (RFC
// 8017, 9.2; RFC 9580, 5.2.3.1).
var digestInfo = map[crypto.Hash]string{
	crypto.SHA1:     "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
	crypto.SHA256:   "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA384:   "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
	crypto.SHA512:   "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
	crypto.SHA3_256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x08\x05\x00\x04\x20",
	crypto.SHA3_512: "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x0a\x05\x00\x04\x40",
}

var errRSA = errors.New("RSA verification failure")

// fastRSABits is the length of the keys with which the standard library is fast: it
// has assembly for them. With longer ones it takes three times as long as the plain
// arithmetic, which is enough where nothing is secret. It refuses keys below
// leastRSABits; only histories that Guix accepts have them.
const (
	fastRSABits  = 2048
	leastRSABits = 1024
)

// plainRSA verifies with an RSA key of any length by the definition (RFC 8017, 8.2.2):
// the signature to the public exponent must be the one block that encodes the digest.
func plainRSA(key *rsa.PublicKey) func(hash.Hash, *packet.Signature) error {
	return func(signed hash.Hash, sig *packet.Signature) error {
		if sig.RSASignature == nil {
			return errRSA
		}
		signed.Write(sig.HashSuffix)
		return verifyPKCS1(key, sig.Hash, signed.Sum(nil), sig.RSASignature.Bytes())
	}
}

// verifyPKCS1 is rsa.VerifyPKCS1v15 but for the length of keys and for leading zeros
// of the signature, which OpenPGP leaves out.
func verifyPKCS1(key *rsa.PublicKey, digest crypto.Hash, sum, signature []byte) error {
	expected, ok := pkcs1(key.Size(), digest, sum)
	number := new(big.Int).SetBytes(signature)
	if !ok || number.Cmp(key.N) >= 0 {
		return errRSA
	}
	number.Exp(number, big.NewInt(int64(key.E)), key.N)
	if !bytes.Equal(number.FillBytes(make([]byte, key.Size())), expected) {
		return errRSA
	}
	return nil
}

// pkcs1 is the one block of so many bytes that encodes a digest (EMSA-PKCS1-v1_5,
// RFC 8017, 9.2), and false if it does not fit.
func pkcs1(size int, digest crypto.Hash, sum []byte) ([]byte, bool) {
	info, known := digestInfo[digest]
	padding := size - 3 - len(info) - len(sum)
	if !known || padding < 8 {
		return nil, false
	}
	block := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, padding)...)
	return append(append(append(block, 0), info...), sum...), true
}
