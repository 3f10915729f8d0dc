package lint_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/lint"
	"github.com/nix-authorize/nix-authorize/keyring"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

func TestMain(m *testing.M) { os.Exit(gittest.Run(m.Run)) }

// subject is a file that says this, with a keyring of these keys.
func subject(t testing.TB, text string, keys ...*gittest.Key) *lint.Subject {
	t.Helper()
	s := &lint.Subject{Where: "here", Format: authz.NixFormat, Present: true, Names: []string{".nix-authorizations", "README"}}
	s.Authorizations, s.Err = authz.ParseAuthorizations(s.Format, []byte(text))
	var files []keyring.File
	for _, k := range keys {
		files = append(files, keyring.File{Name: k.File(), Content: []byte(k.Public)})
	}
	s.Keyring = &keysource.Loaded{Keyring: keyring.New(files), Name: "branch keyring"}
	return s
}

// entries is a file that lists keys, each with what else stands in its entry.
func entries(rules string, list ...any) string {
	text := "version: 1\n" + rules + "keys:\n"
	for _, item := range list {
		switch item := item.(type) {
		case *gittest.Key:
			key := "openpgp: " + item.Primary
			if item.IsSSH() {
				key = "ssh: " + item.Public
			}
			text += fmt.Sprintf("  - name: %s\n    %s\n", item.Holder, key)
		case string:
			text += item
		}
	}
	return text
}

// found are the findings as "SEVERITY CODE LINE", in their order.
func found(t testing.TB, s *lint.Subject) []string {
	t.Helper()
	findings, err := lint.Check(s)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range findings {
		list = append(list, fmt.Sprintf("%s %s %d", f.Severity, f.Code, f.Line))
		if f.Text == "" || f.Hint == "" || f.File == "" {
			t.Errorf("the finding says too little: %+v", f)
		}
	}
	return list
}

