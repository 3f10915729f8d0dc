package report

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// Color is when colours are used.
type Color string

// The choices of --color.
const (
	ColorAuto   Color = "auto" // on a terminal, unless NO_COLOR is set or TERM is "dumb"
	ColorAlways Color = "always"
	ColorNever  Color = "never"
)

// ParseColor reads the value of --color.
func ParseColor(s string) (Color, error) {
	switch c := Color(s); c {
	case ColorAuto, ColorAlways, ColorNever:
		return c, nil
	}
	return "", fmt.Errorf("unknown colour mode %q; expected auto, always or never", s)
}

func (c Color) use(w io.Writer, getenv func(string) string) bool {
	switch c {
	case ColorAlways:
		return true
	case ColorNever:
		return false
	}
	return IsTerminal(w) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// IsTerminal says whether a person is likely to look at what is written to w.
func IsTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// palette writes text in colours, or plainly if it is off.
type palette bool

func (p palette) good(s string) string  { return p.paint("32;1", s) }
func (p palette) bad(s string) string   { return p.paint("31;1", s) }
func (p palette) doubt(s string) string { return p.paint("33;1", s) }
func (p palette) faint(s string) string { return p.paint("2", s) }

func (p palette) paint(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
