package authz

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxSexpDepth is how deeply lists, quotes and datum comments may nest. The
// authorizations themselves nest four deep.
const maxSexpDepth = 200

// A datum is what Guile's "read" makes of one expression.
type datum struct {
	kind datumKind
	off  int // where it begins in the source
	// text is the value of a string, or an atom as it is spelled.
	text string
	// items are the elements of a list; tail is what follows the dot of an
	// improper list, never a list itself, and nil for a proper one.
	items []*datum
	tail  *datum
}

type datumKind uint8

const (
	sexpList   datumKind = iota
	sexpString           // "…"
	sexpAtom             // a symbol, number, boolean or keyword
)

// isAtom says whether d is the atom that is spelled so.
func (d *datum) isAtom(text string) bool { return d.kind == sexpAtom && d.text == text }

// proper says whether d is a list without a dotted tail.
func (d *datum) proper() bool { return d.kind == sexpList && d.tail == nil }

// readSexp reads the first datum of src as Guile's "read" does with its default
// options (GNU Guile Reference Manual, "Scheme Syntax" and "Reader Extensions"),
// and nothing behind it. It returns nil where there is none. Syntax that no
// authorizations file needs, such as vectors, characters, "#!" and numbers with
// a radix prefix, is an error and never read as something else.
//
// Guix reads the file byte by byte as Latin-1. That every delimiter is ASCII
// makes it the same as reading UTF-8, except for the text of strings.
func readSexp(src []byte) (*datum, error) {
	r := &sexpReader{src: src}
	if err := r.skip(0); err != nil || r.eof() {
		return nil, err
	}
	return r.read(0)
}

type sexpReader struct {
	src []byte
	off int
}

func (r *sexpReader) eof() bool { return r.off >= len(r.src) }

// looksAt says whether s comes next.
func (r *sexpReader) looksAt(s string) bool {
	return bytes.HasPrefix(r.src[r.off:], []byte(s))
}

func (r *sexpReader) fail(off int, detail, expected string) error {
	return errorAt(r.src, off, detail, expected)
}