func TestCheck(t *testing.T) {
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	carol := gittest.PGP(t, gittest.Subkey, "carol")
	expired, revoked := gittest.PGP(t, gittest.Expired, "dave"), gittest.PGP(t, gittest.Revoked, "eve")
	dsa := gittest.PGP(t, "dsa2048", "frank")
	paths := "    paths: [dir/, file/, nothing, dir/nothing/]\n"
	for _, c := range []struct {
		name string
		s    *lint.Subject
		want []string
	}{
		{"nothing", subject(t, entries("", alice, bob, carol), alice, carol), nil},
		{"malformed", subject(t, "version: 1\nkeys: []\n"), []string{"error malformed 2"}},
		{"one key", subject(t, entries("", bob)), []string{"note single-authorizer 0"}},
		{"missing", subject(t, entries("", bob, alice, carol), carol), []string{"error key-missing 5"}},
		{"subkey missing", subject(t, entries("", bob, carol), alice), []string{"error key-missing 5"}},
		{"weak", subject(t, entries("", bob, alice, dsa), alice, dsa), []string{"error key-weak 7"}},
		{"expired", subject(t, entries("", bob, expired), expired), []string{"warning key-expired 5"}},
		{"revoked", subject(t, entries("", bob, revoked), revoked), []string{"warning key-revoked 5"}},
		{"unreachable", subject(t, entries("threshold: 2\n", bob, alice, carol, dsa), dsa),
			[]string{"error threshold-unreachable 0", "error key-missing 6", "error key-missing 8", "error key-weak 10"}},
		{"tight", subject(t, entries("threshold: 2\n", bob, alice), alice), []string{"warning threshold-tight 0"}},
		{"tight by rights", subject(t, entries("threshold: 2\n", bob, alice, carol, "    may: [commit]\n"), alice, carol), []string{"warning threshold-tight 0"}},
		{"similar names", subject(t, entries("", bob, "  - name: BОB\n    openpgp: "+alice.Primary+"\n"), alice), []string{"warning similar-names 5"}},
		{"paths", subject(t, entries("", alice, gittest.SSH(t, "ecdsa", "gina"), paths, bob), alice),
			[]string{"warning path-missing 5", "warning path-missing 5", "warning path-missing 5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.Exists = func(path string) (lint.Kind, error) {
				return map[string]lint.Kind{"dir": lint.Directory, "file": lint.Other}[path], nil
			}
			if got := found(t, c.s); !slices.Equal(got, c.want) {
				t.Errorf("found\n%s\ninstead of\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestCheckOfAnAbsentFile(t *testing.T) {
	s := &lint.Subject{Format: authz.NixFormat}
	if got := found(t, s); !slices.Equal(got, []string{"error absent 0"}) {
		t.Errorf("found %q", got)
	}
	s.Present, s.Err = true, errors.New("it is a symbolic link instead of a file")
	if got := found(t, s); !slices.Equal(got, []string{"error malformed 0"}) {
		t.Errorf("found %q", got)
	}
}

// The rules of Guix's file are other ones.
func TestCheckOfGuixFile(t *testing.T) {
	carol, dsa := gittest.PGP(t, gittest.Subkey, "carol"), gittest.PGP(t, "dsa2048", "frank")
	s := subject(t, "", carol, dsa)
	s.Format = authz.GuixFormat
	text := fmt.Sprintf(`(authorizations (version 0) ((%q (name "a")) (%q (name "b")) ("AB" (name "c")) (%q (name "d"))))`, dsa.Primary, carol.Fingerprint, strings.Repeat("A", 40))
	if s.Authorizations, s.Err = authz.ParseAuthorizations(s.Format, []byte(text)); s.Err != nil {
		t.Fatal(s.Err)
	}
	if got, want := found(t, s), []string{"error key-missing 1", "warning key-impossible 1"}; !slices.Equal(got, want) {
		t.Errorf("found %q", got)
	}
}

func TestLookAlikes(t *testing.T) {
	for name, like := range map[string]bool{
		".nix-authorizations": false, ".guix-authorizations": false, ".nix-authorizations.d": false, "nix-authorizations": false,
		".nix-authorizations.example": false, "README": false, ".git": false, ".nix-authorization": false,
		".NIX-authorizations": true, ".nix-authorizations\u200b": true, ".nix\u00ad-authorizations": true, ".nix-authorizations.": true,
		".nix‐authorizations": true, ".nix-authоrizations": true, ".nіx-authorizations": true, "．nix-authorizations": true,
		".nix-authorizations ": true, ".nix_authorizations": true, ".GUIX-authorizations": true, ".Nix-Authorizations.D": true,
		".nix-authorizati\u0301ons": true, ".nix-author1zations": false, ".nix-authorizations\ufe0f": true,
	} {
		s := subject(t, entries("", gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")))
		s.Names = append(s.Names, name)
		var want []string
		if like {
			want = []string{"error look-alike 0"}
		}
		if got := found(t, s); !slices.Equal(got, want) {
			t.Errorf("%q: found %q", name, got)
		}
	}
}

// A key that has been listed long enough and signs nothing is not needed.
func TestUnusedKeys(t *testing.T) {
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	s := subject(t, entries("", alice, bob))
	of := func(keys ...*gittest.Key) map[signer.Fingerprint]bool {
		m := map[signer.Fingerprint]bool{}
		for _, k := range keys {
			m[signer.Fingerprint(k.Fingerprint)] = true
		}
		return m
	}
	for _, c := range []struct {
		name   string
		recent *lint.Recent
		want   []string
	}{
		{"not looked", nil, nil},
		{"unused", &lint.Recent{Commits: 100, Signed: of(alice), Old: of(alice, bob)}, []string{"note unused-key 5"}},
		{"new", &lint.Recent{Commits: 100, Signed: of(alice), Old: of(alice)}, nil},
		{"too few", &lint.Recent{Commits: 99, Signed: of(alice), Old: of(alice, bob)}, nil},
	} {
		s.Recent = c.recent
		if got := found(t, s); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %q", c.name, got)
		}
	}
}

func TestErrorsOfReading(t *testing.T) {
	s := subject(t, entries("", gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob"), "    paths: [a]\n"))
	s.Exists = func(string) (lint.Kind, error) { return lint.Nothing, errors.New("no") }
	if _, err := lint.Check(s); err == nil {
		t.Error("no error")
	}
}
