package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// Where the rule is meant to differ from what Guix does, each under the words of
// the project's conformance table.
func TestOnPurposeDifferent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"tip is an ancestor of the introduction", differsAncestor},
		{"tip is the introduction with a wrong signer", differsWrongSigner},
		{"introduction is verified again on every run", differsVerifiedAgain},
		{"cache is keyed by everything the verdict depends on", differsCacheKey},
		{"cache that others can read or write is dropped and rewritten", differsCacheMode},
		{"cache of another owner is dropped and rewritten", differsCacheOwner},
		{"cache that is odd is dropped and rewritten", differsCacheContent},
		{"payload is bytes", differsBytes},
		{"one unreadable key does not spoil the keyring", differsUnreadableKey},
		{"a needed key that is missing is named", differsMissingKey},
		{"armor without checksum", differsNoChecksum},
		{"ECDSA", differsECDSA},
		{"SSH signature", differsSSH},
		{"malformed file", differsMalformedFile},
		{"removed file at the tip", differsRemovedFile},
		{"all offenders up to a limit, oldest first", differsAllOffenders},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t)
		})
	}
}

func differsAncestor(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	older := h.introduction
	h.introduction = h.CommitAs(alice(t), "a", "1")
	a := h.verify(older)
	want(t, a, "not-descendant", older)
	if !strings.Contains(a.Refusals[0].Detail, "older than the introduction") {
		t.Errorf("the detail is %q", a.Refusals[0].Detail)
	}
}

func differsWrongSigner(t *testing.T) {
	h := newHistory(t, guixName, alice(t), bob(t))
	h.signer = bob(t)
	want(t, h.verify(h.introduction), "wrong-introduction", h.introduction)
}

func differsVerifiedAgain(t *testing.T) {
	h := newHistory(t, guixName, alice(t), bob(t))
	h.CommitAs(alice(t), "a", "1")
	u := h.user()
	want(t, h.verifyBy(u), "authentic", "")
	want(t, h.verifyBy(u, "--signer", bob(t).Fingerprint), "wrong-introduction", h.introduction)

	// Without the key the introduction cannot be verified, whatever is cached.
	h.Keyring(bob(t))
	want(t, h.verifyBy(u), "unknown-key", h.introduction)
}

// A tip that is cached for one policy is judged anew for every other.
func differsCacheKey(t *testing.T) {
	h := newHistory(t, guixName, alice(t), bob(t))
	outside := h.introduction
	h.Git("switch", "--quiet", "--create", "beside")
	beside := h.CommitAs(alice(t), "a", "beside")
	h.Git("switch", "--quiet", "main")
	h.Git("rm", "--quiet", guixName)
	h.introduction = h.CommitIndexAs(alice(t), "Remove the file")
	child := h.CommitAs(alice(t), "a", "main")
	h.Write("../historical", listing(guixName, alice(t)))
	h.Write("../others", listing(guixName, bob(t)))

	u := h.user()
	historical := []string{"--historical-authorizations", "../historical"}
	want(t, h.verifyBy(u, historical...), "authentic", "")
	want(t, h.verifyBy(u), "unauthorized", child)
	want(t, h.verifyBy(u, "--historical-authorizations", "../others"), "unauthorized", child)
	want(t, h.verifyBy(u, append(historical, "--introduction", beside)...), "not-descendant", child)
	want(t, h.verifyBy(u, append(historical, "--introduction", outside)...), "authorizations-removed", h.introduction)
	h.Write("../nix", listing(nixName, bob(t)))
	want(t, h.verifyBy(u, "--historical-authorizations", "../nix", "--authorizations", nixName), "unauthorized", child)
	if a := h.verifyBy(u, historical...); a.reason() != "authentic" || a.judged() != 0 {
		t.Errorf("its own result is not used again: %+v", a)
	}
}

