package trust

import (
	"strings"
	"testing"
)

// The two halves of an introduction belong together, wherever they come from.
func TestOr(t *testing.T) {
	first := Settings{Introduction: "1", Signer: "A", Keyring: "k", Authorizations: "f", Origin: "first"}
	second := Settings{Introduction: "2", Signer: "B", Keyring: "l", Authorizations: "g", Origin: "second"}
	for _, test := range []struct {
		name       string
		a, b, want Settings
	}{
		{"nothing and all", Settings{}, second, second},
		{"all and nothing", first, Settings{}, first},
		{"all and all", first, second, first},
		{"a commit alone", Settings{Introduction: "1", Origin: "first"}, second, Settings{Introduction: "1", Keyring: "l", Origin: "first"}},
		{"a signer alone", Settings{Signer: "A", Origin: "first"}, second, Settings{Signer: "A", Keyring: "l", Origin: "first"}},
		{"a keyring alone", Settings{Keyring: "k", Origin: "first"}, second, Settings{Introduction: "2", Signer: "B", Keyring: "k", Authorizations: "g", Origin: "second"}},
		{"another introduction without a file", Settings{Introduction: "1", Signer: "A", Origin: "first"}, second, Settings{Introduction: "1", Signer: "A", Keyring: "l", Origin: "first"}},
		{"the same introduction without a file", Settings{Introduction: "2", Signer: "A", Origin: "first"}, second, Settings{Introduction: "2", Signer: "A", Keyring: "l", Authorizations: "g", Origin: "first"}},
	} {
		if got := test.a.Or(test.b); got != test.want {
			t.Errorf("%s: %+v instead of %+v", test.name, got, test.want)
		}
	}
}

func TestParse(t *testing.T) {
	id, key := strings.Repeat("0a", 20), strings.Repeat("AB", 20)
	for _, test := range []struct {
		name string
		s    Settings
		err  string
	}{
		{"all", Settings{Introduction: id, Signer: key, Authorizations: ".nix-authorizations"}, ""},
		{"lower case and spaces", Settings{Introduction: strings.ToUpper(id), Signer: strings.ToLower(key[:20]) + "  " + key[20:]}, ""},
		{"SSH", Settings{Introduction: id, Signer: "SHA256:" + strings.Repeat("A", 43)}, ""},
		{"version 6", Settings{Introduction: id, Signer: strings.Repeat("AB", 32)}, ""},
		{"nothing", Settings{}, "no introduction is configured"},
		{"a commit alone", Settings{Introduction: id}, "no signer"},
		{"a signer alone", Settings{Signer: key}, "without an introduction"},
		{"an abbreviated commit", Settings{Introduction: id[:39], Signer: key}, "39 characters instead of 40"},
		{"a name", Settings{Introduction: strings.Repeat("main", 10), Signer: key}, "not hexadecimal"},
		{"a key id", Settings{Introduction: id, Signer: key[:16]}, "16 hexadecimal digits instead of 40 or 64"},
		{"a digit too many", Settings{Introduction: id, Signer: key + "A"}, "neither hexadecimal digits"},
		{"another file", Settings{Introduction: id, Signer: key, Authorizations: ".NIX-authorizations"}, "unknown authorizations file"},
	} {
		_, err := test.s.Parse()
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: the error is %v instead of %q", test.name, err, test.err)
		}
	}
}
