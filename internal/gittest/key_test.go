package gittest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

func TestMain(m *testing.M) { os.Exit(gittest.Run(m.Run)) }

func TestKeysSign(t *testing.T) {
	keys := []*gittest.Key{
		gittest.PGP(t, "ed25519", "alice"), gittest.PGP(t, gittest.Subkey, "alice"),
		gittest.PGP(t, gittest.Expired, "alice"), gittest.PGP(t, gittest.Revoked, "alice"),
		gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ecdsa", "alice"),
	}
	for _, k := range keys {
		r := gittest.New(t)
		commit := string(r.Object(r.CommitAs(k, "file", "text\n")))
		if !strings.Contains(commit, "\ngpgsig -----BEGIN ") {
			t.Errorf("git made with %s:\n%s", k.Fingerprint, commit)
		}
		raw := r.RawCommit(r.SortedTree(), "Empty")
		signed := string(gittest.AddSignature(raw, k.Sign(t, raw)))
		if r.Hash("commit", []byte(signed)); !strings.Contains(signed, "\ngpgsig -----BEGIN ") {
			t.Errorf("the key %s made:\n%s", k.Fingerprint, signed)
		}
	}
	if gittest.PGP(t, "ed25519", "alice") != keys[0] {
		t.Error("a second key was made for the same holder")
	}
}
