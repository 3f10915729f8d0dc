package testkey

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring"
)

var kinds = []Kind{RSA2048, RSA3072, RSA4096, EdDSA, ECDSA, SSH}

const text = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nHello\n"

// What signs must be what real programs and ours verify, else it would measure
// something else.
func TestSignatures(t *testing.T) {
	home := t.TempDir()
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			key, err := New(kind, "alice")
			if err != nil {
				t.Fatal(err)
			}
			signature := key.Sign([]byte(text), keyMade+1)
			if again := key.Sign([]byte(text), keyMade+1); again != signature {
				t.Errorf("a second signature differs:\n%s\n%s", signature, again)
			}
			if kind == SSH {
				verifySSH(t, home, signature)
			} else {
				verifyPGP(t, home, key, signature)
			}
			verifyOurs(t, key, signature)
		})
	}
	run(t, home, "", "gpgconf", "--kill", "all")
}

func verifyOurs(t *testing.T, key *Key, signature string) {
	t.Helper()
	ring := keyring.New([]keyring.File{{Name: "alice.key", Content: []byte(key.Public)}})
	for payload, want := range map[string]bool{text: true, text + "x": false} {
		result := ring.Check([]byte(payload), []byte(signature))
		if got := result.Problem == nil && string(result.Identity.Key) == key.Fingerprint; got != want {
			t.Errorf("Check of %q: %+v, want a signature by %s: %v", payload, result, key.Fingerprint, want)
		}
	}
}

func verifyPGP(t *testing.T, home string, key *Key, signature string) {
	t.Helper()
	run(t, home, key.Public, "gpg", "--batch", "--import")
	name := filepath.Join(home, "signature")
	if err := os.WriteFile(name, []byte(signature+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status := run(t, home, text, "gpg", "--batch", "--status-fd=1", "--verify", name, "-")
	if !strings.Contains(status, "VALIDSIG "+key.Fingerprint) {
		t.Errorf("gpg says\n%s", status)
	}
}

func verifySSH(t *testing.T, home, signature string) {
	t.Helper()
	name := filepath.Join(home, "signature.ssh")
	if err := os.WriteFile(name, []byte(signature+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, home, text, "ssh-keygen", "-Y", "check-novalidate", "-n", "git", "-s", name)
}

// run runs a program that must succeed.
func run(t *testing.T, home, stdin, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "GNUPGHOME="+home)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// Keys of one kind must differ: an authorizations file lists each once.
func TestKeysDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for _, name := range []string{"alice", "bob", "carol", "dave"} {
		for _, kind := range kinds {
			key, err := New(kind, name)
			if err != nil {
				t.Fatal(err)
			}
			if seen[key.Fingerprint] {
				t.Errorf("%s of %s is another's key", kind, name)
			}
			seen[key.Fingerprint] = true
		}
	}
}
