package keyring

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// TestLibraryKeys verifies what go-crypto makes, and so GitHub: packets in the new
// format, the maker named where it is signed; keys of version 6 and Ed448.
func TestLibraryKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		algo packet.PublicKeyAlgorithm
		v6   bool
		hash crypto.Hash
		want string
	}{
		{"RSA", packet.PubKeyAlgoRSA, false, crypto.SHA256, "RSA-2048, SHA-256"},
		{"RSA version 6", packet.PubKeyAlgoRSA, true, crypto.SHA512, "RSA-2048, SHA-512"},
		{"legacy EdDSA", packet.PubKeyAlgoEdDSA, false, crypto.SHA3_256, "Ed25519, SHA3-256"},
		{"Ed25519", packet.PubKeyAlgoEd25519, false, crypto.SHA512, "Ed25519, SHA-512"},
		{"Ed25519 version 6", packet.PubKeyAlgoEd25519, true, crypto.SHA3_512, "Ed25519, SHA3-512"},
		{"Ed448", packet.PubKeyAlgoEd448, false, crypto.SHA512, "Ed448, SHA-512"},
		{"Ed448 version 6", packet.PubKeyAlgoEd448, true, crypto.SHA512, "Ed448, SHA-512"},
		{"ECDSA version 6", packet.PubKeyAlgoECDSA, true, crypto.SHA384, "ECDSA P-256, SHA-384"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := &packet.Config{Algorithm: c.algo, V6Keys: c.v6, DefaultHash: c.hash, RSABits: 2048, Curve: packet.CurveNistP256}
			if c.algo == packet.PubKeyAlgoEdDSA {
				config.Curve = packet.Curve25519
			}
			entity, err := openpgp.NewEntity("library", "", "l@example.org", config)
			if err != nil {
				t.Fatal(err)
			}
			if err := entity.AddSigningSubkey(config); err != nil {
				t.Fatal(err)
			}
			var exported, armor bytes.Buffer
			if err := entity.Serialize(&exported); err != nil {
				t.Fatal(err)
			}
			if err := openpgp.ArmoredDetachSign(&armor, entity, bytes.NewReader(document), config); err != nil {
				t.Fatal(err)
			}
			k := New([]File{{"x.gpg", exported.Bytes()}})
			checkSkipped(t, k, "")
			r := k.Check(document, armor.Bytes())
			subkey := signer.OpenPGP(entity.Subkeys[len(entity.Subkeys)-1].PublicKey.Fingerprint)
			wantIdentity(t, r, subkey)
			if !slices.Equal(r.Identity.Primaries, []signer.Fingerprint{signer.OpenPGP(entity.PrimaryKey.Fingerprint)}) || r.Identity.Algorithm != c.want {
				t.Errorf("%+v", r.Identity)
			}
			wantProblem(t, k.Check(document[1:], armor.Bytes()), signer.BadSignature, "")
			if c.algo != packet.PubKeyAlgoRSA {
				checkMutations(t, k, document, strings.TrimSuffix(armor.String(), "\n"))
			}
		})
	}
}

// rsaForger makes an RSA key of any size.
func rsaForger(t *testing.T, bits int) *forger {
	e := big.NewInt(65537)
	for {
		p, err1 := rand.Prime(rand.Reader, bits/2)
		q, err2 := rand.Prime(rand.Reader, bits-bits/2)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		n := new(big.Int).Mul(p, q)
		one := big.NewInt(1)
		d := new(big.Int).ModInverse(e, new(big.Int).Mul(p.Sub(p, one), q.Sub(q, one)))
		if d == nil || n.BitLen() != bits {
			continue
		}
		f := &forger{version: 4, algorithm: 1, created: 1_500_000_000, numbers: joined(number(n.Bytes()), number(e.Bytes()))}
		f.sign = func(hash crypto.Hash, sum []byte) []byte {
			return number(new(big.Int).Exp(new(big.Int).SetBytes(paddedForRSA(bits, hash, sum)), d, n).Bytes())
		}
		return f
	}
}

