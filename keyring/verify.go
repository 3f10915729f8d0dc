package keyring

import (
	"bytes"
	"crypto"
	"encoding/binary"

	// The digests that signatures are verified with.
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// made says whether k made the signature over the parts, one after the other.
func (k *publicKey) made(s *pgpSignature, parts ...[]byte) (yes bool) {
	defer func() {
		if recover() != nil { // in a library: key and signature are hostile
			yes = false
		}
	}()
	if k.verify == nil || s.version != k.version || s.algorithm != k.algorithm || hashNames[s.hash] == "" {
		return false
	}
	if s.typ == typeBinary && !s.plain() || s.typ != typeBinary && !s.agreed() {
		return false
	}
	sum := s.digest(parts)
	return [2]byte(sum) == [2]byte(s.tag) && k.verify(sum, s)
}

// agreed says whether the library reads in the same bytes what parseSignature has: a
// signature of keys may have more in it than we look at.
func (s *pgpSignature) agreed() bool {
	p, err := packet.Read(frame(tagSignature, s.body))
	sig, ok := p.(*packet.Signature)
	return err == nil && ok && s.agrees(sig)
}

// digest is of the parts and of what is signed of the signature itself. Its first two
// octets must be the tag: they are not signed, and a signature in which they may be
// anything could be written in many ways.
func (s *pgpSignature) digest(parts [][]byte) []byte {
	signed := hashes[s.hash].New()
	signed.Write(s.salt)
	for _, part := range parts {
		signed.Write(part)
	}
	signed.Write(s.signed)
	signed.Write(s.trailer())
	return signed.Sum(nil)
}

// trailer is what is hashed behind all else (RFC 9580, 5.2.4).
func (s *pgpSignature) trailer() []byte {
	return binary.BigEndian.AppendUint32([]byte{s.version, 0xff}, uint32(len(s.signed)))
}

// agrees says whether the library has read what parseSignature has, and would hash
// what digest does.
func (s *pgpSignature) agrees(sig *packet.Signature) bool {
	suffix, ok := bytes.CutPrefix(sig.HashSuffix, s.signed)
	return ok && bytes.Equal(suffix, s.trailer()) && bytes.Equal(sig.HashTag[:], s.tag) &&
		sig.Version == int(s.version) && byte(sig.SigType) == s.typ && byte(sig.PubKeyAlgo) == s.algorithm &&
		sig.Hash == hashes[s.hash] && bytes.Equal(sig.Salt(), s.salt)
}

// hashes are the digests of hashNames.
var hashes = map[byte]crypto.Hash{
	hashSHA1: crypto.SHA1, 8: crypto.SHA256, 9: crypto.SHA384, 10: crypto.SHA512, 12: crypto.SHA3_256, 14: crypto.SHA3_512,
}
