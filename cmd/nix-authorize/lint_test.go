package main

import (
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

func TestLint(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.PGP(t, "ed25519", "bob")
	m := founded(t, alice)
	r := m.does("lint")
	says(t, r.stdout, "note: .nix-authorizations: one key alone", "[single-authorizer]", ".nix-authorizations of the work tree: 1 note")
	m.Write(nixName, listing(nixName, alice, bob))
	r = m.refused(1, "error: .nix-authorizations:5: bob: the key "+bob.Fingerprint+" is not in the keyring (branch keyring)", "lint", "--worktree")
	says(t, r.stdout, "hint  ", ".nix-authorizations of the work tree: 1 error")
	m.does("lint", "HEAD")
	m.Keyring(alice, bob)
	r = m.does("lint")
	says(t, r.stdout, "nothing to mend")
	if r = m.does("lint", "--quiet"); r.stdout != "" {
		t.Errorf("quiet: %q", r.stdout)
	}
	m.Write(nixName, "version: 1\nthreshold: 2\n"+listing(nixName, alice, bob)[len("version: 1\n"):])
	m.does("lint")
	m.refused(1, "[threshold-tight]", "lint", "--strict")
	a := m.json("lint", "--strict")
	if a.Outcome != "refused" || len(a.Findings) != 1 || a.Findings[0].Severity != "warning" || a.Findings[0].Code != "threshold-tight" || a.Findings[0].File != nixName {
		t.Errorf("%+v", a)
	}
	m.refused(2, "contradict", "lint", "--worktree", "HEAD")
	m.refused(2, "unknown revision", "lint", "nowhere")
}