// paddedForRSA is the block of RFC 8017, 9.2, built backwards.
func paddedForRSA(bits int, hash crypto.Hash, sum []byte) []byte {
	info := map[crypto.Hash]string{
		crypto.SHA1:   "3021300906052b0e03021a05000414",
		crypto.SHA256: "3031300d060960864801650304020105000420",
		crypto.SHA384: "3041300d060960864801650304020205000430",
		crypto.SHA512: "3051300d060960864801650304020305000440",
	}[hash]
	block := bytes.Repeat([]byte{0xff}, (bits+7)/8)
	block[0], block[1] = 0, 1
	var prefix []byte
	fmt.Sscanf(info, "%x", &prefix)
	tail := joined([]byte{0}, prefix, sum)
	copy(block[len(block)-len(tail):], tail)
	return block
}

// TestShortRSA: no size is too small to verify. Whether it is accepted is another
// question.
func TestShortRSA(t *testing.T) {
	for _, bits := range []int{767, 768, 1016, 1023, 1024, 1025, 2047, 2048} {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			by := rsaForger(t, bits)
			k := New(file(by.key()))
			for _, hash := range []byte{2, 8, 9, 10} {
				f := newForgery(by)
				f.hash = hash
				armor := []byte(f.armor(document))
				r := k.Check(document, armor)
				wantIdentity(t, r, by.fingerprint())
				if weak := r.Weakness&signer.WeakRSA != 0; weak != (bits < 2048) {
					t.Errorf("%+v", r)
				}
				wantProblem(t, k.Check(document[1:], armor), signer.BadSignature, "")
			}
			if bits < 1024 {
				checkRSAMutations(t, by, k)
			}
		})
	}
	signOnly := rsaForger(t, 2048) // one real commit has such a key
	signOnly.algorithm = 3
	k := New(file(signOnly.key()))
	wantIdentity(t, k.Check(document, []byte(newForgery(signOnly).armor(document))), signOnly.fingerprint())
	other := newForgery(signOnly)
	other.algo = 1
	wantProblem(t, k.Check(document, []byte(other.armor(document))), signer.BadSignature, "algorithm")
	by := rsaForger(t, 512) // a digest of 512 bits does not fit
	f := newForgery(by)
	f.by = by
	by.sign = func(crypto.Hash, []byte) []byte { return number([]byte{1}) }
	wantProblem(t, New(file(by.key())).Check(document, []byte(f.armor(document))), signer.BadSignature, "")
}

// checkRSAMutations tries what a careless reading of a padded block lets pass.
func checkRSAMutations(t *testing.T, by *forger, k *Keyring) {
	t.Helper()
	checkMutations(t, k, document, newForgery(by).armor(document))
	sign := by.sign
	defer func() { by.sign = sign }()
	for name, wrong := range map[string]func(hash crypto.Hash, sum []byte) []byte{
		"another digest":   func(hash crypto.Hash, sum []byte) []byte { return sign(crypto.SHA256, sum) },
		"a shorter digest": func(hash crypto.Hash, sum []byte) []byte { return sign(hash, sum[:32]) },
		"bytes behind it":  func(hash crypto.Hash, sum []byte) []byte { return sign(hash, append(sum, 0)) },
		"no digest at all": func(hash crypto.Hash, sum []byte) []byte { return sign(0, sum) },
		"modulus added":    func(hash crypto.Hash, sum []byte) []byte { return plusModulus(by, sign(hash, sum)) },
		"zero":             func(hash crypto.Hash, sum []byte) []byte { return number(nil) },
	} {
		by.sign = wrong
		if r := k.Check(document, []byte(newForgery(by).armor(document))); r.Problem == nil {
			t.Errorf("accepted: %s", name)
		}
	}
}

func plusModulus(by *forger, value []byte) []byte {
	size := func(mpi []byte) int { return (int(mpi[0])<<8 + int(mpi[1]) + 7) / 8 }
	n := new(big.Int).SetBytes(by.numbers[2 : 2+size(by.numbers)])
	return number(n.Add(n, new(big.Int).SetBytes(value[2:])).Bytes())
}
