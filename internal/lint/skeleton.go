package lint

import (
	"strings"
	"unicode"
)

// skeleton is what a name looks like: without case, without what is invisible, and
// with one character for those that people take for each other. Names that look
// alike have the same; it is no more than a hint (Unicode UTS #39 has the long list).
func skeleton(name string) string {
	visible := func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Variation_Selector) {
			return -1
		}
		r = unicode.ToLower(r)
		if like, ok := confusable[r]; ok {
			return like
		}
		if '！' <= r && r <= '～' { // fullwidth forms
			return unicode.ToLower(r - '！' + '!')
		}
		return r
	}
	return strings.TrimRight(strings.Map(visible, name), ".")
}

// confusable are letters of other scripts, and signs, that look like ASCII.
var confusable = pairs(
	"а", "a", "α", "a", "е", "e", "ε", "e", "і", "i", "ı", "i", "ι", "i", "о", "o", "ο", "o", "0", "o",
	"р", "p", "ρ", "p", "с", "c", "ѕ", "s", "т", "t", "τ", "t", "υ", "u", "х", "x", "χ", "x", "у", "y",
	"ո", "n", "п", "n", "η", "n", "һ", "h", "н", "h", "г", "r", "ɡ", "g", "ց", "g", "ᴢ", "z", "1", "l", "|", "l", "ӏ", "l",
	"‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "−", "-", "_", "-", "·", ".", "․", ".", "。", ".",
)

func pairs(list ...string) map[rune]rune {
	m := make(map[rune]rune)
	for i := 0; i < len(list); i += 2 {
		m[[]rune(list[i])[0]] = []rune(list[i+1])[0]
	}
	return m
}
