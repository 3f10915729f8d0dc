package keyring

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
	"golang.org/x/crypto/ssh"
)

// sshNames are the types of SSH keys that are accepted. RSA has its size behind it.
var sshNames = map[string]string{
	ssh.KeyAlgoED25519:    "SSH Ed25519",
	ssh.KeyAlgoECDSA256:   "SSH ECDSA P-256",
	ssh.KeyAlgoECDSA384:   "SSH ECDSA P-384",
	ssh.KeyAlgoECDSA521:   "SSH ECDSA P-521",
	ssh.KeyAlgoRSA:        "SSH RSA",
	ssh.KeyAlgoSKED25519:  "sk-ssh-ed25519",
	ssh.KeyAlgoSKECDSA256: "sk-ecdsa-sha2-nistp256",
}

// An sshKey is an SSH public key in its one canonical form.
type sshKey struct {
	ssh.PublicKey
	fingerprint signer.Fingerprint
	name        string // of its algorithm and size
	rsaBytes    int    // of the modulus, 0 if it is no RSA key
	rsa         *rsaKey
}

// parseSSHKey reads a key in wire form (RFC 4253, 6.6) and requires that there is
// no other way to write it.
func parseSSHKey(blob []byte) (*sshKey, *signer.Problem) {
	c := cursor{rest: blob}
	typ := string(c.block(4))
	if c.short {
		return nil, malformed("its key is cut short")
	}
	name, known := sshNames[typ]
	if typ == "ssh-dss" {
		return nil, weak("its key is a DSA key")
	}
	if !known {
		return nil, unsupported("its key is of the type %s", excerpt(typ))
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil || !bytes.Equal(key.Marshal(), blob) {
		return nil, malformed("its %s key is malformed or not in canonical form", typ)
	}
	k := &sshKey{PublicKey: key, fingerprint: signer.SSH(blob), name: name}
	if key, ok := key.(ssh.CryptoPublicKey); ok && typ == ssh.KeyAlgoRSA {
		return k, k.readRSA(key.CryptoPublicKey().(*rsa.PublicKey))
	}
	return k, nil
}

func (k *sshKey) readRSA(key *rsa.PublicKey) *signer.Problem {
	bits := key.N.BitLen()
	k.name = fmt.Sprintf("%s-%d", k.name, bits)
	k.rsaBytes = key.Size()
	if key.N.Bit(0) == 0 {
		return malformed("its RSA modulus is even")
	}
	if bits < weakRSA {
		return weak("its key is an RSA key of %d bits instead of at least %d", bits, weakRSA)
	}
	k.rsa = newRSAKey(key)
	return nil
}

// verify verifies a signature that has gone through parseInner. The library is slow
// with long RSA keys (RFC 8332, 3).
func (k *sshKey) verify(signed []byte, sig *ssh.Signature) error {
	switch {
	case k.rsa == nil:
		return k.Verify(signed, sig)
	case sig.Format == ssh.KeyAlgoRSASHA256:
		sum := sha256.Sum256(signed)
		return k.rsa.verify(crypto.SHA256, sum[:], sig.Blob)
	}
	sum := sha512.Sum512(signed)
	return k.rsa.verify(crypto.SHA512, sum[:], sig.Blob)
}

// loadLines reads SSH public keys as ssh-keygen writes them, one a line with an
// optional comment.
func (l *loader) loadLines(content []byte) {
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := l.loadLine(line); err != nil {
			l.skip("line %d: %s", number, err)
		}
	}
}

func (l *loader) loadLine(line string) error {
	typ, rest, _ := strings.Cut(line, " ")
	encoded, comment, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	blob, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(blob) == 0 {
		return fmt.Errorf("%s is not an SSH public key, nor is the file OpenPGP", excerpt(line))
	}
	key, problem := parseSSHKey(blob)
	if problem != nil {
		return fmt.Errorf("%s", problem.Detail)
	}
	if key.Type() != typ {
		return fmt.Errorf("the key is not of the type %s", excerpt(typ))
	}
	l.ring.add(&publicKey{
		fingerprint: key.fingerprint, file: l.file, name: key.name,
		comment: validUTF8([]byte(strings.TrimSpace(comment))),
	})
	return nil
}