// skip moves over white space and comments.
func (r *sexpReader) skip(depth int) error {
	for !r.eof() {
		var err error
		switch {
		case strings.IndexByte(" \t\n\r\f", r.src[r.off]) >= 0:
			r.off++
		case r.looksAt(";"):
			r.skipLine()
		case r.looksAt("#|"):
			err = r.skipBlock()
		case r.looksAt("#;"):
			r.off += 2
			_, err = r.readNext(depth + 1)
		case r.looksAt("#!"):
			err = r.fail(r.off, `"#!" is not supported`, `a comment that begins with ";" or "#|"`)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *sexpReader) skipLine() {
	end := bytes.IndexByte(r.src[r.off:], '\n')
	if end < 0 {
		r.off = len(r.src)
		return
	}
	r.off += end + 1
}

// skipBlock moves over a block comment, in which others may be nested.
func (r *sexpReader) skipBlock() error {
	start, open := r.off, 0
	for !r.eof() {
		switch {
		case r.looksAt("#|"):
			open++
			r.off += 2
		case r.looksAt("|#"):
			open--
			r.off += 2
		default:
			r.off++
		}
		if open == 0 {
			return nil
		}
	}
	return r.fail(start, `a "#|" comment that does not end`, `a "|#" for each "#|"`)
}

// readNext reads the datum that must follow.
func (r *sexpReader) readNext(depth int) (*datum, error) {
	start := r.off
	if err := r.checkDepth(depth); err != nil { // skip comes back here for "#;#;"
		return nil, err
	}
	if err := r.skip(depth); err != nil {
		return nil, err
	}
	if r.eof() {
		return nil, r.fail(start, "the file ends where an expression should follow", "an expression")
	}
	return r.read(depth)
}

// read reads the datum that begins at the current character.
func (r *sexpReader) read(depth int) (*datum, error) {
	if err := r.checkDepth(depth); err != nil {
		return nil, err
	}
	switch c := r.src[r.off]; c {
	case '(':
		return r.readList(')', depth)
	case '[':
		return r.readList(']', depth)
	case ')', ']':
		return nil, r.fail(r.off, "an unexpected "+excerpt(string(c)), "an expression")
	case '"':
		return r.readString()
	case '\'', '`', ',':
		return r.readQuote(depth)
	case '#':
		return r.readSharp()
	}
	d := r.readToken()
	if d.text == "." {
		return nil, r.fail(d.off, "a dot", "an expression; a dot stands only before the last element of a list")
	}
	return d, nil
}

func (r *sexpReader) checkDepth(depth int) error {
	if depth > maxSexpDepth {
		return r.fail(r.off, "nested too deeply", fmt.Sprintf("at most %d levels", maxSexpDepth))
	}
	return nil
}

// readList reads a list up to the bracket that closes it.
func (r *sexpReader) readList(closing byte, depth int) (*datum, error) {
	d := &datum{kind: sexpList, off: r.off}
	r.off++
	for {
		if err := r.skip(depth); err != nil {
			return nil, err
		}
		switch {
		case r.eof():
			return nil, r.fail(d.off, "a list that does not end", excerpt(string(closing)))
		case r.src[r.off] == closing:
			r.off++
			return d, nil
		case r.src[r.off] == ')' || r.src[r.off] == ']':
			return nil, r.fail(r.off, "an unexpected "+excerpt(string(r.src[r.off])), excerpt(string(closing)))
		case r.atDot():
			return r.readTail(d, closing, depth)
		}
		item, err := r.read(depth + 1)
		if err != nil {
			return nil, err
		}
		d.items = append(d.items, item)
	}
}

// atDot says whether the token "." comes next.
func (r *sexpReader) atDot() bool {
	return r.src[r.off] == '.' && (r.off+1 == len(r.src) || delimiter(r.src[r.off+1]))
}

// readTail reads the dot, the datum behind it and the end of the list d.
// A tail that is itself a list continues d: "(a . (b c))" is "(a b c)".
func (r *sexpReader) readTail(d *datum, closing byte, depth int) (*datum, error) {
	r.off++
	tail, err := r.readNext(depth + 1)
	if err != nil {
		return nil, err
	}
	if err := r.skip(depth); err != nil {
		return nil, err
	}
	if r.eof() || r.src[r.off] != closing {
		return nil, r.fail(r.off, "no end of the list after the element behind the dot", excerpt(string(closing)))
	}
	r.off++
	switch {
	case len(d.items) == 0: // "( . x)" is x
		return tail, nil
	case tail.kind == sexpList:
		d.items = append(d.items, tail.items...)
		d.tail = tail.tail
	default:
		d.tail = tail
	}
	return d, nil
}

var quoteNames = map[string]string{"'": "quote", "`": "quasiquote", ",": "unquote", ",@": "unquote-splicing"}

// readQuote reads 'x, `x, ,x or ,@x, which are short for (quote x) and so on.
func (r *sexpReader) readQuote(depth int) (*datum, error) {
	start, mark := r.off, string(r.src[r.off])
	if r.looksAt(",@") {
		mark = ",@"
	}
	r.off += len(mark)
	quoted, err := r.readNext(depth + 1)
	if err != nil {
		return nil, err
	}
	name := &datum{kind: sexpAtom, off: start, text: quoteNames[mark]}
	return &datum{kind: sexpList, off: start, items: []*datum{name, quoted}}, nil
}

// readSharp reads a boolean or a keyword.
func (r *sexpReader) readSharp() (*datum, error) {
	d := r.readToken()
	switch d.text {
	case "#t", "#f", "#true", "#false":
		return d, nil
	}
	if len(d.text) > 2 && d.text[1] == ':' && asciiLetter(d.text[2]) {
		return d, nil
	}
	return nil, r.fail(d.off, "the syntax "+excerpt(d.text)+" is not supported", "a list, string, symbol, number, #t or #f")
}

func asciiLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// readToken reads up to the next delimiter.
func (r *sexpReader) readToken() *datum {
	start := r.off
	for r.off++; !r.eof() && !delimiter(r.src[r.off]); {
		r.off++
	}
	return &datum{kind: sexpAtom, off: start, text: string(r.src[start:r.off])}
}

// delimiter says whether c ends a token, as Guile's reader has it: quotes, "#"
// and vertical tabs do not.
func delimiter(c byte) bool { return strings.IndexByte("()[]\";\t\n\r\f ", c) >= 0 }

// readString reads a string, whose value is UTF-8.
func (r *sexpReader) readString() (*datum, error) {
	d := &datum{kind: sexpString, off: r.off}
	var value []byte
	for r.off++; !r.eof(); {
		switch c := r.src[r.off]; c {
		case '"':
			r.off++
			d.text = string(value)
			return d, nil
		case '\\':
			var err error
			if value, err = r.readEscape(value); err != nil {
				return nil, err
			}
		default:
			value = append(value, c)
			r.off++
		}
	}
	return nil, r.fail(d.off, "a string that does not end", `"\""`)
}

// simpleEscapes maps the character behind a backslash to what both stand for.
var simpleEscapes = map[byte]byte{
	'"': '"', '\\': '\\', '|': '|', '(': '(', '0': 0,
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// hexEscapes maps the character behind a backslash to how many hexadecimal
// digits of a code point follow it.
var hexEscapes = map[byte]int{'x': 2, 'u': 4, 'U': 6}

// readEscape appends what the escape sequence at the current backslash means.
func (r *sexpReader) readEscape(value []byte) ([]byte, error) {
	start := r.off
	r.off++
	if r.eof() {
		return nil, r.fail(start, "a string that does not end", `"\""`)
	}
	c := r.src[r.off]
	r.off++
	if c == '\n' { // the line continues
		return value, nil
	}
	if b, ok := simpleEscapes[c]; ok {
		return append(value, b), nil
	}
	if n, ok := hexEscapes[c]; ok {
		if point, ok := hexRune(r.src[r.off:min(r.off+n, len(r.src))], n); ok {
			r.off += n
			return utf8.AppendRune(value, point), nil
		}
	}
	return nil, r.fail(start, "an invalid escape sequence in a string",
		`\" \\ \n \t \r \a \b \f \v \0, \xHH, \uHHHH, \UHHHHHH or a backslash at the end of a line`)
}

// hexRune reads exactly n hexadecimal digits as a Unicode scalar value.
func hexRune(digits []byte, n int) (rune, bool) {
	var point rune
	for _, c := range digits {
		v := strings.IndexByte("0123456789abcdef", lowerASCII(c))
		if v < 0 {
			return 0, false
		}
		point = point<<4 | rune(v)
	}
	return point, len(digits) == n && utf8.ValidRune(point)
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
