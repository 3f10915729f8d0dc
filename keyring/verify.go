package keyring

import (
	"bytes"
	"encoding/binary"
	"hash"

	// The digests that signatures are verified with.
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// made says whether k made the signature over the parts, one after the other.
// The signature has been taken apart by parseSignature; what the library reads
// in the same bytes must agree.
func (k *publicKey) made(s *pgpSignature, parts ...[]byte) (yes bool) {
	defer func() {
		if recover() != nil { // in the library: key and signature are hostile
			yes = false
		}
	}()
	if k.verify == nil || s.version != k.version || s.algorithm != k.algorithm || hashNames[s.hash] == "" {
		return false
	}
	p, err := packet.Read(frame(tagSignature, s.body))
	sig, ok := p.(*packet.Signature)
	if err != nil || !ok || !s.agrees(sig) {
		return false
	}
	signed, err := sig.PrepareVerify()
	if err != nil {
		return false
	}
	for _, part := range parts {
		signed.Write(part)
	}
	return tagged(signed, sig) && k.verify(signed, sig) == nil
}

// tagged says whether the signature has the first two octets of its digest. They
// are not signed: a signature in which they may be anything could be written in
// many ways.
func tagged(signed hash.Hash, sig *packet.Signature) bool {
	cloner, ok := signed.(hash.Cloner)
	if !ok {
		return false
	}
	copied, err := cloner.Clone()
	return err == nil && packet.VerifyHashTag(copied, sig) == nil
}

// agrees says whether the library has read what parseSignature has, and hashes
// what RFC 9580, 5.2.4 says is hashed behind the data: all that is signed of the
// signature, then its version, 0xff and its length.
func (s *pgpSignature) agrees(sig *packet.Signature) bool {
	trailer := binary.BigEndian.AppendUint32([]byte{s.version, 0xff}, uint32(len(s.signed)))
	suffix, ok := bytes.CutPrefix(sig.HashSuffix, s.signed)
	return ok && bytes.Equal(suffix, trailer) && bytes.Equal(sig.HashTag[:], s.tag) &&
		sig.Version == int(s.version) && byte(sig.SigType) == s.typ && byte(sig.PubKeyAlgo) == s.algorithm &&
		sig.Hash.String() == hashNames[s.hash] && bytes.Equal(sig.Salt(), s.salt)
}