// spoiledCache has a history whose tip is not authentic, and a user whose cache,
// as far as it is believed, has that tip. The result is the cache's file.
func spoiledCache(t *testing.T) (h *history, u user, file string) {
	h = newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	u = h.user()
	want(t, h.verifyBy(u), "authentic", "")
	file = cacheFile(t, u)
	good := h.Git("rev-parse", "HEAD")
	bad := h.Commit("b", "unsigned")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(string(content), good, bad, 1))
	if a := h.verifyBy(u); a.reason() != "authentic" {
		t.Fatalf("the spoiled cache is not used, so that the test shows nothing: %+v", a)
	}
	return h, u, file
}

// cacheFile is the one file of a user's cache.
func cacheFile(t testing.TB, u user) string {
	t.Helper()
	files, err := os.ReadDir(u.cacheDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.Contains(file.Name(), ".") {
			return filepath.Join(u.cacheDir(), file.Name())
		}
	}
	t.Fatalf("nothing is cached: %v", files)
	return ""
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// dropped checks that a cache is not believed, and that what replaces it is from
// this run alone.
func dropped(t *testing.T, h *history, u user, file string) {
	t.Helper()
	bad := h.Git("rev-parse", "HEAD")
	want(t, h.verifyBy(u), "unsigned", bad)
	a := h.verifyBy(u, "HEAD^")
	want(t, a, "authentic", "")
	if a.judged() != 1 {
		t.Errorf("%d commits were judged instead of 1", a.judged())
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(content), bad) || !strings.Contains(string(content), h.Git("rev-parse", "HEAD^")) {
		t.Errorf("the cache was not written anew: %q", content)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("the cache has the mode %v, %v", info.Mode(), err)
	}
}

func differsCacheMode(t *testing.T) {
	for _, mode := range []os.FileMode{0o620, 0o602, 0o640, 0o604, 0o700 | 0o070} {
		h, u, file := spoiledCache(t)
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		dropped(t, h, u, file)
	}
}

func differsCacheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can give a file away")
	}
	h, u, file := spoiledCache(t)
	if err := os.Chown(file, 65534, -1); err != nil {
		t.Fatal(err)
	}
	dropped(t, h, u, file)
}

func differsCacheContent(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(content string) string
	}{
		{"a byte behind the end", func(s string) string { return s + "\n" }},
		{"cut short", func(s string) string { return strings.TrimSuffix(s, "end\n") }},
		{"another key", func(s string) string {
			first, rest, _ := strings.Cut(s, "\n")
			return first + "\n" + strings.Repeat("0", 64) + rest[64:]
		}},
		{"garbage", func(string) string { return "\x00\xff" }},
		{"carriage returns", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }},
		{"endless", func(s string) string {
			first, _, _ := strings.Cut(s, "end\n")
			return first + strings.Repeat(strings.Repeat("0", 39)+"1\n", 5000) + "end\n"
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, u, file := spoiledCache(t)
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			write(t, file, test.spoil(string(content)))
			dropped(t, h, u, file)
		})
	}
}

func differsBytes(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	h.Write("message", "Caf\xe9 cr\xe8me\n")
	h.GitAs(alice(t), "-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--quiet", "--allow-empty", "--file", "message")
	if commit := string(h.Object("HEAD")); !strings.Contains(commit, "\nencoding ISO-8859-1\n") || !strings.Contains(commit, "Caf\xe9") {
		t.Fatalf("git made %q", commit)
	}
	want(t, h.verify(), "authentic", "")
	nul := h.sign(alice(t), append(h.RawCommit(h.tree("HEAD"), "Text", h.Git("rev-parse", "HEAD")), 0))
	want(t, h.verify(nul), "malformed-commit", nul)
}

func differsUnreadableKey(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	h.Git("update-ref", "refs/heads/keyring", h.CommitFiles(map[string]string{
		"alice.key":   alice(t).Public,
		"garbage.key": "\x99\x01\x0d\x04 no key at all",
		"torn.asc":    bob(t).Public[:len(bob(t).Public)/2],
		"README":      "not looked at",
	}))
	u := h.user()
	a := h.verifyBy(u)
	want(t, a, "authentic", "")
	if !a.warned("skipped-key") {
		t.Errorf("nothing was said of the bad files: %+v", a.Warnings)
	}
	list := u.json("keyring", "list")
	var skipped []string
	for _, s := range list.Skipped {
		skipped = append(skipped, s.File)
	}
	if fmt.Sprint(skipped) != "[garbage.key torn.asc]" || len(list.Keys) != 1 {
		t.Errorf("skipped %q, found %+v", list.Skipped, list.Keys)
	}
}

