package signing_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/signing"
	"github.com/nix-authorize/nix-authorize/keyring"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

func TestMain(m *testing.M) {
	os.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	os.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	os.Exit(gittest.Run(m.Run))
}

// desk is a repository whose user signs with a key, or with none.
func desk(t *testing.T, k *gittest.Key) (*gittest.Repo, gitcli.User) {
	t.Helper()
	r := gittest.New(t)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("GNUPGHOME", t.TempDir())
	if k != nil {
		r.SignWith(k)
		for _, variable := range k.Environ() {
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
		}
	}
	return r, gitcli.User{Dir: r.Dir}
}

func find(t *testing.T, git gitcli.User) *signing.Signer {
	t.Helper()
	s, err := signing.Find(t.Context(), git)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSign(t *testing.T) {
	for _, c := range []struct {
		name string
		key  *gittest.Key
	}{
		{"Ed25519", gittest.PGP(t, "ed25519", "alice")},
		{"RSA", gittest.PGP(t, "rsa2048", "alice")},
		{"subkey", gittest.PGP(t, gittest.Subkey, "alice")},
		{"SSH Ed25519", gittest.SSH(t, "ed25519", "alice")},
		{"SSH ECDSA", gittest.SSH(t, "ecdsa", "alice")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, git := desk(t, c.key)
			s := find(t, git)
			listed := c.key.Fingerprint
			if !c.key.IsSSH() {
				listed = c.key.Primary
			}
			if string(s.Key) != listed || s.Algorithm == "" {
				t.Errorf("found %s (%s) instead of %s", s.Key, s.Algorithm, listed)
			}
			message := []byte("some text\x00\r\n")
			signed, err := s.Sign(t.Context(), message, "nix-authorize")
			if err != nil {
				t.Fatal(err)
			}
			if string(signed.By.Key) != c.key.Fingerprint {
				t.Errorf("signed by %s instead of %s", signed.By.Key, c.key.Fingerprint)
			}
			checkSignature(t, s.Public, message, signed.Armor)
		})
	}
}

// checkSignature verifies with what a keyring would have.
func checkSignature(t *testing.T, public string, message, armor []byte) {
	t.Helper()
	ring := keyring.New([]keyring.File{{Name: "key", Content: []byte(public)}})
	if r := ring.CheckDetached(message, armor, "nix-authorize"); r.Problem != nil || r.Weakness != 0 {
		t.Errorf("%+v", r)
	}
	if r := ring.CheckDetached(append(message, '!'), armor, "nix-authorize"); r.Problem == nil {
		t.Error("another message is signed, too")
	}
	if r := ring.CheckDetached(message, armor, "git"); strings.Contains(string(armor), "SSH") && r.Problem == nil {
		t.Error("an SSH signature counts in another namespace")
	}
}

// A literal key is looked for in the agent, as git does. Without one that fails,
// and the public key is known all the same.
func TestLiteralKey(t *testing.T) {
	alice := gittest.SSH(t, "ed25519", "alice")
	for _, literal := range []string{"key::" + alice.Public, "key::" + alice.Public + " alice@example.org", alice.Public} {
		r, git := desk(t, nil)
		t.Setenv("SSH_AUTH_SOCK", filepath.Join(t.TempDir(), "none"))
		r.Git("config", "gpg.format", "ssh")
		r.Git("config", "user.signingKey", literal)
		s := find(t, git)
		if string(s.Key) != alice.Fingerprint || s.Public != alice.Public {
			t.Errorf("%q is %s", literal, s.Key)
		}
		if _, err := s.Sign(t.Context(), []byte("text"), "git"); err == nil || outcome.From(err).Class != outcome.Usage {
			t.Errorf("signed without an agent: %v", err)
		}
	}
}

