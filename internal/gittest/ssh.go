package gittest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SSH returns the SSH key of a kind ("ed25519", "ecdsa" or "rsa") and holder, made
// with real ssh-keygen. Within a process it is always the same.
func SSH(t testing.TB, kind, holder string) *Key {
	t.Helper()
	k, err := once("ssh "+kind, holder, func(home string) (*Key, error) { return newSSH(home, kind, holder) })
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newSSH(home, kind, holder string) (*Key, error) {
	path := filepath.Join(home, "ssh-"+kind+"-"+holder)
	if _, err := output(home, nil, nil, "ssh-keygen", "-q", "-t", kind, "-N", "", "-C", holder+"@example.org", "-f", path); err != nil {
		return nil, err
	}
	listed, err := output(home, nil, nil, "ssh-keygen", "-l", "-f", path)
	if err != nil {
		return nil, err
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		return nil, err
	}
	return &Key{
		Holder:      holder,
		Fingerprint: strings.Fields(string(listed))[1],
		Public:      strings.Join(strings.Fields(string(public))[:2], " "),
		config:      []string{"gpg.format=ssh", "user.signingKey=" + path},
		sign: func(payload []byte, args []string) ([]byte, error) {
			args = append([]string{"-Y", "sign", "-n", "git", "-f", path}, args...)
			return output(home, nil, payload, "ssh-keygen", args...)
		},
	}, nil
}
