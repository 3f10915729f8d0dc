package floor

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
)

var errNotVerified = errors.New("a signature that was just made does not verify")

// golang is what Go's standard library takes to verify a signature.
func golang(name string) (time.Duration, error) {
	sum := sha256.Sum256([]byte("a commit"))
	bits, isRSA := length(name)
	curves := map[string]elliptic.Curve{"ECDSA P-256": elliptic.P256(), "ECDSA P-384": elliptic.P384(), "ECDSA P-521": elliptic.P521()}
	switch curve := curves[name]; {
	case name == "Ed25519":
		return ofEd25519(sum[:])
	case curve != nil:
		return ofECDSA(curve, sum[:])
	case isRSA && strings.HasPrefix(name, "RSA-"):
		return ofRSA(bits, sum[:])
	}
	return 0, fmt.Errorf("what signatures of kind %q cost can only be measured with openssl, which is not on PATH", name)
}

func ofEd25519(message []byte) (time.Duration, error) {
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return 0, err
	}
	signature := ed25519.Sign(secret, message)
	return each(func() bool { return ed25519.Verify(public, message, signature) })
}

func ofECDSA(curve elliptic.Curve, sum []byte) (time.Duration, error) {
	secret, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return 0, err
	}
	signature, err := ecdsa.SignASN1(rand.Reader, secret, sum)
	if err != nil {
		return 0, err
	}
	return each(func() bool { return ecdsa.VerifyASN1(&secret.PublicKey, sum, signature) })
}

func ofRSA(bits int, sum []byte) (time.Duration, error) {
	secret, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return 0, err
	}
	signature, err := rsa.SignPKCS1v15(nil, secret, crypto.SHA256, sum)
	if err != nil {
		return 0, err
	}
	return each(func() bool { return rsa.VerifyPKCS1v15(&secret.PublicKey, crypto.SHA256, sum, signature) == nil })
}

// enough is how much processor time is spent on measuring one operation.
const enough = 500 * time.Millisecond

// each is the processor time of one call.
func each(verify func() bool) (time.Duration, error) {
	start, err := used()
	if err != nil {
		return 0, err
	}
	for calls := time.Duration(1); ; calls++ {
		if !verify() {
			return 0, errNotVerified
		}
		if calls%64 > 0 {
			continue
		}
		now, err := used()
		if err != nil {
			return 0, err
		}
		if now-start > enough {
			return (now - start) / calls, nil
		}
	}
}

// used is the processor time of this process so far.
func used() (time.Duration, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err
}
