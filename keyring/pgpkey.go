package keyring

import (
	"bytes"
	"crypto/dsa" //lint:ignore SA1019 histories that must verify have such keys
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/ecdsa"
	"github.com/ProtonMail/go-crypto/openpgp/ed25519"
	"github.com/ProtonMail/go-crypto/openpgp/ed448"
	"github.com/ProtonMail/go-crypto/openpgp/eddsa"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// readPublicKey reads the body of a public key packet (RFC 9580, 5.5.2). A key
// that is well formed and cannot be used to verify is no error.
func readPublicKey(body []byte) (*publicKey, error) {
	c := cursor{rest: body}
	k := &publicKey{version: c.octet()}
	if !c.short && k.version != 4 && k.version != 6 {
		return nil, errVersion(k.version)
	}
	k.created = time.Unix(int64(c.number(4)), 0).UTC()
	k.algorithm = c.octet()
	if k.version == 6 && int64(c.number(4)) != int64(len(c.rest)) || c.short {
		return nil, errors.New("its length does not fit")
	}
	if err := k.identify(body); err != nil {
		return nil, err
	}
	if name, ok := encryptionOnly[k.algorithm]; ok {
		k.name, k.unusable = name, "encryption only"
		return k, nil
	}
	if !signingAlgorithm(k.algorithm) {
		k.name = fmt.Sprintf("algorithm %d", k.algorithm)
		k.unusable = k.name + " is not accepted"
		return k, nil
	}
	return k, k.readNumbers(body)
}

// identify sets what is hashed for the key and its fingerprint (RFC 9580, 5.5.4).
func (k *publicKey) identify(body []byte) error {
	if k.version == 6 {
		k.material = append(binary.BigEndian.AppendUint32([]byte{0x9b}, uint32(len(body))), body...)
		sum := sha256.Sum256(k.material)
		k.octets = string(sum[:])
	} else {
		if len(body) > 0xffff {
			return errors.New("it is too long for version 4")
		}
		k.material = append(binary.BigEndian.AppendUint16([]byte{0x99}, uint16(len(body))), body...)
		sum := sha1.Sum(k.material)
		k.octets = string(sum[:])
	}
	k.fingerprint = signer.OpenPGP([]byte(k.octets))
	return nil
}

// readNumbers sets up the key for verification, or notes why it cannot be used.
// That the key can be written out again proves that nothing was left unread.
func (k *publicKey) readNumbers(body []byte) error {
	k.name = fmt.Sprintf("algorithm %d", k.algorithm)
	p, err := packet.Read(frame(tagPublicKey, body))
	if _, ok := errors.AsType[pgperrors.UnsupportedError](err); ok {
		k.unusable = fmt.Sprintf("its curve or exponent is not supported (%s)", excerpt(err.Error()))
		return nil
	}
	if err != nil {
		return fmt.Errorf("its numbers are malformed (%s)", excerpt(err.Error()))
	}
	key, ok := p.(*packet.PublicKey)
	var again bytes.Buffer
	if !ok || key.Serialize(&again) != nil || !bytes.HasSuffix(again.Bytes(), body) ||
		string(key.Fingerprint) != k.octets {
		return errors.New("its numbers are not all that it has")
	}
	if k.unusable = k.judge(key); k.unusable != "" {
		k.verify = nil
	}
	return nil
}

// judge names the key, notes its weakness and says why it is not accepted.
func (k *publicKey) judge(key *packet.PublicKey) (unusable string) {
	switch k.algorithm {
	case algorithmRSA, algorithmRSASign:
		return k.judgeRSA(key.PublicKey.(*rsa.PublicKey))
	case algorithmDSA:
		return k.judgeDSA(key.PublicKey.(*dsa.PublicKey))
	case algorithmEd25519:
		k.name, k.verify = "Ed25519", verifyEd25519(key.PublicKey.(*ed25519.PublicKey).Point)
		return ""
	case algorithmEd448:
		k.name, k.verify = "Ed448", verifyEd448(key.PublicKey.(*ed448.PublicKey))
		return ""
	}
	curve, err := key.Curve()
	names := map[packet.Curve]string{packet.CurveNistP256: "ECDSA P-256", packet.CurveNistP384: "ECDSA P-384", packet.CurveNistP521: "ECDSA P-521"}
	if k.algorithm == algorithmEdDSA {
		names = map[packet.Curve]string{packet.Curve25519: "Ed25519"}
	}
	if k.name = names[curve]; err != nil || k.name == "" {
		k.name = string(curve)
		return "its curve is not accepted"
	}
	if k.algorithm == algorithmEdDSA {
		k.verify = verifyEdDSA(key.PublicKey.(*eddsa.PublicKey).X)
	} else {
		k.verify = verifyECDSA(key.PublicKey.(*ecdsa.PublicKey))
	}
	return ""
}

func (k *publicKey) judgeRSA(key *rsa.PublicKey) (unusable string) {
	bits := key.N.BitLen()
	k.name = fmt.Sprintf("RSA-%d", bits)
	if bits < weakRSA {
		k.weakness = signer.WeakRSA
	}
	switch {
	case bits > maxRSABits:
		return fmt.Sprintf("an RSA key of more than %d bits", maxRSABits)
	case key.N.Bit(0) == 0 || key.E < 3 || key.E%2 == 0:
		return "its numbers are not those of an RSA key"
	}
	k.verify = newRSAKey(key).verifyPGP
	return ""
}

func (k *publicKey) judgeDSA(key *dsa.PublicKey) (unusable string) {
	k.name = fmt.Sprintf("DSA-%d", key.P.BitLen())
	k.weakness = signer.WeakDSA
	inside := func(n *big.Int) bool { return n.Cmp(big.NewInt(1)) > 0 && n.Cmp(key.P) < 0 }
	switch q := key.Q.BitLen(); {
	case key.P.BitLen() > maxDSABits || q > 512:
		return fmt.Sprintf("a DSA key of more than %d bits", maxDSABits)
	case q == 0 || q%8 != 0 || key.P.Bit(0) == 0 || !inside(key.G) || !inside(key.Y):
		return "its numbers are not those of a DSA key"
	}
	k.dsa = &dsaKey{PublicKey: key}
	k.verify = k.dsa.verifyPGP
	return ""
}
