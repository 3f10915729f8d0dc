package report

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
)

func TestGitSays(t *testing.T) {
	for _, c := range []struct{ name, said, shown string }{
		{"nothing", "", ""},
		{"lines", "fatal: no\nsecond\n", "git: fatal: no\ngit: second\n"},
		{"empty lines", "\n\nx\n\n", "\n\ngit: x\n\n"},
		{"progress", "Receiving: 1%\rReceiving: 2%\r\n", "git: Receiving: 1%\rgit: Receiving: 2%\r\n"},
		{"no end", "x", "git: x"},
		{"escapes", "a\x1b[2K\x1b]0;t\ab\u009b\n", "git: a?[2K?]0;t?b?\n"},
		{"backspace", "remote: \b\b\b\bauthentic:\v\f\n", "git: remote: ????authentic:??\n"},
		{"bidirectional", "a\u202eb\u200b\n", "git: a?b?\n"},
		{"letters", "\tgrün 🙂\n", "git: \tgrün 🙂\n"},
		{"no text", "\xff\xc3(\n", "git: \ufffd\ufffd(\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var whole, bytewise bytes.Buffer
			if n, err := (&GitSays{Out: &whole}).Write([]byte(c.said)); n != len(c.said) || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
			g := &GitSays{Out: &bytewise}
			for i := range len(c.said) {
				_, _ = g.Write([]byte{c.said[i]})
			}
			if whole.String() != c.shown || bytewise.String() != c.shown {
				t.Errorf("%q is shown as %q, and in pieces as %q", c.said, &whole, &bytewise)
			}
		})
	}
}

// FuzzGitSays: whatever git says, no line is one of this program's, and nothing moves
// the cursor.
func FuzzGitSays(f *testing.F) {
	f.Add([]byte("a\nb"), []byte("\r\x1b[2Jc"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var out bytes.Buffer
		g := &GitSays{Out: &out}
		_, _ = g.Write(a)
		_, _ = g.Write(b)
		for line := range strings.FieldsFuncSeq(out.String(), func(r rune) bool { return r == '\n' || r == '\r' }) {
			if !strings.HasPrefix(line, saysGit) || strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) }) {
				t.Fatalf("the line %q", line)
			}
		}
	})
}
