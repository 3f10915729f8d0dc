package authz

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// checkPosition requires a SyntaxError in a place that the file has, if it ends
// with a line feed.
func checkPosition(t testing.TB, content []byte, err error) {
	t.Helper()
	var e *SyntaxError
	if !errors.As(err, &e) || e.Detail == "" || e.Expected == "" || !utf8.ValidString(err.Error()) {
		t.Fatalf("%#v", err)
	}
	lines := strings.Split(string(content)+"\n", "\n")
	if e.Line < 1 || e.Line > len(lines) || e.Column < 1 || e.Column > 1+utf8.RuneCountInString(lines[e.Line-1]) {
		t.Errorf("the file has no such place: %v", err)
	}
	if strings.ContainsFunc(err.Error(), misleading) || len(err.Error()) > 1000 {
		t.Errorf("not to be printed: %q", err)
	}
}

// checkMatch requires that the key of an entry finds an entry with that key.
func checkMatch(t testing.TB, a *Authorizations, e Entry) {
	t.Helper()
	found, ok := a.Match(&signer.Identity{Key: e.Key})
	if ok != (e.Key != "") || found.Key != e.Key {
		t.Errorf("the key of %+v finds %+v", e, found)
	}
}

func TestHostileAuthorizationsText(t *testing.T) {
	files := map[Format]string{NixFormat: nixWith(""), GuixFormat: guixWith("\n(\"" + fpAlice + "\")\n)")}
	for f, good := range files {
		firstLine, rest, _ := strings.Cut(good, "\n")
		for _, c := range []refusal{
			{"huge", good + strings.Repeat(";", MaxAuthorizations-len(good)) + "‸;", "the file has 1048577 bytes", "at most 1048576 bytes"},
			{"byte order mark", "‸\uFEFF" + good, "byte order mark", "UTF-8 without one"},
			{"UTF-16", "‸\xff\xfev\x00", "byte 0xFF is not valid UTF-8", "UTF-8"},
			{"NUL", firstLine + "‸\x00\n" + rest, "NUL", "UTF-8 text without control characters"},
			{"NUL at the end", good + "‸\x00", "NUL", "UTF-8 text without control characters"},
			{"CR alone", firstLine + "\n‸\r" + rest, "a carriage return", "a line feed alone"},
			{"CR at the end", good + "‸\r", "a carriage return", "a line feed alone"},
			{"CR twice", good + "‸\r\r\n", "a carriage return", "a line feed alone"},
			{"invalid UTF-8", good + "\n; é ‸\xc3(", "byte 0xC3 is not valid UTF-8", "UTF-8"},
			{"overlong UTF-8", firstLine + " ‸\xc0\x80\n" + rest, "byte 0xC0 is not valid UTF-8", "UTF-8"},
			{"surrogate in UTF-8", good + "‸\xed\xa0\x80", "byte 0xED is not valid UTF-8", "UTF-8"},
			{"UTF-8 that is cut off", good + "‸\xe2\x82", "byte 0xE2 is not valid UTF-8", "UTF-8"},
		} {
			t.Run(c.name+" "+f.FileName(), func(t *testing.T) { c.test(t, f) })
		}
	}
	for _, c := range []string{"\u2028", "\u2029", "\u0085", "\x1b", "\x7f", "\v", "\u202e", "\u2067", "\u200f", "\uFEFF"} {
		r, _ := utf8.DecodeRuneInString(c)
		t.Run(fmt.Sprintf("%U", r), func(t *testing.T) {
			refusal{"", nixWith("# é ‸" + c + "\n"), fmt.Sprintf("the invisible character %U", r), "bidirectional"}.test(t, NixFormat)
			mustParse(t, GuixFormat, "; "+c+"\n"+guixWith(""))
		})
	}
	t.Run("CR LF .nix-authorizations", func(t *testing.T) {
		refusal{"", "version: 1‸\r\n", "a carriage return", "a line feed alone"}.test(t, NixFormat)
	})
	t.Run("as large as it may be", func(t *testing.T) {
		mustParse(t, NixFormat, nixWith("#"+strings.Repeat("x", MaxAuthorizations-1-len(nixWith("")))))
		mustParse(t, GuixFormat, guixWith("")+strings.Repeat(" ", MaxAuthorizations-len(guixWith(""))))
	})
}

func TestHostileAuthorizationsBomb(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat("*"+string(c-1)+",", 10))
	}
	for _, c := range []refusal{
		{"anchors and aliases", strings.Replace(bomb, "&", "‸&", 1), "an anchor", "the value alone"},
		{"alias to itself", "version: 1\nkeys: ‸&a [*a]\n", "an anchor", "the value alone"},
		{"merge keys", "version: 1\nkeys:\n- ‸&a {name: a}\n- <<: *a\n", "an anchor", "the value alone"},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, NixFormat) })
	}
}

