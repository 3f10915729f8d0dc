package keyring

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// gpgHome is a home of gpg for all tests of the package. Its path is short, since
// gpg puts sockets there.
var gpgHome = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "kr") })

func TestMain(m *testing.M) {
	code := m.Run()
	if home, err := gpgHome(); err == nil {
		exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		os.RemoveAll(home)
	}
	os.Exit(code)
}

// gpg runs gpg and returns what it writes.
func gpg(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	home, err := gpgHome()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("gpg", append([]string{"--homedir", home, "--batch", "--no-tty", "--quiet", "--yes",
		"--pinentry-mode", "loopback", "--passphrase", ""}, args...)...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("gpg %q: %v\n%s", args, err, &stderr)
	}
	return out
}

var fingerprintLine = regexp.MustCompile(`(?m)^fpr:+([0-9A-F]{40}):$`)

// gpgKey makes a key and returns the fingerprints of its primary key and subkeys.
func gpgKey(t *testing.T, name, algorithm, usage, expire string, subkeys ...string) []signer.Fingerprint {
	t.Helper()
	gpg(t, nil, "--quick-generate-key", name, algorithm, usage, expire)
	list := func() (all []signer.Fingerprint) {
		for _, match := range fingerprintLine.FindAllSubmatch(gpg(t, nil, "--list-keys", "--with-colons", "="+name), -1) {
			all = append(all, signer.Fingerprint(match[1]))
		}
		return all
	}
	for _, subkey := range subkeys {
		algorithm, usage, _ := strings.Cut(subkey, " ")
		gpg(t, nil, "--quick-add-key", string(list()[0]), algorithm, usage, "never")
	}
	return list()
}

func gpgExport(t *testing.T, key signer.Fingerprint, args ...string) File {
	t.Helper()
	return File{string(key) + ".key", gpg(t, nil, append(args, "--export", string(key))...)}
}

// gpgSign signs with exactly this key, as Git would have it done.
func gpgSign(t *testing.T, key signer.Fingerprint, message []byte, args ...string) []byte {
	t.Helper()
	return gpg(t, message, append(args, "--detach-sign", "--armor", "-u", string(key)+"!")...)
}

func TestGPG(t *testing.T) {
	for _, c := range []struct {
		algorithm, name string
		args            []string
		digest          string
		weakness        signer.Weakness
	}{
		{"rsa2048", "RSA-2048", nil, "SHA-512", 0},
		{"rsa4096", "RSA-4096", []string{"--digest-algo", "SHA256"}, "SHA-256", 0},
		{"rsa1024", "RSA-1024", nil, "SHA-512", signer.WeakRSA},
		{"rsa2080", "RSA-2080", nil, "SHA-512", 0},
		{"ed25519", "Ed25519", nil, "SHA-512", 0},
		{"nistp256", "ECDSA P-256", nil, "SHA-256", 0},
		{"nistp384", "ECDSA P-384", nil, "SHA-384", 0},
		{"nistp521", "ECDSA P-521", nil, "SHA-512", 0},
		{"dsa2048", "DSA-2048", nil, "SHA-256", signer.WeakDSA},
		{"dsa1024", "DSA-1024", []string{"--digest-algo", "SHA1"}, "SHA-1", signer.WeakDSA | signer.WeakSHA1},
	} {
		t.Run(c.algorithm, func(t *testing.T) {
			key := gpgKey(t, "gpg "+c.algorithm, c.algorithm, "sign", "never")[0]
			for _, args := range [][]string{nil, {"--armor"}, {"--armor", "--comment", "x", "--emit-version"}} {
				k := New([]File{gpgExport(t, key, args...)})
				checkSkipped(t, k, "")
				keys := k.Keys()
				if len(keys) != 1 || keys[0].Fingerprint != key || keys[0].Algorithm != c.name || keys[0].Usable != "" ||
					!slices.Equal(keys[0].UserIDs, []string{"gpg " + c.algorithm}) || keys[0].Created.IsZero() {
					t.Errorf("%+v", keys)
				}
			}
			k := New([]File{gpgExport(t, key)})
			r := k.Check(document, gpgSign(t, key, document, c.args...))
			wantIdentity(t, r, key)
			if r.Weakness != c.weakness || len(c.args) > 0 && r.Identity.Algorithm != c.name+", "+c.digest {
				t.Errorf("%+v", r)
			}
			wantProblem(t, k.Check(document[1:], gpgSign(t, key, document, c.args...)), signer.BadSignature, "")
			wantIdentity(t, k.Check(document, gpgSign(t, key, document, "--emit-version", "--comment", "hello")), key)
			wantProblem(t, k.Check(document, gpgSign(t, key, document, "--textmode")), signer.Unsupported, "0x01")
			wantIdentity(t, k.Check(document, gpgSign(t, key, document, "--sig-notation", "a@example.org=b")), key)
			wantProblem(t, k.Check(document, gpgSign(t, key, document, "--sig-notation", "!a@example.org=b")), signer.Unsupported, "critical")
		})
	}
}

