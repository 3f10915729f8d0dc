package signing

import (
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// secret is a secret key in a listing of gpg, with a subkey.
func secret(validity, digit string) string {
	fingerprint := strings.Repeat(digit, 40)
	return "sec:" + validity + ":255:22:X:1600000000:::u:::scESC:::+::ed25519:::0:\n" +
		"fpr:::::::::" + fingerprint + ":\ngrp:::::::::0:\nuid:u::::1600000000::0::Alice::::::::::0:\n" +
		"ssb:u:255:18:X:1600000000::::::e:::+::cv25519::\nfpr:::::::::" + strings.Repeat("F", 40) + ":\n"
}

func TestSecretKeys(t *testing.T) {
	for _, c := range []struct{ name, listing, want string }{
		{"none", "", ""},
		{"one", secret("u", "1"), "1"},
		{"two", secret("u", "1") + secret("-", "2"), "1 2"},
		{"one has ended", secret("e", "1") + secret("u", "2") + secret("r", "3"), "2"},
		{"all have ended", secret("e", "1") + secret("r", "2"), "1 2"},
		{"no fingerprint", "sec:u\nfpr:::::::::123:\nfpr\nsec\n", ""},
	} {
		var want []signer.Fingerprint
		for _, digit := range strings.Fields(c.want) {
			want = append(want, signer.Fingerprint(strings.Repeat(digit, 40)))
		}
		if got := secretKeys(c.listing); !slices.Equal(got, want) {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
