package report

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"Fix a typo", "Fix a typo"},
		{"Grüße, 世界 🙂", "Grüße, 世界 🙂"},
		{"a\nb\tc", `a\u{a}b\u{9}c`},
		{"\x1b[31m", `\u{1b}[31m`},
		{"\u202eevil", `\u{202e}evil`},
		{"a\u200bb", `a\u{200b}b`},
		{"caf\xe9", `caf\xe9`},
		{"cafe\u0301", "cafe\u0301"},
		{"\u0301x", `\u{301}x`},
		{`C:\new`, `C:\\new`},
		{"\u00a0", `\u{a0}`},
		{strings.Repeat("x", maxShown+1), strings.Repeat("x", maxShown) + "…"},
		{strings.Repeat("ü", maxShown), strings.Repeat("ü", maxShown)},
	} {
		if got := Printable(test.text); got != test.want {
			t.Errorf("%q is shown as %q instead of %q", test.text, got, test.want)
		}
	}
}

// Two texts that are short enough are never shown alike.
func FuzzPrintable(f *testing.F) {
	f.Add("a", "b")
	f.Add("\u202e", `\u{202e}`)
	f.Add("\xff", "\ufffd")
	f.Fuzz(func(t *testing.T, a, b string) {
		shown := Printable(a)
		if !utf8.ValidString(shown) || utf8.RuneCountInString(shown) > 12*maxShown {
			t.Errorf("%q is shown as %q", a, shown)
		}
		for _, r := range shown {
			if !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q is shown as %q", a, shown)
			}
		}
		if a != b && utf8.RuneCountInString(a) <= maxShown && utf8.RuneCountInString(b) <= maxShown && shown == Printable(b) {
			t.Errorf("%q and %q are both shown as %q", a, b, shown)
		}
	})
}
