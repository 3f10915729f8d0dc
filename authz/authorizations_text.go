package authz

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// MaxAuthorizations is the size in bytes above which no file is read.
const MaxAuthorizations = 1 << 20

// A SyntaxError is why a file is not a well-formed authorizations file: the
// first thing found wrong and what should stand there instead.
type SyntaxError struct {
	// Line and Column are where it is, counted from 1, the column in
	// characters. Where the YAML library names a line alone, the column is
	// that of the first character on it.
	Line, Column int
	// Detail is what was found. Text of the file in it is quoted, shortened
	// and free of control and bidirectional characters.
	Detail string
	// Expected is what should be there.
	Expected string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s; expected %s", e.Line, e.Column, e.Detail, e.Expected)
}

// ParseAuthorizations reads the content of an authorizations file of format f.
// The same bytes have the same outcome for ever, whatever the machine or its
// settings. The error is always a *SyntaxError.
func ParseAuthorizations(f Format, content []byte) (*Authorizations, error) {
	if err := checkText(f, content); err != nil {
		return nil, err
	}
	switch f {
	case NixFormat:
		return parseNix(content)
	case GuixFormat:
		return parseGuix(content)
	}
	_, err := ParseFormat(string(f))
	return nil, errorAt(content, 0, err.Error(), "a known format")
}

// checkText refuses what neither format can contain, wherever it stands, so
// that a person who reads the file and the parsers see the same text.
func checkText(f Format, content []byte) error {
	if len(content) > MaxAuthorizations {
		return errorAt(content, MaxAuthorizations,
			fmt.Sprintf("the file has %d bytes", len(content)), fmt.Sprintf("at most %d bytes", MaxAuthorizations))
	}
	if bytes.HasPrefix(content, []byte("\uFEFF")) {
		return errorAt(content, 0, "the file begins with a byte order mark", "UTF-8 without one")
	}
	for off := 0; off < len(content); {
		r, size := utf8.DecodeRune(content[off:])
		switch {
		case r == utf8.RuneError && size == 1:
			return errorAt(content, off, fmt.Sprintf("byte 0x%02X is not valid UTF-8", content[off]), "UTF-8 text")
		case r == 0:
			return errorAt(content, off, "a NUL byte", "UTF-8 text without control characters")
		case r == '\r' && !(f == GuixFormat && bytes.HasPrefix(content[off:], []byte("\r\n"))):
			return errorAt(content, off, "a carriage return", "lines that end with a line feed alone")
		case f == NixFormat && r == '\t': // where one may stand, YAML readers disagree
			return errorAt(content, off, "a tab", "spaces")
		case f == NixFormat && r != '\n' && misleading(r):
			return errorAt(content, off, fmt.Sprintf("the invisible character %U", r),
				"UTF-8 text without control and bidirectional formatting characters")
		}
		off += size
	}
	return nil
}

// misleading says whether r can make a text look like another one, or break a
// line for some readers only: control characters, the line and paragraph
// separators, the byte order mark and the bidirectional formatting characters
// (Unicode UAX #9).
func misleading(r rune) bool {
	switch r {
	case 0x2028, 0x2029, 0xFEFF:
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// errorAt makes the error for what is at the byte offset off of content.
func errorAt(content []byte, off int, detail, expected string) error {
	before := content[:off]
	lineStart := bytes.LastIndexByte(before, '\n') + 1
	return &SyntaxError{
		Line:     1 + bytes.Count(before, []byte("\n")),
		Column:   1 + utf8.RuneCount(before[lineStart:]),
		Detail:   detail,
		Expected: expected,
	}
}

// excerpt quotes the beginning of s, with every character escaped that is not
// printable.
func excerpt(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%.*q…", most, s)
}