// The file may be the private key, with or without the public one beside it, or
// the public one; its name may be relative to the root of the work tree, or begin
// with "~".
func TestSSHFiles(t *testing.T) {
	alice := gittest.SSH(t, "ed25519", "alice")
	private := strings.TrimPrefix(alice.Config()[1], "user.signingKey=")
	secret, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file, signingKey string }{
		{"private", private, private},
		{"public", private, private + ".pub"},
		{"private alone", "alone", "alone"},
		{"home", "", "~/alone"},
		{"below", "", "../keys/alone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, git := desk(t, nil)
			r.Git("config", "gpg.format", "ssh")
			r.Git("config", "user.signingKey", c.signingKey)
			for _, path := range []string{filepath.Join(r.Dir, "alone"), filepath.Join(os.Getenv("HOME"), "alone"), filepath.Join(r.Dir, "../keys/alone")} {
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, secret, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			git.Dir = filepath.Join(r.Dir, "sub")
			if err := os.Mkdir(git.Dir, 0o777); err != nil {
				t.Fatal(err)
			}
			s := find(t, git)
			if string(s.Key) != alice.Fingerprint || s.Public != alice.Public {
				t.Fatalf("found %s", s.Key)
			}
			if _, err := s.Sign(t.Context(), []byte("text"), "git"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Without user.signingKey gpg looks for the committer.
func TestCommitter(t *testing.T) {
	alice := gittest.PGP(t, "ed25519", "alice")
	r, git := desk(t, alice)
	r.Git("config", "--unset", "user.signingKey")
	r.Git("config", "user.name", "alice ed25519")
	r.Git("config", "user.email", "alice@example.org")
	if s := find(t, git); string(s.Key) != alice.Primary {
		t.Errorf("found %s instead of %s", s.Key, alice.Primary)
	}
}

// What cannot sign ends in a usage error that says what to do.
func TestRefused(t *testing.T) {
	alice, bob := gittest.PGP(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	gittest.PGP(t, "ed25519", "bob")
	for _, c := range []struct {
		name       string
		config     []string
		says, hint string
	}{
		{"nothing configured", nil, "not told who you are", "git config user.signingKey"},
		{"nobody", []string{"user.name=No Body", "user.email=no@example.com"}, "no secret key for \"No Body <no@example.com>\"", "git config gpg.format ssh"},
		{"no such key", []string{"user.signingKey=" + strings.Repeat("A", 40)}, "gpg has no secret key", "git config user.signingKey"},
		{"several keys", []string{"user.signingKey=example.org"}, "secret keys for \"example.org\"", "say which one"},
		{"x509", []string{"gpg.format=x509"}, `gpg.format "x509"`, "git config gpg.format ssh"},
		{"SSH key for gpg", []string{"user.signingKey=" + bob.Public}, "an SSH key", "git config gpg.format ssh"},
		{"no SSH key", []string{"gpg.format=ssh"}, "not configured to sign", "user.signingKey"},
		{"command", []string{"gpg.format=ssh", "gpg.ssh.defaultKeyCommand=touch ran"}, "not run here", `key::$(touch ran)`},
		{"missing file", []string{"gpg.format=ssh", "user.signingKey=/nowhere/key"}, "/nowhere/key", "user.signingKey"},
		{"no key in the file", []string{"gpg.format=ssh", "user.signingKey=" + os.Args[0]}, "user.signingKey", "user.signingKey"},
		{"DSA", []string{"gpg.format=ssh", "user.signingKey=key::ssh-dss AAAAB3NzaC1kc3MAAA=="}, "cannot be used", "another key"},
		{"no gpg", []string{"gpg.program=no-such-gpg", "user.signingKey=" + alice.Fingerprint}, "no-such-gpg is not installed", "gpg.program"},
		{"no gpg for OpenPGP", []string{"gpg.openpgp.program=no-such-gpg", "user.signingKey=" + alice.Fingerprint}, "no-such-gpg is not installed", "gpg.program"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, git := desk(t, nil)
			for _, variable := range alice.Environ() {
				name, value, _ := strings.Cut(variable, "=")
				t.Setenv(name, value)
			}
			for _, setting := range c.config {
				name, value, _ := strings.Cut(setting, "=")
				r.Git("config", name, value)
			}
			_, err := signing.Find(t.Context(), git)
			wantUsage(t, err, c.says, c.hint)
			if _, err := os.Stat(filepath.Join(r.Dir, "ran")); err == nil {
				t.Error("the command was run")
			}
		})
	}
}

func wantUsage(t *testing.T, err error, says, hint string) {
	t.Helper()
	var usage *outcome.Error
	if !errors.As(err, &usage) || usage.Class != outcome.Usage {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), says) || !strings.Contains(usage.Hint, hint) {
		t.Errorf("error %q, hint %q", err, usage.Hint)
	}
}

// program writes a script that stands in for gpg when it signs.
func program(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gpg")
	script := "#!/bin/sh\ncase \"$*\" in *--detach-sign*) ;; *) exec gpg \"$@\" ;; esac\n" + text + "\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// No signature leaves that would not count.
func TestUselessSignatures(t *testing.T) {
	alice := gittest.PGP(t, "ed25519", "alice")
	bob := gittest.PGP(t, "ed25519", "bob")
	for _, c := range []struct{ name, script, says string }{
		{"text mode", `exec gpg --textmode "$@"`, "does not count"},
		{"SHA-1", `exec gpg --digest-algo sha1 --allow-weak-digest-algos "$@"`, "too weak"},
		{"another key", `exec gpg --batch --detach-sign --armor --local-user ` + bob.Fingerprint, "does not count"},
		{"another message", `echo other | gpg --batch --detach-sign --armor --local-user ` + alice.Fingerprint, "does not count"},
		{"binary", `exec gpg --detach-sign --local-user ` + alice.Fingerprint, "does not count"},
		{"nothing", `exit 0`, "does not count"},
		{"failure", `echo 'gpg: signing failed: Timeout' >&2; exit 2`, "signing failed: Timeout"},
		{"endless", `exec yes`, "wrote more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, git := desk(t, alice)
			r.Git("config", "gpg.program", program(t, c.script))
			_, err := find(t, git).Sign(t.Context(), []byte("text"), "git")
			wantUsage(t, err, c.says, "")
		})
	}
}

// A program that stands in for ssh-keygen may sign with a key of its own.
func TestAnotherSSHKey(t *testing.T) {
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	r, git := desk(t, alice)
	r.Git("config", "gpg.ssh.program", filepath.Join(r.Dir, "sign"))
	file := strings.TrimPrefix(bob.Config()[1], "user.signingKey=")
	r.Write("sign", "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\nexec ssh-keygen -Y sign -n git -f '"+file+"' \"$1\"\n")
	if err := os.Chmod(filepath.Join(r.Dir, "sign"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := find(t, git).Sign(t.Context(), []byte("text"), "git")
	wantUsage(t, err, "has signed with the key "+bob.Fingerprint+" instead of "+alice.Fingerprint, "user.signingKey")
}

// The public half beside a private key may be that of another.
func TestWrongPublicHalf(t *testing.T) {
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	secret, err := os.ReadFile(strings.TrimPrefix(alice.Config()[1], "user.signingKey="))
	if err != nil {
		t.Fatal(err)
	}
	r, git := desk(t, nil)
	r.Git("config", "gpg.format", "ssh")
	r.Git("config", "user.signingKey", "key")
	r.Write("key.pub", bob.Public+"\n")
	if err := os.WriteFile(filepath.Join(r.Dir, "key"), secret, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = find(t, git).Sign(t.Context(), []byte("text"), "git")
	wantUsage(t, err, "", "")
}

func TestEntry(t *testing.T) {
	alice := gittest.PGP(t, gittest.Subkey, "alice")
	_, git := desk(t, alice)
	s := find(t, git)
	file := func(key string) *authz.Authorizations {
		a, err := authz.ParseAuthorizations(authz.NixFormat, []byte("version: 1\nkeys:\n  - name: a\n    openpgp: "+key+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for key, want := range map[string]bool{alice.Primary: true, alice.Fingerprint: true, strings.Repeat("A", 40): false} {
		if entry, ok := s.Entry(file(key)); ok != want || ok && entry.Name != "a" {
			t.Errorf("listed as %s: %t, %+v", key, ok, entry)
		}
	}
}

func TestExport(t *testing.T) {
	alice := gittest.PGP(t, gittest.Subkey, "alice")
	_, git := desk(t, alice)
	for _, key := range []string{alice.Primary, alice.Fingerprint} {
		public, err := signing.Export(t.Context(), git, signer.Fingerprint(key))
		if err != nil {
			t.Fatal(err)
		}
		ring := keyring.New([]keyring.File{{Name: "key", Content: []byte(public)}})
		if found, ok := ring.Lookup(signer.Fingerprint(alice.Fingerprint)); !ok || len(found.Primaries) != 1 {
			t.Errorf("%s: %+v", key, found)
		}
	}
	if public, err := signing.Export(t.Context(), git, signer.Fingerprint(strings.Repeat("A", 40))); public != "" || err != nil {
		t.Errorf("%q, %v", public, err)
	}
}

func TestCancelled(t *testing.T) {
	alice := gittest.PGP(t, "ed25519", "alice")
	r, git := desk(t, alice)
	r.Git("config", "gpg.program", program(t, "touch "+filepath.Join(r.Dir, "started")+"; exec sleep 600"))
	s := find(t, git)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			if _, err := os.Stat(filepath.Join(r.Dir, "started")); err == nil || ctx.Err() != nil {
				cancel()
				return
			}
		}
	}()
	if _, err := s.Sign(ctx, []byte("text"), "git"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
