package authz

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// String is d in a form that reads as the same datum again.
func (d *datum) String() string {
	switch d.kind {
	case sexpAtom:
		return d.text
	case sexpString:
		return quoteSexp(d.text)
	}
	var b strings.Builder
	for _, item := range d.items {
		b.WriteString(" " + item.String())
	}
	if d.tail != nil {
		b.WriteString(" . " + d.tail.String())
	}
	return "(" + strings.TrimPrefix(b.String(), " ") + ")"
}

func quoteSexp(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7F:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}

// equal compares all but where the data stand.
func (d *datum) equal(other *datum) bool {
	if d == nil || other == nil {
		return d == other
	}
	return d.kind == other.kind && d.text == other.text &&
		slices.EqualFunc(d.items, other.items, (*datum).equal) && d.tail.equal(other.tail)
}

// TestSexp compares with what Guile 3.0.8 makes of the same text.
func TestSexp(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "none"},
		{" \t\n\r\n\f", "none"},
		{"; nothing", "none"},
		{"#| nothing |# #;x", "none"},
		{"a b", "a"},
		{"(a)(b", "(a)"},
		{"(a) ; ) \n)", "(a)"},
		{"()", "()"},
		{"[a (b) [c]]", "(a (b) (c))"},
		{"(a ; ) b\n c)", "(a c)"},
		{"(a;b\nc)", "(a c)"},
		{"(a #| ) |# b)", "(a b)"},
		{"(a #| #| ) |# ) |# b)", "(a b)"},
		{"(#||#a)", "(a)"},
		{"(#||||#a)", "(a)"},
		{"(a #;b c)", "(a c)"},
		{"(a #;(b \")\") c)", "(a c)"},
		{"(a #;#;b c d)", "(a d)"},
		{"(a #; ; comment\n #| another |# b c)", "(a c)"},
		{"(a #;b)", "(a)"},
		{"(a . b)", "(a . b)"},
		{"(a b . (c d))", "(a b c d)"},
		{"(a . (b . c))", "(a b . c)"},
		{"(a . ())", "(a)"},
		{"( . a)", "a"},
		{"(a .b c. ... . #;x d)", "(a .b c. ... . d)"},
		{`(a"b"c(d)e"f")`, `(a "b" c (d) e "f")`},
		{"(a'b a#b a`b,c 1+ -x |a b| {} a|b)", "(a'b a#b a`b,c 1+ -x |a b| {} a|b)"},
		{"('a `b ,c ,@d ''e)", "((quote a) (quasiquote b) (unquote c) (unquote-splicing d) (quote (quote e)))"},
		{"(#t #f #true #false #:key)", "(#t #f #true #false #:key)"},
		{"(0 -1.5 1/2)", "(0 -1.5 1/2)"},
		{"(é\u00a0é \u200b a\vb)", "(é\u00a0é \u200b a\vb)"}, // not white space to Guile
		{`"a\"b\\c\|d\(e"`, `"a\"b\\c|d(e"`},
		{`"\0\a\b\t\n\v\f\r"`, `"\x00\x07\x08\x09\x0a\x0b\x0c\x0d"`},
		{`"\x41\u0042\U000043zé"`, `"ABCzé"`},
		{`"\xe9\u20ac\U01F600"`, `"é€😀"`},
		{"\"a\\\n  b\"", `"a  b"`},
		{"\"a\n; #| b\"", `"a\x0a; #| b"`},
	} {
		d, err := readSexp([]byte(c.in))
		got := "none"
		if d != nil {
			got = d.String()
		}
		if err != nil || got != c.want {
			t.Errorf("%q: %s, %v instead of %s", c.in, got, err, c.want)
		}
	}
}

