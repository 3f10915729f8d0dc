package authz

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A fakeKey is the name of somebody who signs. Everybody could compute the
// signatures, but like real ones they hold for one payload only.
type fakeKey string

// Keys of the tests. The keyring does not have eve's.
const (
	alice fakeKey = "alice"
	bob   fakeKey = "bob"
	carol fakeKey = "carol"
	eve   fakeKey = "eve"
)

func (k fakeKey) fingerprint() signer.Fingerprint {
	sum := sha1.Sum([]byte(k))
	return signer.OpenPGP(sum[:])
}

// sign signs with a strong digest.
func (k fakeKey) sign(payload string) string { return k.signWeakly(0)(payload) }

func (k fakeKey) signWeakly(w signer.Weakness) func(payload string) string {
	return func(payload string) string { return fakeSignature(k.fingerprint(), w, payload) }
}

// signOther makes a signature of something else.
func (k fakeKey) signOther(payload string) string { return k.sign(payload + "x") }

func fakeSignature(key signer.Fingerprint, w signer.Weakness, payload string) string {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%d\n%s", w, payload)
	return fmt.Sprintf("FAKE SIGNATURE\nkey %s\nweakness %d\nmac %x\nEND", key, w, mac.Sum(nil))
}

// fakeKeyring accepts exactly the signatures that fakeSignature makes with the
// keys of alice, bob and carol.
type fakeKeyring struct{}

func (fakeKeyring) Check(payload, signature []byte) signer.Result {
	lines := strings.Split(string(signature), "\n")
	if len(lines) != 5 || lines[0] != "FAKE SIGNATURE" || lines[4] != "END" {
		return fakeProblem(signer.Malformed, "")
	}
	claimed, isKey := strings.CutPrefix(lines[1], "key ")
	if octets, err := hex.DecodeString(claimed); !isKey || err != nil || len(octets) != sha1.Size {
		return fakeProblem(signer.Malformed, "")
	}
	for _, key := range []fakeKey{alice, bob, carol} {
		if string(key.fingerprint()) == claimed {
			return key.check(string(payload), string(signature))
		}
	}
	return fakeProblem(signer.UnknownKey, claimed)
}

// CheckDetached checks a fakeSignature over the namespace and the message.
func (k fakeKeyring) CheckDetached(message, signature []byte, namespace string) signer.Result {
	return k.Check([]byte(namespace+"\n"+string(message)), signature)
}

func (k fakeKey) check(payload, signature string) signer.Result {
	fp := k.fingerprint()
	for w := signer.Weakness(0); w <= signer.WeakSHA1|signer.WeakDSA|signer.WeakRSA; w++ {
		if signature == fakeSignature(fp, w, payload) {
			return signer.Result{Identity: &signer.Identity{Key: fp, Algorithm: "fake"}, Weakness: w}
		}
	}
	return fakeProblem(signer.BadSignature, string(fp))
}

func fakeProblem(kind signer.Kind, claimed string) signer.Result {
	return signer.Result{Problem: &signer.Problem{Kind: kind, Claimed: claimed, Detail: "a fake problem"}}
}
