package authz

import (
	"os"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// guixWith is a file with these entries.
func guixWith(entries string) string { return "(authorizations (version 0) (" + entries + "))" }

func TestGuixFileOfRealShape(t *testing.T) {
	content, err := os.ReadFile("testdata/authorizations/channel.guix-authorizations")
	if err != nil {
		t.Fatal(err)
	}
	a := mustParse(t, GuixFormat, string(content))
	if a.Format != GuixFormat || a.Merges != MergesStrict || a.Threshold != 1 {
		t.Errorf("%+v", a)
	}
	want := []Entry{
		{Name: "andreas", Key: "AD17A21EF8AED8F1CC02DBD9F7D5C9BF765C61E3", Line: 7},
		{Name: "bavier", Key: "A0C5E3522EF8EF5C64CDB7F0FD73CAC719D32566", Line: 9},
		{Name: "", Key: "3CE464558A84FDC69DB40CFB090B11993D9AEBB5", Line: 16},
		{Name: `ajgrf — O\'Neill`, Key: fpAlice, Line: 18},
		{Name: "no key", Key: "", Line: 20},
		{Name: "again", Key: fpAlice, Line: 21},
	}
	entries := a.Entries()
	for i := range want {
		want[i].Rights = allRights
		if i < len(entries) && entries[i].Line != want[i].Line {
			t.Errorf("%s is on line %d instead of %d", want[i].Name, entries[i].Line, want[i].Line)
		}
	}
	if !equalEntries(entries, want) {
		t.Errorf("%+v\ninstead of\n%+v", entries, want)
	}
	if e, ok := a.Match(&signer.Identity{Key: fpAlice}); !ok || e.Line != 18 {
		t.Errorf("a key that is listed twice matches %+v", e)
	}
}

// TestGuixFileAccepts has what Guix accepts and how it reads fingerprints.
func TestGuixFileAccepts(t *testing.T) {
	lower := strings.ToLower(fpAlice)
	for _, c := range []struct {
		name, file string
		want       []Entry
	}{
		{"no entries", guixWith(""), nil},
		{"anything behind the entries", "(authorizations (version 0) () (x) \"y\" . ())", nil},
		{"anything behind the datum", guixWith("") + " ) \" #| (authorizations", nil},
		{"CR LF", "(authorizations\r\n (version 0)\r\n ())\r\n", nil},
		{"brackets", "[authorizations [version 0] [[\"" + lower + "\"]]]", []Entry{{Key: fpAlice}}},
		{"no name", guixWith(`("` + lower + `")`), []Entry{{Key: fpAlice}}},
		{"mixed case", guixWith(`("` + lower[:20] + fpAlice[20:] + `")`), []Entry{{Key: fpAlice}}},
		{"64 digits", guixWith(`("` + fpLong + `")`), []Entry{{Key: fpLong}}},
		{"white space and control characters", guixWith("(\" \t\r\n\v\f\x7f" + lower[:7] + " \\n\\0\\\n" + lower[7:] + "\")"), []Entry{{Key: fpAlice}}},
		{"digits as escape sequences", guixWith(`("\x32` + lower[1:] + `")`), []Entry{{Key: fpAlice}}},
		{"empty fingerprint", guixWith(`("" (name "x"))`), []Entry{{Name: "x"}}},
		{"38 digits", guixWith(`("` + lower[2:] + `")`), []Entry{{}}},
		{"42 digits", guixWith(`("` + lower + `00")`), []Entry{{}}},
		{"66 digits", guixWith(`("` + fpLong + `00")`), []Entry{{}}},
		{"dotted rest", guixWith(`("` + lower + `" . ((name "x")))`), []Entry{{Key: fpAlice, Name: "x"}}},
		{"names that are none", guixWith(`("` + lower + `" name "x" (name) (name y) ("name" "z") (name . "u") (name "v" w))`), []Entry{{Key: fpAlice, Name: "v"}}},
		{"non-ASCII name", guixWith(`("` + lower + `" (name "é\u200b\n"))`), []Entry{{Key: fpAlice, Name: "é\u200b\n"}}},
		{"a key twice", guixWith(`("` + lower + `" (name "x")) ("` + fpAlice + `" (name "x"))`), []Entry{{Key: fpAlice, Name: "x"}, {Key: fpAlice, Name: "x"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := mustParse(t, GuixFormat, c.file)
			for i := range c.want {
				c.want[i].Rights = allRights
			}
			if got := a.Entries(); !equalEntries(got, c.want) {
				t.Errorf("%+v\ninstead of\n%+v", got, c.want)
			}
			if a.Merges != MergesStrict || a.Threshold != 1 {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestGuixFileRefuses(t *testing.T) {
	for _, c := range []refusal{
		{"empty", "‸", "no expression in the file", "(authorizations (version 0)"},
		{"comments only", "; nothing\n‸", "no expression in the file", "(authorizations (version 0)"},
		{"no list", "\n ‸authorizations", "not a list of authorizations", "(authorizations (version 0)"},
		{"empty list", "‸()", "not a list of authorizations", "(authorizations (version 0)"},
		{"other list", "‸(authorisations (version 0) ())", "not a list of authorizations", "(authorizations (version 0)"},
		{"upper case", "‸(AUTHORIZATIONS (version 0) ())", "not a list of authorizations", "(authorizations (version 0)"},
		{"string as head", `‸("authorizations" (version 0) ())`, "not a list of authorizations", "(authorizations (version 0)"},
		{"quoted", "‸'(authorizations (version 0) ())", "not a list of authorizations", "(authorizations (version 0)"},
		{"other list first", "‸(define x) " + guixWith(""), "not a list of authorizations", "(authorizations (version 0)"},
		{"dotted", "‸(authorizations (version 0) () . x)", "not a list of authorizations", "(authorizations (version 0)"},
		{"no version", "‸(authorizations)", "no version", "(version 0)"},
		{"entries first", "(authorizations ‸() (version 0))", "not a version", "(version 0)"},
		{"version of two numbers", "(authorizations ‸(version 0 0) ())", "not a version", "(version 0)"},
		{"version without number", "(authorizations ‸(version) ())", "not a version", "(version 0)"},
		{"dotted version", "(authorizations ‸(version . 0) ())", "not a version", "(version 0)"},
		{"bare version", "(authorizations ‸0 ())", "not a version", "(version 0)"},
		{"version 1", "(authorizations\n (version ‸1) ())", "an unknown version", "version 0, the only one"},
		{"version 0.0", "(authorizations (version ‸0.0) ())", "an unknown version", "version 0, the only one"},
		{"version in quotes", `(authorizations (version ‸"0") ())`, "an unknown version", "version 0, the only one"},
		{"no entries", "‸(authorizations (version 0))", "no list of entries", "(authorizations (version 0)"},
		{"text as entries", `(authorizations (version 0) ‸"x")`, "not a list of entries", `(("FINGERPRINT"`},
		{"dotted entries", `(authorizations (version 0) ‸(("` + fpAlice + `") . x))`, "not a list of entries", `(("FINGERPRINT"`},
		{"entry without list", guixWith(`‸"` + fpAlice + `"`), "does not begin with a fingerprint", `("FINGERPRINT"`},
		{"empty entry", guixWith("\n  ‸()"), "does not begin with a fingerprint", `("FINGERPRINT"`},
		{"name first", guixWith(`‸((name "x") "` + fpAlice + `")`), "does not begin with a fingerprint", `("FINGERPRINT"`},
		{"symbol as fingerprint", guixWith(`‸(` + fpAlice + `)`), "does not begin with a fingerprint", `("FINGERPRINT"`},
		{"quoted entry", guixWith(`‸'("` + fpAlice + `")`), "does not begin with a fingerprint", `("FINGERPRINT"`},
		{"dotted entry", guixWith(`‸("` + fpAlice + `" . x)`), "does not begin with a fingerprint", `("FINGERPRINT"`},
		{"second entry", guixWith(`("` + fpAlice + `")` + "\n  (‸\"x\")"), `fingerprint "x" has an odd number of digits`, "hexadecimal digits"},
		{"39 digits", guixWith(`(‸"` + fpAlice[1:] + `")`), "has an odd number of digits", "hexadecimal digits"},
		{"no digits", guixWith(`(‸"xy")`), "is not hexadecimal", "hexadecimal digits"},
		{"punctuation", guixWith(`(‸"` + fpAlice[2:] + `::")`), "is not hexadecimal", "hexadecimal digits"},
		{"no-break space", guixWith("(‸\"" + fpAlice[:10] + "\u00a0" + fpAlice[10:] + "\")"), "is not hexadecimal", "hexadecimal digits"},
		{"full-width digits", guixWith("(‸\"" + fpAlice[2:] + "\uff11\uff12\")"), "is not hexadecimal", "hexadecimal digits"},
		{"SSH fingerprint", guixWith(`(‸"` + fpBob + `")`), "the fingerprint of an SSH key, which .guix-authorizations cannot list", "OpenPGP"},
		{"SSH key", guixWith(`(‸"` + sshBob + `")`), "odd number of digits", "OpenPGP"},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, GuixFormat) })
	}
}

func FuzzGuixFile(f *testing.F) {
	content, err := os.ReadFile("testdata/authorizations/channel.guix-authorizations")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add([]byte(guixWith(`("` + fpAlice + `" (name "x"))`)))
	f.Add([]byte("(authorizations (version 0) . (((\"\"))))"))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := ParseAuthorizations(GuixFormat, content)
		if err != nil {
			checkPosition(t, content, err)
			return
		}
		if a.Merges != MergesStrict || a.Threshold != 1 {
			t.Errorf("%+v", a)
		}
		var printed strings.Builder
		for _, e := range a.Entries() {
			checkMatch(t, a, e)
			if e.Rights != allRights || e.SSHKey != "" || e.Paths != nil || e.Key.IsSSH() {
				t.Errorf("%+v", e)
			}
			printed.WriteString("(" + quoteSexp(string(e.Key)) + " (name " + quoteSexp(e.Name) + "))\n")
		}
		if again := mustParse(t, GuixFormat, guixWith(printed.String())); !equalEntries(again.Entries(), a.Entries()) {
			t.Errorf("%+v\nreads again as\n%+v", a.Entries(), again.Entries())
		}
	})
}
