package keyring

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
)

// An issuer is whom a signature names as its maker. It is unverified.
type issuer struct {
	fingerprint []byte // of the key, or nil
	keyID       []byte // eight octets that agree with the fingerprint, or nil
}

var errIssuers = errors.New("it names two keys as its maker")

// issuer collects what the signature says of its maker, signed or not. It fails
// if that is not one key: another program might believe the other.
func (s *pgpSignature) issuer() (issuer, error) {
	var who issuer
	for _, area := range [][]subpacket{s.hashed, s.unhashed} {
		for _, sub := range area {
			if err := who.read(s.version, sub); err != nil {
				return issuer{}, err
			}
		}
	}
	return who, nil
}

func (w *issuer) read(version byte, sub subpacket) error {
	switch sub.typ {
	case subIssuer:
		if version != 4 || len(sub.body) != 8 {
			return errors.New("the key id in it is not one of a version 4 key")
		}
		return w.agree(nil, sub.body)
	case subIssuerFingerprint:
		size := map[byte]int{4: 20, 6: 32}[version]
		if len(sub.body) != 1+size || sub.body[0] != version {
			return errors.New("the fingerprint in it is not one of a key of its version")
		}
		fingerprint := sub.body[1:]
		if version == 6 {
			return w.agree(fingerprint, fingerprint[:8])
		}
		return w.agree(fingerprint, fingerprint[12:])
	}
	return nil
}

func (w *issuer) agree(fingerprint, keyID []byte) error {
	if w.keyID != nil && !bytes.Equal(w.keyID, keyID) ||
		w.fingerprint != nil && fingerprint != nil && !bytes.Equal(w.fingerprint, fingerprint) {
		return errIssuers
	}
	w.keyID = keyID
	if fingerprint != nil {
		w.fingerprint = fingerprint
	}
	return nil
}

// means says whether k is the key, or one of those, that are named.
func (w issuer) means(k *publicKey) bool {
	return w.keyID != nil && string(w.keyID) == k.keyID() && (w.fingerprint == nil || string(w.fingerprint) == k.octets)
}

// String is the fingerprint, or the key id, or empty.
func (w issuer) String() string {
	if w.fingerprint != nil {
		return strings.ToUpper(hex.EncodeToString(w.fingerprint))
	}
	return strings.ToUpper(hex.EncodeToString(w.keyID))
}
