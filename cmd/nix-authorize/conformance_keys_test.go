package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// What tests/openpgp.scm of Guix has, over commits: keys and digests of every kind,
// a key that is missing, and content that is not what was signed.
func TestGuixConformanceOfSignatures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		kind   string
		digest string
	}{
		{"O5 RSA with SHA-256", "rsa2048", "SHA256"},
		{"O5 RSA with SHA-512", "rsa4096", "SHA512"},
		{"O6 DSA with SHA-256", "dsa2048", "SHA256"},
		{"O6 DSA with SHA-512", "dsa2048", "SHA512"},
		{"O7 Ed25519 with SHA-256", "ed25519", "SHA256"},
		{"O7 Ed25519 with SHA-512", "ed25519", "SHA512"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			guixSignature(t, test.kind, test.digest)
		})
	}
	t.Run("O8 missing key", guixMissingKey)
	t.Run("O9 wrong data", guixWrongData)
	t.Run("O10 EdDSA number shorter than 31 bytes", guixShortNumber)
}

func guixSignature(t *testing.T, kind, digest string) {
	key, err := gittest.TryPGP(kind, "carol")
	if err != nil {
		t.Skipf("SKIPPED: this gpg makes no key of the kind %s: %v", kind, err)
	}
	h := newHistory(t, guixName, alice(t), key)
	h.authorize(alice(t), alice(t), key)
	commit := h.sign(key, h.RawCommit(h.tree("HEAD"), "Signed", h.Git("rev-parse", "HEAD")), "--digest-algo", digest)
	a := h.verify(commit)
	want(t, a, "authentic", "")
	if a.judged() != 2 || len(a.Signers) != 2 {
		t.Errorf("not both commits were judged: %+v", a)
	}
	steps := h.user().json(append([]string{"explain", commit}, h.flags()...)...)
	digestName := strings.Replace(digest, "SHA", "SHA-", 1)
	if steps.Signer == nil || !strings.HasSuffix(steps.Signer.Algorithm, ", "+digestName) {
		t.Errorf("the digest is not %s: %+v", digestName, steps.Signer)
	}
}

func guixMissingKey(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.authorize(alice(t), alice(t), bob(t))
	commit := h.CommitAs(bob(t), "a", "1")
	a := h.verify()
	want(t, a, "unknown-key", commit)
	if r := a.Refusals[0]; r.ClaimedSigner != bob(t).Fingerprint || r.Signer != nil {
		t.Errorf("the missing key is not named as unverified: %+v", r)
	}
	h.Keyring(alice(t), bob(t))
	want(t, h.verify(), "authentic", "")
}

func guixWrongData(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	signed := string(h.Object(h.CommitAs(alice(t), "a", "1")))
	commit := h.Hash("commit", []byte(strings.Replace(signed, "Change a", "Change b", 1)))
	want(t, h.verify(commit), "bad-signature", commit)
}

func guixShortNumber(t *testing.T) {
	t.Parallel()
	h := recorded(t, "short-eddsa")
	a := h.verify()
	want(t, a, "authentic", "")
	if a.judged() != 1 {
		t.Errorf("not the one commit was judged: %+v", a)
	}
}

// recordings has small histories of which every byte matters.
const recordings = "../../testdata/repos"

// recorded unpacks one of them.
func recorded(t *testing.T, name string) *history {
	t.Helper()
	bundle, err := filepath.Abs(filepath.Join(recordings, name+".bundle"))
	if err != nil {
		t.Fatal(err)
	}
	introduction, err := os.ReadFile(filepath.Join(recordings, name+".introduction"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(introduction))
	h := &history{Repo: gittest.New(t), t: t, file: guixName, introduction: fields[0], signer: &gittest.Key{Fingerprint: fields[1]}}
	h.Git("fetch", "--quiet", "--update-head-ok", bundle, "refs/heads/*:refs/heads/*")
	return h
}