// TestHostileAuthorizationsNesting fills a file with what nests.
func TestHostileAuthorizationsNesting(t *testing.T) {
	for f, units := range map[Format][]string{
		NixFormat:  {"[", "{", "[[],", "- ", "? ", "a: [", "{a: "},
		GuixFormat: {"(", "[", "(a . ", "'", "#;", "#;(", "#|", "#|#"},
	} {
		for _, unit := range units {
			testTime(t, f, strings.Repeat(unit, MaxAuthorizations/len(unit)))
		}
	}
}

// TestHostileAuthorizationsRepetition has long files of what a parser could
// take quadratic time for: in an eighth of the largest size it would show.
func TestHostileAuthorizationsRepetition(t *testing.T) {
	const size = MaxAuthorizations / 8
	for f, texts := range map[Format]struct{ frames, units []string }{
		NixFormat: {
			[]string{"", "[‸]", "version: 1\nkeys: [‸]", "version: 1\nkeys:\n‸"},
			[]string{
				"a: ", "- a\n", "- - a\n", "a:\n", "!a ", "&a ", "*a ", "- &a a\n", "---\n", "#\n", "- #\n", "'", "\"", "a\n", "a: b\n", "\"a\": b\n",
				"\n", " ", "\t", "é", "version: 1\n", "keys: [", "- {name: a}\n", "\"\\n", "''", "a,", "{},", "a: b # c\n",
			},
		},
		GuixFormat: {
			[]string{"", "(authorizations (version 0) (‸))"},
			[]string{")", "()", ";", "\"", "\"\\", "\"\" ", "(\"\")", "(authorizations ", "a ", "\n", "#", "\\", "#;a", "#||#"},
		},
	} {
		for _, frame := range texts.frames {
			for _, unit := range texts.units {
				before, after, _ := strings.Cut(frame, "‸")
				testTime(t, f, before+strings.Repeat(unit, size/len(unit))+after)
			}
		}
	}
}

// cpuTime is what this process has used, however busy the machine is.
func cpuTime(t testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// testTime requires an answer in a time that is out of reach for what takes
// quadratic time.
func testTime(t *testing.T, f Format, file string) {
	t.Helper()
	start := cpuTime(t)
	_, err := ParseAuthorizations(f, []byte(file))
	if took := cpuTime(t) - start; took > 5*time.Second {
		t.Errorf("%s of %d bytes: %.60q took %v", f, len(file), file, took)
	}
	if err != nil {
		checkPosition(t, []byte(file), err)
	}
}

// TestHostileAuthorizationsManyKeys has as many entries as fit, on one line and
// on many, so that finding positions and duplicates must not be quadratic.
func TestHostileAuthorizationsManyKeys(t *testing.T) {
	for f, frame := range map[Format][4]string{
		NixFormat:  {"{version: 1, keys: [", "{name: k%d, openpgp: %040d}", ",", "]}"},
		GuixFormat: {"(authorizations (version 0) (", "(;%d\n\"%040d\")", "", "))"},
	} {
		var b strings.Builder
		n := 0
		for b.WriteString(frame[0]); b.Len() < MaxAuthorizations-200; n++ {
			fmt.Fprintf(&b, frame[1]+frame[2], n, n)
		}
		start := cpuTime(t)
		a := mustParse(t, f, b.String()+fmt.Sprintf(frame[1], n, n)+frame[3])
		if took := cpuTime(t) - start; took > 5*time.Second {
			t.Errorf("%s took %v", f, took)
		}
		entries := a.Entries()
		if len(entries) != n+1 {
			t.Errorf("%d entries instead of %d", len(entries), n+1)
		}
		for _, e := range []Entry{entries[0], entries[n/2], entries[n]} {
			checkMatch(t, a, e)
		}
	}
}

// TestHostileAuthorizationsCut has every beginning of a good file: none may be
// accepted that says less than the whole.
func TestHostileAuthorizationsCut(t *testing.T) {
	for f, good := range map[Format]string{
		NixFormat:  strings.Replace(nixWith("  - {name: p, openpgp: "+fpLong+", paths: [a/b]}"), "keys", "threshold: 1\nkeys", 1),
		GuixFormat: guixWith(`("` + fpAlice + `" (name "alice"))`),
	} {
		for n := range good {
			a, err := ParseAuthorizations(f, []byte(good[:n]))
			if err == nil && !(f == NixFormat && len(a.Entries()) == 1) { // a list without its second item is one
				t.Errorf("accepted %q", good[:n])
			}
			if err != nil {
				checkPosition(t, []byte(good[:n]), err)
			}
		}
	}
}
