package keyring

import (
	"strings"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// gitNamespace is the namespace (PROTOCOL.sshsig) in which Git signs.
const gitNamespace = "git"

// Check says who made the signature of a commit: payload is the raw commit
// without its signature, signature the unfolded value of its gpgsig header.
//
// A Result without a Problem says that the payload, byte for byte, was signed
// with the key in Identity, and that the signature cannot be written in another
// way that differs in one byte, save in an armor header line. It says nothing of
// whether that key may sign. The kinds of Problem are:
//
//   - Malformed: not exactly one armor of one signature in its canonical form;
//   - Unsupported: a signature of text, of another namespace, without the touch
//     of a FIDO key, of an algorithm that is not accepted, or with critical or
//     unsigned contents that are not understood; an armor of neither OpenPGP nor SSH;
//   - Weak: MD5 or RIPEMD-160, or with SSH a SHA-1 signature, a DSA key or a
//     short RSA key;
//   - UnknownKey: the OpenPGP key that it names, if it names one, is not in the keyring;
//   - BadSignature: the key that it names did not make it over the payload.
func (k *Keyring) Check(payload, signature []byte) signer.Result {
	return k.CheckDetached(payload, signature, gitNamespace)
}

// CheckDetached is Check for any message. An SSH signature must have been made
// in the namespace; OpenPGP has none, so the message must say what it is for.
func (k *Keyring) CheckDetached(message, signature []byte, namespace string) (r signer.Result) {
	defer func() {
		if recover() != nil { // in a library: both inputs are hostile
			r = signer.Result{Problem: malformed("the signature cannot be read")}
		}
	}()
	switch label, ok := armorLabel(signature); {
	case !ok:
		return signer.Result{Problem: malformed("its first line is not that of an armor")}
	case label == labelPGP:
		return k.checkPGP(message, signature)
	case label == labelSSH:
		return k.checkSSH(message, signature, namespace)
	case strings.HasPrefix(label, "PGP ") || strings.HasPrefix(label, "SSH "):
		return signer.Result{Problem: malformed("its armor is that of %s instead of a signature", excerpt(label))}
	default:
		return signer.Result{Problem: unsupported("its armor is that of %s, neither OpenPGP nor SSH", excerpt(label))}
	}
}

func (k *Keyring) checkPGP(message, armor []byte) signer.Result {
	data, problem := dearmor(armor, labelPGP)
	if problem != nil {
		return signer.Result{Problem: problem}
	}
	s, problem := onePacket(data)
	if problem != nil {
		return signer.Result{Problem: problem}
	}
	who, err := s.issuer()
	if err != nil {
		return signer.Result{Problem: malformed("%s", err), Weakness: s.weakness()}
	}
	r := k.checkSignature(message, s, who)
	r.Weakness |= s.weakness()
	if r.Problem != nil {
		r.Problem.Claimed = who.String()
	}
	return r
}

// checkSignature tries the keys that the signature names: exactly the one whose
// fingerprint it has, or all that have the key id.
func (k *Keyring) checkSignature(message []byte, s *pgpSignature, who issuer) signer.Result {
	if problem := s.acceptable(); problem != nil {
		return signer.Result{Problem: problem}
	}
	problem := &signer.Problem{Kind: signer.UnknownKey, Detail: "the key that it names is not in the keyring"}
	if who.keyID == nil {
		problem.Detail = "it does not say which key made it"
	}
	for _, key := range k.byID[string(who.keyID)] {
		if key.version != s.version || !who.means(key) {
			continue
		}
		if problem = key.check(message, s); problem == nil {
			return signer.Result{Identity: key.identity(s), Weakness: key.weakness}
		}
	}
	return signer.Result{Problem: problem}
}

// check says why the key did not make the signature over the message, or nil if
// it did.
func (k *publicKey) check(message []byte, s *pgpSignature) *signer.Problem {
	switch {
	case k.unusable != "":
		return unsupported("the key that it names cannot be used: %s", k.unusable)
	case k.algorithm != s.algorithm:
		return bad("its algorithm is not that of the key that it names")
	case !k.made(s, message):
		return bad("the key that it names did not make it over this content")
	}
	return nil
}

func (k *publicKey) identity(s *pgpSignature) *signer.Identity {
	return &signer.Identity{
		Key:       k.fingerprint,
		Primaries: k.provenPrimaries(),
		Algorithm: k.name + ", " + hashNames[s.hash],
	}
}
