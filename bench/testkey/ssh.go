package testkey

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

const sshType = "ssh-ed25519"

func newSSH(name string) *Key {
	s := seed(SSH, name)
	secret := ed25519.NewKeyFromSeed(s[:])
	public := wire(sshType, string(secret.Public().(ed25519.PublicKey)))
	return &Key{
		Kind: SSH, Name: name,
		Fingerprint: string(signer.SSH([]byte(public))),
		Public:      sshType + " " + base64.StdEncoding.EncodeToString([]byte(public)) + " " + name + "@example.org\n",
		sign: func(payload []byte, _ int64) string {
			return signSSH(secret, public, payload)
		},
	}
}

// signSSH makes a signature as git has ssh-keygen make it (OpenSSH PROTOCOL.sshsig).
func signSSH(secret ed25519.PrivateKey, public string, payload []byte) string {
	sum := sha512.Sum512(payload)
	signature := ed25519.Sign(secret, []byte("SSHSIG"+wire("git", "", "sha512", string(sum[:]))))
	blob := "SSHSIG\x00\x00\x00\x01" + wire(public, "git", "", "sha512", wire(sshType, string(signature)))
	var b strings.Builder
	b.WriteString("-----BEGIN SSH SIGNATURE-----\n")
	writeLines(&b, []byte(blob), 70)
	b.WriteString("-----END SSH SIGNATURE-----")
	return b.String()
}

// wire joins strings as SSH writes them (RFC 4251, 5).
func wire(parts ...string) string {
	var b []byte
	for _, part := range parts {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(part))), part...)
	}
	return string(b)
}
