package gittest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The kinds of OpenPGP keys, beside the names that gpg has for algorithms, such as
// "ed25519", "rsa4096", "nistp256" or "dsa2048".
const (
	// Subkey is a primary key that may only certify, with a subkey that signs.
	Subkey = "subkey"
	// Expired is a key that was valid on one day in 2020 and signs on that day.
	Expired = "expired"
	// Revoked is a key of which Public says that it was revoked.
	Revoked = "revoked"
)

// The day of a key that has expired, in the form of --faked-system-time. The
// exclamation mark stops the clock.
const (
	expiredMade   = "20200601T000000!"
	expiredSigned = "20200601T120000!"
)

// PGP returns the OpenPGP key of a kind and holder, made with real gpg. Within a
// process it is always the same.
func PGP(t testing.TB, kind, holder string) *Key {
	t.Helper()
	k, err := TryPGP(kind, holder)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TryPGP is PGP for kinds that not every gpg makes.
func TryPGP(kind, holder string) (*Key, error) {
	return once(kind, holder, func(home string) (*Key, error) { return newPGP(home, kind, holder) })
}

func newPGP(home, kind, holder string) (*Key, error) {
	g := gpg(home)
	user := fmt.Sprintf("%s %s <%s@example.org>", holder, kind, holder)
	primary, err := g.generate(kind, user)
	if err != nil {
		return nil, err
	}
	k := &Key{Holder: holder, Primary: primary, Fingerprint: primary, env: []string{"GNUPGHOME=" + home}}
	if kind == Subkey {
		if k.Fingerprint, err = g.addSubkey(primary); err != nil {
			return nil, err
		}
	}
	var clock []string
	if kind == Expired {
		clock = []string{"--faked-system-time", expiredSigned}
	}
	if k.config, err = g.config(k.Fingerprint, clock); err != nil {
		return nil, err
	}
	k.sign = func(payload []byte, args []string) ([]byte, error) {
		args = append(append(clock, args...), "--armor", "--local-user", k.Fingerprint+"!", "--detach-sign")
		return g.run(payload, args...)
	}
	k.Public, err = g.export(primary)
	if err == nil && kind == Revoked {
		k.Public, err = g.revoke(k.Public, primary)
	}
	return k, err
}

// gpg is the home directory of a gpg.
type gpg string

func (g gpg) run(stdin []byte, args ...string) ([]byte, error) {
	return output(string(g), nil, stdin, "gpg", append([]string{"--batch", "--quiet", "--no-tty", "--passphrase", ""}, args...)...)
}

// generate makes a primary key and returns its fingerprint.
func (g gpg) generate(kind, user string) (string, error) {
	args := []string{"--quick-generate-key", user, kind, "sign", "never"}
	switch kind {
	case Subkey:
		args = []string{"--quick-generate-key", user, "ed25519", "cert", "never"}
	case Revoked:
		args[2] = "ed25519"
	case Expired:
		args = []string{"--faked-system-time", expiredMade, "--quick-generate-key", user, "ed25519", "sign", "1d"}
	}
	if _, err := g.run(nil, args...); err != nil {
		return "", err
	}
	fingerprints, err := g.fingerprints("=" + user)
	if err != nil {
		return "", err
	}
	return fingerprints[0], nil
}

func (g gpg) addSubkey(primary string) (string, error) {
	if _, err := g.run(nil, "--quick-add-key", primary, "ed25519", "sign", "never"); err != nil {
		return "", err
	}
	fingerprints, err := g.fingerprints(primary)
	if err == nil && len(fingerprints) < 2 {
		err = fmt.Errorf("gpg made no subkey of %s", primary)
	}
	if err != nil {
		return "", err
	}
	return fingerprints[1], nil
}

// fingerprints are those of a key and its subkeys.
func (g gpg) fingerprints(name string) ([]string, error) {
	out, err := g.run(nil, "--with-colons", "--list-keys", name)
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			found = append(found, fields[9])
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("gpg does not list the key %s", name)
	}
	return found, nil
}

func (g gpg) export(key string) (string, error) {
	out, err := g.run(nil, "--armor", "--export", key)
	return string(out), err
}

// config is how git signs with the key. Where gpg needs another clock, a script
// stands in for it.
func (g gpg) config(key string, clock []string) ([]string, error) {
	config := []string{"gpg.format=openpgp", "user.signingKey=" + key + "!"}
	if clock == nil {
		return config, nil
	}
	script := filepath.Join(string(g), "gpg-"+key)
	text := fmt.Sprintf("#!/bin/sh\nexec gpg '%s' \"$@\"\n", strings.Join(clock, "' '"))
	return append(config, "gpg.program="+script), os.WriteFile(script, []byte(text), 0o700)
}

// revoke returns the public key with the revocation that gpg made ready for it.
// That happens in a home of its own: here the key must go on signing.
func (g gpg) revoke(public, key string) (string, error) {
	certificate, err := os.ReadFile(filepath.Join(string(g), "openpgp-revocs.d", key+".rev"))
	if err != nil {
		return "", err
	}
	_, armor, _ := strings.Cut(string(certificate), "\n:-----BEGIN")
	apart := gpg(filepath.Join(string(g), "r-"+key[:8]))
	if err := os.Mkdir(string(apart), 0o700); err != nil {
		return "", err
	}
	for _, text := range []string{public, "-----BEGIN" + armor} {
		if _, err := apart.run([]byte(text), "--no-autostart", "--import"); err != nil {
			return "", err
		}
	}
	return apart.export(key)
}
