package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxShown is how many characters of a hostile text are shown.
const maxShown = 1000

// Printable makes text from commits and keys fit for a terminal: control
// characters, bidirectional formatting, other invisible characters and bytes that
// are not UTF-8 are written as escapes, and what is too long is cut.
func Printable(s string) string {
	var b strings.Builder
	shown := 0
	for len(s) > 0 {
		if shown++; shown > maxShown {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\\':
			b.WriteString(`\\`)
		case r == ' ' || unicode.IsPrint(r) && !unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r) && shown > 1:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
		s = s[size:]
	}
	return b.String()
}