func TestSexpRefuses(t *testing.T) {
	for _, c := range []refusal{
		{"closing bracket", "‸)", `unexpected ")"`, "an expression"},
		{"end in a list", "(a\n ‸(b", "a list that does not end", `")"`},
		{"end behind a dot", "(a .‸ ", "the file ends", "an expression"},
		{"wrong bracket", "(a [b‸)", `unexpected ")"`, `"]"`},
		{"wrong bracket the other way", "(a (b‸]", `unexpected "]"`, `")"`},
		{"two elements behind a dot", "(a . b ‸c)", "no end of the list", `")"`},
		{"nothing behind a dot", "(a . ‸)", `unexpected ")"`, "an expression"},
		{"dot outside of a list", "‸. a", "a dot", "before the last element"},
		{"quoted dot", "(a '‸. b)", "a dot", "before the last element"},
		{"end in a string", "(a\n ‸\"b\\\"", "a string that does not end", `"`},
		{"end in an escape sequence", "\"b‸\\", "a string that does not end", `"`},
		{"unknown escape sequence", `"a‸\q"`, "invalid escape", `\xHH`},
		{"short \\x", `"a‸\x4"`, "invalid escape", `\xHH`},
		{"no digits", `"a‸\u00g0"`, "invalid escape", `\uHHHH`},
		{"\\x at the end", `"a‸\x4`, "invalid escape", `\xHH`},
		{"surrogate", `"a‸\ud800"`, "invalid escape", `\uHHHH`},
		{"beyond Unicode", `"a‸\U110000"`, "invalid escape", `\UHHHHHH`},
		{"escaped CR LF", "\"a‸\\\r\nb\"", "invalid escape", "at the end of a line"},
		{"block comment", "(a ‸#| #| |# ", `a "#|" comment that does not end`, `"|#"`},
		{"overlapping comment marks", "‸#|#", `a "#|" comment that does not end`, `"|#"`},
		{"datum comment at the end", "#;‸ ", "the file ends", "an expression"},
		{"datum comment at the end of a list", "(a #;‸)", `unexpected ")"`, "an expression"},
		{"quote at the end", "'‸", "the file ends", "an expression"},
		{"script comment", "‸#!r6rs (a)", `"#!" is not supported`, `";" or "#|"`},
		{"vector", "(a ‸#(b))", "not supported", "a list, string"},
		{"character", `(a ‸#\( b)`, "not supported", "a list, string"},
		{"extended symbol", "(‸#{authorizations}# b)", "not supported", "a list, string"},
		{"number with a radix", "(‸#x0)", "not supported", "a list, string"},
		{"boolean with a tail", "(‸#t1)", "not supported", "a list, string"},
		{"keyword without name", "(‸#: a)", "not supported", "a list, string"},
		{"keyword of a number", "(‸#:1)", "not supported", "a list, string"},
		{"keyword of a quote", "(‸#:'a)", "not supported", "a list, string"},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, GuixFormat) })
	}
}

// TestSexpDepth counts every way to nest.
func TestSexpDepth(t *testing.T) {
	for _, mark := range []string{"(", "[", "(a . ", "'", ",@", "#;", "#; #;", "(#;"} {
		if _, err := readSexp([]byte(strings.Repeat(mark, 50) + "x")); err != nil && strings.Contains(err.Error(), "deep") {
			t.Errorf("50 times %q: %v", mark, err)
		}
		if _, err := readSexp([]byte(strings.Repeat(mark, 500000))); err == nil || !strings.Contains(err.Error(), "nested too deeply; expected at most 200 levels") {
			t.Errorf("500000 times %q: %v", mark, err)
		}
	}
	deepest := strings.Repeat("(", maxSexpDepth) + "x" + strings.Repeat(")", maxSexpDepth)
	if _, err := readSexp([]byte(deepest)); err != nil {
		t.Error(err)
	}
	if _, err := readSexp([]byte("(" + deepest + ")")); err == nil {
		t.Error("201 levels are accepted")
	}
}

func FuzzSexp(f *testing.F) {
	for _, seed := range []string{
		"(a \"b\\x41\\\n\" #;c #| d |# . [e])", "'(#t ,@b . c)", "((((", "(. a)", `"\U01F600"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := readSexp(src)
		if err != nil || d == nil {
			if d != nil {
				t.Error("a datum and an error")
			}
			return
		}
		printed := d.String()
		again, err := readSexp([]byte(printed))
		if err != nil || !again.equal(d) || again.String() != printed {
			t.Errorf("%q prints as %q, which reads as %v, %v", src, printed, again, err)
		}
	})
}
