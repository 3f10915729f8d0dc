package signer

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Fingerprint names one public key. It is compared as a string and comes in
// two canonical forms:
//
//   - OpenPGP: 40 (version 4, RFC 4880) or 64 (version 6, RFC 9580) upper-case
//     hexadecimal digits;
//   - SSH: "SHA256:" and the unpadded base64 of the SHA-256 of the key blob, as
//     "ssh-keygen -l" prints it.
//
// The zero value names no key.
type Fingerprint string

const sshPrefix = "SHA256:"

// ParseFingerprint reads a fingerprint as people write it: OpenPGP hexadecimal
// digits in either case, with spaces anywhere, or the SSH form. It fails on
// anything else, key ids included, and says what was expected.
func ParseFingerprint(s string) (Fingerprint, error) {
	if strings.HasPrefix(s, sshPrefix) {
		return parseSSH(s)
	}
	compact := strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if _, err := hex.DecodeString(compact); err != nil {
		return "", fmt.Errorf("fingerprint %q is neither hexadecimal digits nor %q and base64", s, sshPrefix)
	}
	if n := len(compact); n != 40 && n != 64 {
		return "", fmt.Errorf("fingerprint %q has %d hexadecimal digits instead of 40 or 64", s, n)
	}
	return Fingerprint(compact), nil
}

func parseSSH(s string) (Fingerprint, error) {
	sum, err := base64.RawStdEncoding.Strict().DecodeString(s[len(sshPrefix):])
	if err != nil || len(sum) != sha256.Size {
		return "", fmt.Errorf("fingerprint %q is not %q and 43 base64 characters, as ssh-keygen -l prints it", s, sshPrefix)
	}
	return Fingerprint(s), nil
}

// OpenPGP makes a Fingerprint from the 20 or 32 octets that OpenPGP computes
// over a public key packet.
func OpenPGP(octets []byte) Fingerprint {
	return Fingerprint(strings.ToUpper(hex.EncodeToString(octets)))
}

// SSH makes the Fingerprint of an SSH public key in wire form (RFC 4253, 6.6).
func SSH(blob []byte) Fingerprint {
	sum := sha256.Sum256(blob)
	return Fingerprint(sshPrefix + base64.RawStdEncoding.EncodeToString(sum[:]))
}

// IsSSH says whether f names an SSH key.
func (f Fingerprint) IsSSH() bool { return strings.HasPrefix(string(f), sshPrefix) }

// Pretty is f as people compare it: OpenPGP digits in groups of four, SSH as is.
func (f Fingerprint) Pretty() string {
	if f.IsSSH() || len(f) != 40 {
		return string(f)
	}
	var b strings.Builder
	for i := 0; i < len(f); i += 4 {
		if i > 0 {
			b.WriteByte(' ')
		}
		if i == 20 {
			b.WriteByte(' ')
		}
		b.WriteString(string(f[i : i+4]))
	}
	return b.String()
}