func differsMissingKey(t *testing.T) {
	h := newHistory(t, guixName, alice(t), bob(t))
	h.authorize(alice(t), alice(t), bob(t))
	h.CommitAs(bob(t), "a", "1")
	h.Keyring(alice(t))
	a := h.verify()
	want(t, a, "unknown-key", h.Git("rev-parse", "HEAD"))
	if a.Refusals[0].ClaimedSigner != bob(t).Fingerprint {
		t.Errorf("the key is not named: %+v", a.Refusals[0])
	}
}

func differsNoChecksum(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	commit := h.RawCommit(h.tree("HEAD"), "No checksum", h.introduction)
	armor := string(alice(t).Sign(t, commit))
	start := strings.LastIndex(armor, "\n=")
	if start < 0 {
		t.Fatalf("gpg made an armor without a checksum: %s", armor)
	}
	armor = armor[:start] + armor[start+len("\n=abcd"):]
	id := h.Hash("commit", gittest.AddSignature(commit, []byte(armor)))
	want(t, h.verify(id), "authentic", "")
}

func differsECDSA(t *testing.T) {
	for _, kind := range []string{"nistp256", "nistp384", "nistp521"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			key := gittest.PGP(t, kind, "carol")
			h := newHistory(t, guixName, key)
			h.CommitAs(key, "a", "1")
			want(t, h.verify(), "authentic", "")
		})
	}
}

// A .guix-authorizations can list no SSH key: the signature is verified, and its
// maker is nobody.
func differsSSH(t *testing.T) {
	key := gittest.SSH(t, "ed25519", "alice")
	h := newHistory(t, guixName, alice(t))
	commit := h.CommitAs(key, "a", "1")
	a := h.verify()
	want(t, a, "unauthorized", commit)
	if s := a.Refusals[0].Signer; s == nil || s.Fingerprint != key.Fingerprint {
		t.Errorf("the refusal does not name the key: %+v", a.Refusals[0])
	}
}

func differsMalformedFile(t *testing.T) {
	for _, text := range []string{"", "(", "(authorizations (version 1) ())", "\xff", "(authorizations (version 0) ((\"zz\")))"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, guixName, alice(t))
			bad := h.CommitAs(alice(t), guixName, text)
			want(t, h.verify(), "malformed-authorizations", bad)
			child := h.CommitAs(alice(t), "a", "1")
			a := h.verify()
			want(t, a, "malformed-authorizations", bad)
			if a.refused(child) == nil {
				t.Errorf("the child is not refused: %+v", a.Refusals)
			}
		})
	}
}

func differsRemovedFile(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	h.Git("rm", "--quiet", guixName)
	want(t, h.verify(), "authentic", "")
	removal := h.CommitIndexAs(alice(t), "Remove the file")
	want(t, h.verify(), "authorizations-removed", removal)
}

func differsAllOffenders(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	var unsigned []string
	for i := range 5 {
		unsigned = append(unsigned, h.Commit("a", fmt.Sprint(i)))
		h.CommitAs(alice(t), "b", fmt.Sprint(i))
	}
	for _, test := range []struct {
		limit     int
		refused   int
		truncated bool
	}{{0, 5, false}, {1, 1, true}, {3, 3, true}, {5, 5, true}, {6, 5, false}} {
		a := h.verify("--max-refusals", fmt.Sprint(test.limit))
		want(t, a, "unsigned", unsigned[0])
		if len(a.Refusals) != test.refused || a.Truncated != test.truncated {
			t.Errorf("with a limit of %d: %d refusals, truncated: %v", test.limit, len(a.Refusals), a.Truncated)
		}
		for i, r := range a.Refusals {
			if r.Commit != unsigned[i] {
				t.Errorf("refusal %d is of %s instead of %s", i, r.Commit, unsigned[i])
			}
		}
	}
}
