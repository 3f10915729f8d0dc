package authz

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// printNix is a file that says the same as a.
func printNix(a *Authorizations) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nmerges: %s\nthreshold: %d\nkeys:\n", a.Merges, a.Threshold)
	for _, e := range a.Entries() {
		fmt.Fprintf(&b, "- name: %s\n", quoteYAML(e.Name))
		if e.SSHKey != "" {
			fmt.Fprintf(&b, "  ssh: %s\n", quoteYAML(e.SSHKey))
		} else {
			fmt.Fprintf(&b, "  openpgp: %s\n", e.Key.Pretty())
		}
		fmt.Fprintf(&b, "  may: [%s]\n", e.Rights)
		if len(e.Paths) > 0 {
			b.WriteString("  paths:\n")
		}
		for _, path := range e.Paths {
			fmt.Fprintf(&b, "  - %s\n", quoteYAML(path))
		}
	}
	return b.String()
}

// quoteYAML writes s between double quotes. YAML has the escape sequences that
// Go uses for what is not printable, except for "\x7f" of single bytes.
func quoteYAML(s string) string { return strconv.QuoteToASCII(s) }

func FuzzNixFile(f *testing.F) {
	example, err := os.ReadFile("../.nix-authorizations.example")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(nixWith("")))
	f.Add([]byte(nixEntry("name: 'x y', ssh: " + sshBob + ", paths: [a, \"b/\\u00e9\"]")))
	f.Add([]byte("? version\n: 1\n? keys\n: - ? name\n    : \"a\"\n    ? openpgp\n    : " + fpLong + "\n"))
	f.Add([]byte("{version: 1, threshold: 1, merges: 'signed', keys: [{name: !x a, openpgp: &b " + fpAlice + ", may: *b, <<: {}}]} # x\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := ParseAuthorizations(NixFormat, content)
		if err != nil {
			checkPosition(t, content, err)
			if strings.Contains(err.Error(), "cannot be determined") || strings.Contains(err.Error(), "library failed") {
				t.Error(err)
			}
			return
		}
		checkInvariants(t, a)
		again, err := ParseAuthorizations(NixFormat, []byte(printNix(a)))
		if err != nil {
			t.Fatalf("%v in\n%s", err, printNix(a))
		}
		if again.Merges != a.Merges || again.Threshold != a.Threshold || !equalEntries(again.Entries(), a.Entries()) {
			t.Errorf("%+v\nreads again as\n%+v", a, again)
		}
	})
}

// checkInvariants requires what every .nix-authorizations holds.
func checkInvariants(t *testing.T, a *Authorizations) {
	t.Helper()
	names, keys, able := map[string]bool{}, map[signer.Fingerprint]bool{}, 0
	for _, e := range a.Entries() {
		checkMatch(t, a, e)
		if e.Name == "" || e.Key == "" || e.Rights == 0 || e.Key.IsSSH() != (e.SSHKey != "") || e.Line < 1 {
			t.Errorf("incomplete: %+v", e)
		}
		if names[e.Name] || keys[e.Key] {
			t.Errorf("twice: %+v", e)
		}
		if len(e.Paths) > 0 && e.Rights != RightCommit {
			t.Errorf("paths and more than commit: %+v", e)
		}
		names[e.Name], keys[e.Key] = true, true
		able += int(e.Rights & RightAuthorize / RightAuthorize)
	}
	if a.Threshold < 1 || able < a.Threshold {
		t.Errorf("threshold %d of %d", a.Threshold, able)
	}
	if a.Merges != MergesStrict && a.Merges != MergesSigned && a.Merges != MergesVouched {
		t.Errorf("merges %q", a.Merges)
	}
}