// TestGPGMutations changes real signatures whose numbers cost more to verify.
func TestGPGMutations(t *testing.T) {
	for _, algorithm := range []string{"rsa2048", "nistp256", "dsa2048"} {
		t.Run(algorithm, func(t *testing.T) {
			key := gpgKey(t, "mutated "+algorithm, algorithm, "sign", "never")[0]
			k := New([]File{gpgExport(t, key)})
			armor := strings.TrimSuffix(string(gpgSign(t, key, document)), "\n")
			checkMutations(t, k, document, armor)
		})
	}
}

func TestGPGSubkeys(t *testing.T) {
	all := gpgKey(t, "subkeys", "ed25519", "cert,sign", "never", "ed25519 sign", "rsa2048 sign", "cv25519 encr", "ed25519 auth", "nistp256/ecdsa sign")
	primary := all[0]
	k := New([]File{gpgExport(t, primary, "--armor")})
	checkSkipped(t, k, "")
	for i, key := range k.Keys() {
		signing := i == 1 || i == 2 || i == 5
		if key.Fingerprint != all[i] || (len(key.Primaries) > 0) != signing || (key.Usable != "") != (i == 3) {
			t.Errorf("%d: %+v", i, key)
		}
		if !signing {
			continue
		}
		r := k.Check(document, gpgSign(t, key.Fingerprint, document))
		wantIdentity(t, r, key.Fingerprint)
		if !slices.Equal(r.Identity.Primaries, []signer.Fingerprint{primary}) || !slices.Equal(key.UserIDs, []string{"subkeys"}) {
			t.Errorf("%+v", r.Identity)
		}
	}
	r := k.Check(document, gpgSign(t, primary, document))
	wantIdentity(t, r, primary)
	if len(r.Identity.Primaries) > 0 {
		t.Errorf("%+v", r.Identity)
	}
}

// TestGPGExpired: expiry is told and decides nothing.
func TestGPGExpired(t *testing.T) {
	gpg(t, nil, "--faked-system-time", "20100101T000000", "--quick-generate-key", "expired", "ed25519", "sign", "1y")
	match := fingerprintLine.FindSubmatch(gpg(t, nil, "--list-keys", "--with-colons", "=expired"))
	key := signer.Fingerprint(match[1])
	k := New([]File{gpgExport(t, key)})
	wantIdentity(t, k.Check(document, gpgSign(t, key, document, "--faked-system-time", "20100201T000000")), key)
	got, _ := k.Lookup(key)
	if got.Created.Year() != 2010 || got.Expires.Year() < 2010 || got.Expires.Year() > 2011 {
		t.Errorf("%+v", got)
	}
}

