package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// hostileTexts would do something to a terminal or to whoever reads it.
var hostileTexts = []struct{ name, text string }{
	{"escape sequence", "\x1b[2J\x1b]0;evil\x07 red \x1b[31m"},
	{"C1 control characters", "\u009b31m \u0085 \u0090"},
	{"carriage return", "refused\rauthentic"},
	{"backspace and tab", "evil\b\b\b\bgood\t."},
	{"bidirectional override", "\u202eevil\u202c \u2066x\u2069 \u200f"},
	{"invisible characters", "a\u200bb\u2060c\ufeffd\u00ad"},
	{"lines that are none", "one\u2028two\u2029three\vfour\ffive"},
	{"not UTF-8", "\xff\xfe caf\xe9 \xed\xa0\x80"},
	{"combining characters", "\u0301\u0301" + strings.Repeat("\u0300", 50)},
	{"tags and selectors", "\U000e0041 \ufe0f \U000f0000"},
	{"endless", strings.Repeat("long ", 10_000)},
	{"looks like a field", "x\nrefused commit 0000\n  hint          do it"},
}

// checkPrintable checks that a text does nothing but show characters in lines.
func checkPrintable(t *testing.T, what, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s is not UTF-8: %q", what, text)
	}
	for _, r := range text {
		if r != '\n' && (!unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%s has %U: %q", what, r, text)
			return
		}
	}
	for line := range strings.Lines(text) {
		if len(line) > 2000 {
			t.Errorf("%s has a line of %d bytes", what, len(line))
		}
	}
}

// Whatever commits, keys, files and names contain, it is shown and does nothing.
func TestHostileText(t *testing.T) {
	t.Parallel()
	for _, test := range hostileTexts {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := strings.ReplaceAll(test.text, "\x00", "")
			h := hostileHistory(t, text)
			for _, args := range [][]string{
				append([]string{"verify", "--stats"}, h.flags()...),
				append([]string{"verify", "HEAD^", "--verbose"}, h.flags()...),
				append([]string{"explain", "HEAD"}, h.flags()...),
				append([]string{"explain", "HEAD^"}, h.flags()...),
				{"keyring", "list"},
				{"trust", h.introduction, alice(t).Fingerprint},
				{"verify", text},
				{"verify", "--introduction", text, "--signer", text},
				{"verify", "--introduction", h.introduction, "--signer", text},
				{"verify", "--keyring", text},
				{"verify", "--authorizations", text},
				{"verify", "--color", text},
				{"verify", "--format", text},
				{"verify", text, text},
				{text},
				{"--" + text},
			} {
				r := h.user().run(args...)
				name := fmt.Sprintf("%q", args)
				checkPrintable(t, "standard output of "+name, r.stdout)
				checkPrintable(t, "standard error of "+name, r.stderr)
				if r.stdout+r.stderr == "" {
					t.Errorf("%s says nothing", name)
				}
				if len(args) > 1 && args[0] != "--format" && args[1] != "--format" {
					h.user().json(args...) // checks that it is ASCII
				}
			}
		})
	}
}

// hostileHistory has a text wherever a hostile repository can have one.
func hostileHistory(t *testing.T, text string) *history {
	h := &history{Repo: gittest.New(t), t: t, file: guixName, signer: alice(t)}
	name := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.ToValidUTF8(text, "?"))
	h.Write(h.file, fmt.Sprintf("(authorizations (version 0) ((%q (name \"%s\")) (%q (name \"%s\"))))\n",
		alice(t).Fingerprint, name, strings.Repeat("AB", 20), name))
	h.Git("add", ".")
	tree := h.Git("write-tree")
	introduction := h.RawCommit(tree, text)
	h.introduction = h.sign(alice(t), introduction)
	good := h.sign(alice(t), h.RawCommit(tree, text, h.introduction))
	bad := h.RawCommit(tree, text, good)
	bad = []byte(strings.ReplaceAll(string(bad), "Ada", strings.ReplaceAll(text, "\n", " ")))
	h.Git("update-ref", "refs/heads/main", h.sign(mallory(t), bad))

	comment := strings.ReplaceAll(text, "\n", " ")
	files := map[string]string{"alice.key": alice(t).Public, "mallory.pub": gittest.SSH(t, "ed25519", "mallory").Public + " " + comment}
	if short := strings.ReplaceAll(comment, "/", " "); len(short) < 200 {
		files[short+".key"] = "junk " + comment
	}
	h.Git("update-ref", "refs/heads/keyring", h.CommitFiles(files))
	h.hostileRefs(text)
	return h
}

// hostileRefs makes a branch that is named by the text, as far as files can be.
func (h *history) hostileRefs(text string) {
	h.t.Helper()
	name := strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune(`/\~^:?*[`, r) {
			return -1
		}
		return r
	}, text)
	if len(name) > 100 || !strings.ContainsFunc(name, unicode.IsLetter) {
		return
	}
	path := filepath.Join(h.Dir, ".git", "refs", "remotes", "origin", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.t.Fatal(err)
	}
	write(h.t, path, h.introduction+"\n")
}

// What an unverified signature says of its maker is never shown as if it were so.
func TestClaimedSignerIsNotShownAsVerified(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nixName, alice(t))
	signed := string(h.Object(h.CommitAs(alice(t), "a", "1")))
	for _, test := range []struct {
		name, reason string
		commit       string
	}{
		{"changed content", "bad-signature", strings.Replace(signed, "Change a", "Change b", 1)},
		{"key that is not there", "unknown-key", string(h.Object(h.CommitAs(mallory(t), "a", "2")))},
	} {
		id := h.Hash("commit", []byte(test.commit))
		a := h.verify(id)
		want(t, a, test.reason, "")
		r := a.refused(id)
		if r == nil || r.Signer != nil || r.ClaimedSigner == "" {
			t.Fatalf("%s: the refusal is %+v", test.name, r)
		}
		text := h.user().run(append([]string{"verify", id}, h.flags()...)...).stdout
		if !strings.Contains(text, "signer        not verified; it claims to be "+r.ClaimedSigner) || strings.Contains(text, "alice (") {
			t.Errorf("%s:\n%s", test.name, text)
		}
		explained := h.user().run(append([]string{"explain", id}, h.flags()...)...).stdout
		if strings.Contains(explained, "made by") || strings.Contains(explained, "lists the signer") {
			t.Errorf("%s:\n%s", test.name, explained)
		}
	}
}
