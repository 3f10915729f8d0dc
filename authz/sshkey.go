package authz

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Bounds of RSA keys. Below the lower one no signature is accepted; above the
// upper one OpenSSH makes no key and a verification would cost too much.
const (
	minRSABits = 2048
	maxRSABits = 16384
)

// sshTypes are the key types that can sign, and how each key goes on behind
// its type (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4; OpenSSH PROTOCOL.u2f).
var sshTypes = map[string]func(*sshWire) error{
	"ssh-ed25519":         (*sshWire).ed25519,
	"ssh-rsa":             (*sshWire).rsa,
	"ecdsa-sha2-nistp256": func(w *sshWire) error { return w.ecdsa("nistp256", ecdh.P256()) },
	"ecdsa-sha2-nistp384": func(w *sshWire) error { return w.ecdsa("nistp384", ecdh.P384()) },
	"ecdsa-sha2-nistp521": func(w *sshWire) error { return w.ecdsa("nistp521", ecdh.P521()) },
	"sk-ssh-ed25519@openssh.com": func(w *sshWire) error {
		return w.application(w.ed25519())
	},
	"sk-ecdsa-sha2-nistp256@openssh.com": func(w *sshWire) error {
		return w.application(w.ecdsa("nistp256", ecdh.P256()))
	},
}

func sshTypeNames() string {
	names := make([]string, 0, len(sshTypes))
	for name := range sshTypes {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// parseSSHKey reads a public key as a line of authorized_keys has it, without
// options and comment: "TYPE BASE64". There is one way only to write a key, so
// two texts that differ are different keys.
func parseSSHKey(text string) (signer.Fingerprint, error) {
	typ, encoded, ok := strings.Cut(text, " ")
	if !ok {
		return "", fmt.Errorf("%s is not a key type and a key with one space between them", excerpt(text))
	}
	readKey, known := sshTypes[typ]
	if !known {
		return "", fmt.Errorf("%s is not a supported SSH key type (%s)", excerpt(typ), sshTypeNames())
	}
	if strings.Contains(encoded, " ") {
		return "", errors.New("there is text behind the SSH key; write a comment behind a \"#\", and one space between type and key")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || base64.StdEncoding.EncodeToString(blob) != encoded { // DecodeString ignores line breaks
		return "", fmt.Errorf("the SSH key %s is not base64", excerpt(encoded))
	}
	if err := checkSSHBlob(typ, blob, readKey); err != nil {
		return "", fmt.Errorf("the %s key is damaged: %w", typ, err)
	}
	return signer.SSH(blob), nil
}

func checkSSHBlob(typ string, blob []byte, readKey func(*sshWire) error) error {
	w := &sshWire{rest: blob}
	inner, err := w.next()
	if err != nil {
		return err
	}
	if string(inner) != typ {
		return fmt.Errorf("inside it is a key of type %s", excerpt(string(inner)))
	}
	if err := readKey(w); err != nil {
		return err
	}
	if len(w.rest) != 0 {
		return fmt.Errorf("%d bytes follow it", len(w.rest))
	}
	return nil
}

// sshWire reads the strings and numbers of a key (RFC 4251, 5).
type sshWire struct{ rest []byte }

// next reads one string.
func (w *sshWire) next() ([]byte, error) {
	if len(w.rest) < 4 {
		return nil, errors.New("it is cut short")
	}
	n := binary.BigEndian.Uint32(w.rest)
	if uint64(n) > uint64(len(w.rest)-4) {
		return nil, errors.New("it is cut short")
	}
	s := w.rest[4 : 4+n]
	w.rest = w.rest[4+n:]
	return s, nil
}

// positive reads a number above zero in its one canonical form.
func (w *sshWire) positive() (*big.Int, error) {
	s, err := w.next()
	if err != nil {
		return nil, err
	}
	if len(s) == 0 || s[0] >= 0x80 || s[0] == 0 && (len(s) == 1 || s[1] < 0x80) {
		return nil, errors.New("a number in it is not a positive one in canonical form")
	}
	return new(big.Int).SetBytes(s), nil
}

func (w *sshWire) ed25519() error {
	point, err := w.next()
	if err == nil && len(point) != 32 {
		err = fmt.Errorf("its point has %d bytes instead of 32", len(point))
	}
	return err
}

// ecdsa requires an uncompressed point on the curve.
func (w *sshWire) ecdsa(name string, curve ecdh.Curve) error {
	inner, err := w.next()
	if err != nil {
		return err
	}
	if string(inner) != name {
		return fmt.Errorf("its curve is %s instead of %s", excerpt(string(inner)), name)
	}
	point, err := w.next()
	if err != nil {
		return err
	}
	if _, err := curve.NewPublicKey(point); err != nil {
		return fmt.Errorf("its point is not one on the curve %s", name)
	}
	return nil
}

// rsa allows the exponents that golang.org/x/crypto/ssh can verify with: odd,
// from 3, at most 24 bits.
func (w *sshWire) rsa() error {
	e, err := w.positive()
	if err != nil {
		return err
	}
	if e.BitLen() < 2 || e.BitLen() > 24 || e.Bit(0) == 0 {
		return errors.New("its exponent is not an odd number from 3 to 2^24")
	}
	n, err := w.positive()
	if err != nil {
		return err
	}
	if bits := n.BitLen(); bits < minRSABits || bits > maxRSABits || n.Bit(0) == 0 {
		return fmt.Errorf("its modulus is not an odd number of %d to %d bits", minRSABits, maxRSABits)
	}
	return nil
}

// application reads what a FIDO key is bound to, "ssh:" by default, unless the
// key in front of it is already wrong.
func (w *sshWire) application(wrong error) error {
	if wrong != nil {
		return wrong
	}
	s, err := w.next()
	if err == nil && len(s) == 0 {
		err = errors.New("its application is empty")
	}
	return err
}
