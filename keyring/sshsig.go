package keyring

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
	"golang.org/x/crypto/ssh"
)

// sshMagic is what an SSH signature, and what is signed, starts with.
const sshMagic = "SSHSIG"

// sshDigests are the digests of a message, and their names.
var sshDigests = map[string]struct {
	name string
	sum  func([]byte) []byte
}{
	"sha256": {"SHA-256", func(b []byte) []byte { sum := sha256.Sum256(b); return sum[:] }},
	"sha512": {"SHA-512", func(b []byte) []byte { sum := sha512.Sum512(b); return sum[:] }},
}

// An sshSignature is the content of an SSH signature armor (PROTOCOL.sshsig).
type sshSignature struct {
	key       []byte
	namespace string
	reserved  []byte
	digest    string // name of the digest of the message
	signature []byte
}

// parseSSHSignature takes an SSH signature apart.
func parseSSHSignature(data []byte) (*sshSignature, *signer.Problem) {
	c := cursor{rest: data}
	magic := c.take(len(sshMagic))
	version := c.number(4)
	if string(magic) != sshMagic || c.short {
		return nil, malformed("in the armor is no SSH signature")
	}
	if version != 1 {
		return nil, unsupported("it is an SSH signature of version %d instead of 1", version)
	}
	s := &sshSignature{
		key: c.block(4), namespace: string(c.block(4)), reserved: c.block(4),
		digest: string(c.block(4)), signature: c.block(4),
	}
	if c.short || len(c.rest) > 0 {
		return nil, malformed("the SSH signature is cut short, or there are bytes behind it")
	}
	return s, nil
}

// checkSSH verifies an SSH signature with the key that it carries.
func (k *Keyring) checkSSH(message, armor []byte, namespace string) signer.Result {
	data, problem := dearmor(armor, labelSSH)
	if problem != nil {
		return signer.Result{Problem: problem}
	}
	s, problem := parseSSHSignature(data)
	if problem != nil {
		return signer.Result{Problem: problem}
	}
	identity, problem := s.check(&k.ssh, message, namespace)
	if problem != nil {
		problem.Claimed = string(signer.SSH(s.key))
		return signer.Result{Problem: problem}
	}
	return signer.Result{Identity: identity}
}

func (s *sshSignature) check(keys *sshKeys, message []byte, namespace string) (*signer.Identity, *signer.Problem) {
	digest, known := sshDigests[s.digest]
	switch {
	case s.namespace != namespace:
		return nil, unsupported("it was made in the namespace %s instead of %q", excerpt(s.namespace), namespace)
	case len(s.reserved) > 0:
		return nil, unsupported("its reserved field is not empty")
	case !known:
		return nil, unsupported("its digest is %s instead of sha256 or sha512", excerpt(s.digest))
	}
	key, problem := keys.get(s.key)
	if problem != nil {
		return nil, problem
	}
	inner, problem := key.parseInner(s.signature)
	if problem != nil {
		return nil, problem
	}
	if key.verify(s.signed(digest.sum(message)), inner) != nil {
		return nil, bad("the key that it carries did not make it over this content")
	}
	return &signer.Identity{Key: key.fingerprint, Algorithm: key.name + ", " + digest.name}, nil
}

// signed is what the key signs instead of a message with this digest.
func (s *sshSignature) signed(digest []byte) []byte {
	b := []byte(sshMagic)
	for _, field := range [][]byte{[]byte(s.namespace), s.reserved, []byte(s.digest), digest} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
		b = append(b, field...)
	}
	return b
}

// parseInner reads the signature proper, whose form depends on the key: format
// and value (RFC 4253, 6.6; RFC 8332; RFC 5656, 3.1.2; RFC 8709), and with a FIDO
// key flags and counter (PROTOCOL.u2f).
func (k *sshKey) parseInner(data []byte) (*ssh.Signature, *signer.Problem) {
	c := cursor{rest: data}
	sig := &ssh.Signature{Format: string(c.block(4)), Blob: c.block(4)}
	if c.short {
		return nil, malformed("the signature within it is cut short")
	}
	if problem := k.checkFormat(sig.Format); problem != nil {
		return nil, problem
	}
	if !k.checkValue(sig.Blob) {
		return nil, malformed("the value of the signature within it is not in canonical form")
	}
	if k.isFIDO() {
		sig.Rest = c.take(5)
		if c.short {
			return nil, malformed("the signature within it is cut short")
		}
	}
	if len(c.rest) > 0 {
		return nil, malformed("there are bytes behind the signature within it")
	}
	const userPresent = 0x01
	if k.isFIDO() && sig.Rest[0]&userPresent == 0 {
		return nil, unsupported("it was made without touching the FIDO key")
	}
	return sig, nil
}

func (k *sshKey) isFIDO() bool {
	return k.Type() == ssh.KeyAlgoSKED25519 || k.Type() == ssh.KeyAlgoSKECDSA256
}

// checkFormat requires the format of the key, or for RSA one with SHA-2.
func (k *sshKey) checkFormat(format string) *signer.Problem {
	switch {
	case k.rsaBytes == 0 && format == k.Type(),
		k.rsaBytes > 0 && (format == ssh.KeyAlgoRSASHA256 || format == ssh.KeyAlgoRSASHA512):
		return nil
	case k.rsaBytes > 0 && format == ssh.KeyAlgoRSA:
		return weak("its digest is SHA-1")
	}
	return unsupported("its format %s is not one of its key", excerpt(format))
}

// checkValue requires the one way to write the value of a signature.
func (k *sshKey) checkValue(blob []byte) bool {
	const ed25519Size = 64
	switch k.Type() {
	case ssh.KeyAlgoRSA:
		return len(blob) == k.rsaBytes
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519:
		return len(blob) == ed25519Size
	}
	c := cursor{rest: blob}
	for range 2 { // r and s
		if !positive(c.block(4)) {
			return false
		}
	}
	return len(c.rest) == 0
}

// positive says whether an mpint (RFC 4251, 5) is above zero and in its one form.
func positive(n []byte) bool {
	return len(n) > 0 && n[0] < 0x80 && (n[0] != 0 || len(n) > 1 && n[1] >= 0x80)
}
