package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// Whoever controls the keyring can withhold a key and nothing else.
func TestHostileKeyring(t *testing.T) {
	t.Parallel()
	good := alice(t).Public
	for _, test := range []struct {
		name    string
		files   map[string]string
		skipped string // the file that is passed over, if any
	}{
		{"text that is no key", map[string]string{"a.key": "hello\n"}, "a.key"},
		{"binary that is no key", map[string]string{"a.gpg": "\x99\xff\xff" + strings.Repeat("\x00", 100)}, "a.gpg"},
		{"empty file", map[string]string{"a.key": ""}, ""},
		{"packet of 4 GiB", map[string]string{"a.gpg": "\xc6\xff\xff\xff\xff\xffx"}, "a.gpg"},
		{"file of more than 4 MiB", map[string]string{"a.key": good + strings.Repeat("x", 4<<20)}, "a.key"},
		{"armor cut short", map[string]string{"a.asc": good[:200]}, "a.asc"},
		{"key cut short", map[string]string{"a.gpg": "\xc6\x05\x04\x00\x00\x00\x00"}, "a.gpg"},
		{"message instead of a key", map[string]string{"a.key": strings.ReplaceAll(good, "PUBLIC KEY BLOCK", "MESSAGE")}, "a.key"},
		{"secret in the name", map[string]string{"../../a.key": ""}, ""},
		{"the same key twice", map[string]string{"a.key": good}, ""},
		{"key of another name", map[string]string{"bob.key": mallory(t).Public}, ""},
		{"other endings", map[string]string{"a.txt": "junk", "a.key.sh": "junk", ".a.key": "junk"}, ""},
		{"2,000 files", manyFiles(2_000), ""},
		{"10,000 keys in a file", map[string]string{"many.pub": manyKeys(10_000)}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, nixName, alice(t))
			h.CommitAs(alice(t), "a", "1")
			dir := filepath.Join(t.TempDir(), "keys")
			at := gittest.At(t, dir)
			at.Write("alice.key", good)
			for name, content := range test.files {
				at.Write(name, content)
			}
			delete(test.files, "../../a.key") // no tree of git can have it
			test.files["alice.key"] = good
			h.Git("update-ref", "refs/heads/keyring", h.CommitFiles(test.files))
			for _, keyring := range []string{"keyring", dir} {
				a := h.verify("--keyring", keyring)
				want(t, a, "authentic", "")
				list := h.user().json("keyring", "list", "--keyring", keyring)
				if got := skippedFiles(list); test.skipped != "" && got != test.skipped || test.skipped == "" && got != "" {
					t.Errorf("skipped %q instead of %q: %+v", got, test.skipped, list.Skipped)
				}
				if a.warned("skipped-key") != (test.skipped != "") {
					t.Errorf("the warnings are %+v", a.Warnings)
				}
			}
			bad := h.CommitAs(mallory(t), "evil", "1")
			if a := h.verify(); a.Exit != 1 || a.refused(bad) == nil {
				t.Errorf("a commit by nobody passes: %+v", a)
			}
		})
	}
}

func skippedFiles(a answer) string {
	var names []string
	for _, s := range a.Skipped {
		if n := len(names); n == 0 || names[n-1] != s.File {
			names = append(names, s.File)
		}
	}
	return strings.Join(names, " ")
}

func manyFiles(n int) map[string]string {
	files := make(map[string]string)
	for i := range n {
		files[fmt.Sprintf("%05d.pub", i)] = sshLine(i)
	}
	return files
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(sshLine(i))
	}
	return b.String()
}

// sshLine is a line with the public key number i: any 32 octets will do.
func sshLine(i int) string {
	point := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	blob := "\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + string(point[:])
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString([]byte(blob)) + " key " + fmt.Sprint(i) + "\n"
}

// Files of a directory that are none: nothing is waited for, nothing is followed.
func TestKeyringDirectoryOfNoFiles(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	dir := t.TempDir()
	gittest.At(t, dir).Write("alice.key", alice(t).Public)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"endless.key": "/dev/zero", "secret.key": "/etc/passwd", "loop.key": "loop.key"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "directory.key"), 0o700); err != nil {
		t.Fatal(err)
	}
	want(t, h.verify("--keyring", dir), "authentic", "")
	if got := skippedFiles(h.user().json("keyring", "list", "--keyring", dir)); got != "directory.key endless.key loop.key pipe.key secret.key" {
		t.Errorf("skipped %q", got)
	}
}

// A key that is in the keyring under the name of another stays the key that it is.
func TestKeyUnderAnotherName(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nixName, alice(t))
	h.Git("update-ref", "refs/heads/keyring", h.CommitFiles(map[string]string{
		"alice.key":                   alice(t).Public + mallory(t).Public,
		alice(t).Fingerprint + ".key": mallory(t).Public,
	}))
	bad := h.CommitAs(mallory(t), "evil", "1")
	a := h.verify()
	want(t, a, "unauthorized", bad)
	if s := a.Refusals[0].Signer; s == nil || s.Fingerprint != mallory(t).Fingerprint || s.Name != "" {
		t.Errorf("the signer is %+v", s)
	}
}

// Keys whose owners no longer want them used: the verdict stays, people are told.
func TestExpiredAndRevokedKeys(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{gittest.Expired, gittest.Revoked} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			key := gittest.PGP(t, kind, "carol")
			h := newHistory(t, nixName, key)
			h.CommitAs(key, "a", "1")
			a := h.verify()
			want(t, a, "authentic", "")
			if !a.warned(kind + "-key") {
				t.Errorf("nothing is said of the key: %+v", a.Warnings)
			}
			if list := h.user().json("keyring", "list"); len(list.Keys) != 1 || list.Keys[0].Revoked != (kind == gittest.Revoked) {
				t.Errorf("the list is %+v", list.Keys)
			}
			if text := h.user().run("keyring", "list").stdout; !strings.Contains(text, kind) {
				t.Errorf("the list does not say that the key is %s:\n%s", kind, text)
			}

			// Only those that are authorized now are of interest.
			h.Keyring(key, alice(t))
			h.authorize(key, alice(t))
			if a := h.verify(); a.reason() != "authentic" || a.warned(kind+"-key") {
				t.Errorf("%s, and the warnings are %+v", a.reason(), a.Warnings)
			}
		})
	}
}

// A subkey signs: in .nix-authorizations its primary key stands for it, in
// .guix-authorizations nothing but its own fingerprint does.
func TestSigningSubkey(t *testing.T) {
	t.Parallel()
	sub := gittest.PGP(t, gittest.Subkey, "carol")
	primary := *sub
	primary.Fingerprint = sub.Primary
	for _, test := range []struct {
		file    string
		listed  *gittest.Key
		verdict string
	}{
		{nixName, sub, "authentic"}, {nixName, &primary, "authentic"},
		{guixName, sub, "authentic"}, {guixName, &primary, "unauthorized"},
	} {
		h := newHistory(t, test.file, alice(t), sub)
		h.authorize(alice(t), test.listed)
		commit := h.CommitAs(sub, "a", "1")
		a := h.verify()
		want(t, a, test.verdict, map[bool]string{true: commit}[test.verdict != "authentic"])
		if test.verdict == "authentic" && a.Signers[0].Fingerprint != sub.Fingerprint && a.Signers[1].Fingerprint != sub.Fingerprint {
			t.Errorf("the signers are %+v", a.Signers)
		}
	}

	// The introduction's signer is exactly the key that signed it.
	h := newHistory(t, nixName, sub)
	want(t, h.verify(), "authentic", "")
	want(t, h.verify("--signer", sub.Primary), "wrong-introduction", h.introduction)
}