// TestGPGRevoked uses the revocation that gpg makes with each key.
func TestGPGRevoked(t *testing.T) {
	all := gpgKey(t, "revoked", "ed25519", "cert,sign", "never", "ed25519 sign")
	key := all[0]
	before := New([]File{gpgExport(t, key)})
	signatures := [][]byte{gpgSign(t, key, document), gpgSign(t, all[1], document)}
	home, _ := gpgHome()
	revocation, err := os.ReadFile(filepath.Join(home, "openpgp-revocs.d", string(key)+".rev"))
	if err != nil {
		t.Fatal(err)
	}
	gpg(t, bytes.Replace(revocation, []byte(":-----BEGIN"), []byte("-----BEGIN"), 1), "--import")
	after := New([]File{gpgExport(t, key)})
	for i, fingerprint := range all {
		for k, revoked := range map[*Keyring]bool{before: false, after: true} {
			wantIdentity(t, k.Check(document, signatures[i]), fingerprint)
			if got, _ := k.Lookup(fingerprint); got.Revoked != revoked {
				t.Errorf("%+v", got)
			}
		}
	}
}

// TestGPGUnsupported: curves that gpg has and nobody here accepts.
func TestGPGUnsupported(t *testing.T) {
	key := gpgKey(t, "secp256k1", "secp256k1", "sign", "never")[0]
	k := New([]File{gpgExport(t, key)})
	wantProblem(t, k.Check(document, gpgSign(t, key, document)), signer.Unsupported, "curve")
}

// TestGPGShortEdDSA signs until a number is shorter than 31 octets, which must
// verify, as gpg and Guix have it.
func TestGPGShortEdDSA(t *testing.T) {
	alice := forge("alice")
	k := New(file(alice.key()))
	for i := range 1_000_000 {
		f := newForgery(alice)
		f.hashed = append(f.hashed, sub(28, be(4, i)...)...)
		var shortest int
		f.values = func(r, s []byte) []byte {
			shortest = min(len(number(r)), len(number(s))) - 2
			return twoNumbers(r, s)
		}
		armor := f.armor(document)
		if shortest < 31 {
			wantIdentity(t, k.Check(document, []byte(armor)), alice.fingerprint())
			return
		}
	}
	t.Fatal("no short number")
}

// TestSSHKeygen signs as Git does with gpg.format ssh.
func TestSSHKeygen(t *testing.T) {
	for _, args := range [][]string{
		{"ed25519"}, {"rsa", "-b", "2048"}, {"rsa", "-b", "3072"}, {"ecdsa", "-b", "256"}, {"ecdsa", "-b", "384"}, {"ecdsa", "-b", "521"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			sshKeygen(t, nil, append([]string{"-q", "-N", "", "-C", "a comment", "-f", path, "-t"}, args...)...)
			public, err := os.ReadFile(path + ".pub")
			if err != nil {
				t.Fatal(err)
			}
			k := New([]File{{"key.pub", public}})
			keys := k.Keys()
			listed := strings.Fields(string(sshKeygen(t, nil, "-l", "-f", path)))[1]
			if len(keys) != 1 || string(keys[0].Fingerprint) != listed || !slices.Equal(keys[0].UserIDs, []string{"a comment"}) {
				t.Errorf("%+v", keys)
			}
			armor := sshKeygen(t, document, "-Y", "sign", "-n", "git", "-f", path)
			wantIdentity(t, k.Check(document, armor), keys[0].Fingerprint)
			wantProblem(t, k.Check(document[1:], armor), signer.BadSignature, "")
			approval := sshKeygen(t, document, "-Y", "sign", "-n", "nix-authorize", "-f", path)
			wantIdentity(t, k.CheckDetached(document, approval, "nix-authorize"), keys[0].Fingerprint)
			wantProblem(t, k.Check(document, approval), signer.Unsupported, "namespace")
		})
	}
}

func sshKeygen(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("ssh-keygen", args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ssh-keygen %q: %v\n%s", args, err, &stderr)
	}
	return out
}
