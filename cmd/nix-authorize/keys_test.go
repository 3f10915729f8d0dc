package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// Keys of every kind sign an introduction, a change of the file and a commit.
func TestKeysOfEveryKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		make      func(t *testing.T) *gittest.Key
		algorithm string
		nix, guix string // the verdicts
	}{
		{"Ed25519", pgp("ed25519"), "Ed25519, SHA-256", "authentic", "authentic"},
		{"RSA-2048", pgp("rsa2048"), "RSA-2048, SHA-", "authentic", "authentic"},
		{"RSA-4096", pgp("rsa4096"), "RSA-4096, SHA-", "authentic", "authentic"},
		{"RSA-1024", pgp("rsa1024"), "RSA-1024, SHA-", "wrong-introduction", "authentic"},
		{"P-256", pgp("nistp256"), "ECDSA P-256, SHA-", "authentic", "authentic"},
		{"P-384", pgp("nistp384"), "ECDSA P-384, SHA-", "authentic", "authentic"},
		{"P-521", pgp("nistp521"), "ECDSA P-521, SHA-", "authentic", "authentic"},
		{"DSA", pgp("dsa2048"), "DSA-2048, SHA-", "wrong-introduction", "authentic"},
		{"brainpool", pgp("brainpoolP256r1"), "", "wrong-introduction", "wrong-introduction"},
		{"OpenPGP version 6", newVersion6, "Ed25519, SHA3-512", "authentic", "authentic"},
		{"SSH Ed25519", ssh("ed25519"), "SSH Ed25519, SHA-512", "authentic", "malformed-authorizations"},
		{"SSH ECDSA", ssh("ecdsa"), "SSH ECDSA P-256, SHA-512", "authentic", "malformed-authorizations"},
		{"SSH RSA", ssh("rsa"), "SSH RSA-3072, SHA-512", "authentic", "malformed-authorizations"},
		{"FIDO token", touched, "", "authentic", "malformed-authorizations"},
		{"FIDO token without a touch", untouched, "", "wrong-introduction", "malformed-authorizations"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			key := test.make(t)
			for file, verdict := range map[string]string{nixName: test.nix, guixName: test.guix} {
				h := rawHistory(t, file, key)
				a := h.verify()
				if want(t, a, verdict, ""); verdict == "authentic" && (len(a.Signers) != 1 || a.Signers[0].Fingerprint != key.Fingerprint) {
					t.Errorf("the signers are %+v instead of %s", a.Signers, key.Fingerprint)
				}
				if verdict != "authentic" {
					continue
				}
				explained := h.user().json(append([]string{"explain", "HEAD"}, h.flags()...)...)
				if !strings.HasPrefix(explained.Signer.Algorithm, test.algorithm) {
					t.Errorf("the algorithm is %q", explained.Signer.Algorithm)
				}
			}
		})
	}
}

func pgp(kind string) func(*testing.T) *gittest.Key {
	return func(t *testing.T) *gittest.Key {
		key, err := gittest.TryPGP(kind, "carol")
		if err != nil {
			t.Skipf("SKIPPED: this gpg makes no key of the kind %s: %v", kind, err)
		}
		return key
	}
}

func ssh(kind string) func(*testing.T) *gittest.Key {
	return func(t *testing.T) *gittest.Key { return gittest.SSH(t, kind, "carol") }
}

// rawHistory is a history of three commits for keys that git cannot sign with.
func rawHistory(t *testing.T, file string, key *gittest.Key) *history {
	t.Helper()
	h := &history{Repo: gittest.New(t), t: t, file: file, signer: key}
	h.Keyring(key)
	var parents []string
	for _, end := range []string{"", "\n", "\n\n"} {
		blob := h.Hash("blob", []byte(listing(file, key)+end))
		commit := h.RawCommit(h.SortedTree(gittest.TreeEntry{Mode: "100644", Name: file, ID: blob}), "Commit", parents...)
		parents = []string{h.sign(key, commit)}
		if h.introduction == "" {
			h.introduction = parents[0]
		}
	}
	h.Git("update-ref", "refs/heads/main", parents[0])
	return h
}

// newVersion6 is an OpenPGP key of version 6 (RFC 9580), which gpg does not make.
func newVersion6(t *testing.T) *gittest.Key {
	config := &packet.Config{V6Keys: true, Algorithm: packet.PubKeyAlgoEd25519, DefaultHash: crypto.SHA3_512}
	entity, err := openpgp.NewEntity("carol", "", "carol@example.org", config)
	if err != nil {
		t.Fatal(err)
	}
	var public bytes.Buffer
	w, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := entity.Serialize(w); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return gittest.NewKey("carol", strings.ToUpper(hex.EncodeToString(entity.PrimaryKey.Fingerprint)), public.String(),
		func(payload []byte) ([]byte, error) {
			var signature bytes.Buffer
			err := openpgp.ArmoredDetachSign(&signature, []*openpgp.Entity{entity}, bytes.NewReader(payload), &openpgp.SignParams{Config: config})
			return append(signature.Bytes(), '\n'), err
		})
}

func touched(t *testing.T) *gittest.Key   { return newToken(t, 1) }
func untouched(t *testing.T) *gittest.Key { return newToken(t, 0) }

// newToken is a FIDO token made of software (OpenSSH's PROTOCOL.u2f and
// PROTOCOL.sshsig). The flags say whether somebody has touched it.
func newToken(t *testing.T, flags byte) *gittest.Key {
	const typ, application = "sk-ssh-ed25519@openssh.com", "ssh:"
	point, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	blob := wire(typ, string(point), application)
	fingerprint := sha256.Sum256([]byte(blob))
	return gittest.NewKey("carol", "SHA256:"+base64.RawStdEncoding.EncodeToString(fingerprint[:]),
		typ+" "+base64.StdEncoding.EncodeToString([]byte(blob)), func(payload []byte) ([]byte, error) {
			digest := sha512.Sum512(payload)
			message := sha256.Sum256([]byte("SSHSIG" + wire("git", "", "sha512", string(digest[:]))))
			app := sha256.Sum256([]byte(application))
			status := string([]byte{flags, 0, 0, 0, 7})
			inner := wire(typ, string(ed25519.Sign(secret, []byte(string(app[:])+status+string(message[:])))))
			signature := "SSHSIG\x00\x00\x00\x01" + wire(blob, "git", "", "sha512", inner+status)
			return []byte(rearmor([]byte(signature), "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")), nil
		})
}

// wire writes strings as SSH does (RFC 4251, 5).
func wire(fields ...string) string {
	var b []byte
	for _, field := range fields {
		b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
		b = append(b, field...)
	}
	return string(b)
}
