package gittest

import (
	"strings"
	"testing"
)

// Config are the settings with which git signs with the key, as NAME=VALUE.
func (k *Key) Config() []string { return k.config }

// Environ is what the programs need to sign with the key, as NAME=VALUE.
func (k *Key) Environ() []string { return k.env }

// SignWith configures the repository so that whoever works in it signs with the
// key.
func (r *Repo) SignWith(k *Key) {
	r.t.Helper()
	for _, setting := range k.config {
		name, value, _ := strings.Cut(setting, "=")
		r.Git("config", name, value)
	}
}

// Unrevoked is the public key of a Revoked key as it was before.
func Unrevoked(t testing.TB, k *Key) string {
	t.Helper()
	dir, err := home()
	if err != nil {
		t.Fatal(err)
	}
	public, err := gpg(dir).export(k.Primary)
	if err != nil {
		t.Fatal(err)
	}
	return public
}
