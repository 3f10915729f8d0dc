package report

import (
	"io"
	"unicode"
	"unicode/utf8"
)

// GitSays passes on what git, and through it a remote, has to say while it runs. Each
// line begins with "git: ", so that none can be taken for one of this program's, and
// nothing in it moves the cursor, except back to the beginning of the line as
// progress does.
type GitSays struct {
	Out io.Writer

	inLine bool
	rest   []byte // the beginning of a character
}

const saysGit = "git: "

// Write never fails: who does not want to hear git can still have a verdict.
func (g *GitSays) Write(p []byte) (int, error) {
	text := append(g.rest, p...)
	var shown []byte
	for len(text) > 0 && utf8.FullRune(text) {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		if r == '\n' || r == '\r' {
			g.inLine = false
			shown = append(shown, byte(r))
			continue
		}
		if !g.inLine {
			g.inLine = true
			shown = append(shown, saysGit...)
		}
		if r != '\t' && !unicode.IsPrint(r) {
			r = '?'
		}
		shown = utf8.AppendRune(shown, r)
	}
	g.rest = append([]byte(nil), text...)
	_, _ = g.Out.Write(shown)
	return len(p), nil
}
