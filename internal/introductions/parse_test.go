package introductions

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nix-authorize/nix-authorize/authz"
)

const (
	commit1 = "9edb3f66fd807b096b48283debdcddccfea34bad"
	commit2 = "a000000000000000000000000000000000000002"
	pgp     = "BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA"
	pgpBare = "BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA"
	ssh     = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

// guix is an entry with all fields.
const guix = `guix:
  url: https://git.guix.gnu.org/guix.git
  branch: master
  introduction: ` + commit1 + `
  signer: ` + pgp + `
  keyring: keyring
  authorizations: .guix-authorizations
  max-age: 14d
`

// hello is an entry with the fields that must be there.
const hello = "hello:\n  url: https://example.org/hello\n  introduction: " + commit2 + "\n  signer: " + ssh + "\n"

// with has a valid entry "x" after one more field, or instead of one of its own.
func with(field string) string {
	lines := []string{"url: https://example.org/x", "introduction: " + commit1, "signer: " + ssh}
	name, _, _ := strings.Cut(field, ":")
	out := "x:\n"
	for _, line := range lines {
		if !strings.HasPrefix(line, strings.Trim(name, " ‸")+":") {
			out += "  " + line + "\n"
		}
	}
	return out + "  " + field + "\n"
}

func mustParse(t *testing.T, content string) []Entry {
	t.Helper()
	d, err := parse("file", []byte(content))
	if err != nil {
		t.Fatalf("%v\n%s", err, content)
	}
	return d.entries()
}

func TestParse(t *testing.T) {
	entries := mustParse(t, "# mine\n---\n"+guix+"\n# and\n\n"+hello+"  # no more\n")
	if len(entries) != 2 {
		t.Fatalf("%+v", entries)
	}
	want := Entry{
		Name: "guix", URL: "https://git.guix.gnu.org/guix.git", Branch: "master",
		Introduction: authz.Introduction{Commit: entries[0].Introduction.Commit, Signer: pgpBare, Format: authz.GuixFormat},
		Keyring:      "keyring", MaxAge: 14 * 24 * time.Hour, File: "file", Line: 3,
	}
	if entries[0] != want || entries[0].Introduction.Commit.String() != commit1 {
		t.Errorf("%+v\ninstead of\n%+v", entries[0], want)
	}
	want = Entry{
		Name: "hello", URL: "https://example.org/hello",
		Introduction: authz.Introduction{Commit: entries[1].Introduction.Commit, Signer: ssh},
		File:         "file", Line: 14,
	}
	if entries[1] != want || entries[1].Introduction.Commit.String() != commit2 {
		t.Errorf("%+v\ninstead of\n%+v", entries[1], want)
	}
}

func TestParseNothing(t *testing.T) {
	for _, content := range []string{"", "\n", "# nothing\n", "\n\n  # nothing", "  ", "---\n", "# nothing\n--- # at all\n"} {
		if entries := mustParse(t, content); len(entries) > 0 {
			t.Errorf("%q: %+v", content, entries)
		}
	}
}

func TestParseAccepts(t *testing.T) {
	digits := strings.Repeat("1234567890", 4)
	for _, c := range []struct{ name, file, field, want string }{
		{"upper case commit", with("introduction: " + strings.ToUpper(commit1)), "introduction", commit1},
		{"commit like a number", with("introduction: " + digits), "introduction", digits},
		{"commit like a float", with("introduction: 12e4567890123456789012345678901234567890"), "introduction", "12e4567890123456789012345678901234567890"},
		{"signer like a number", with("signer: " + digits), "signer", "1234 5678 9012 3456 7890  1234 5678 9012 3456 7890"},
		{"lower case signer", with("signer: " + strings.ToLower(pgpBare)), "signer", pgp},
		{"signer of 64 digits", with("signer: " + strings.Repeat("A", 64)), "signer", strings.Repeat("A", 64)},
		{"double quotes", with(`url: "https://example.org/x y"`), "url", "https://example.org/x y"},
		{"single quotes", with(`url: 'https://example.org/"x"'`), "url", `https://example.org/"x"`},
		{"quotes inside", with(`url: https://example.org/it's`), "url", "https://example.org/it's"},
		{"comment", with("branch: main # the only one"), "branch", "main"},
		{"comment after quotes", with(`branch: "main"  # "the only one"`), "branch", "main"},
		{"number sign", with("branch: fix#12"), "branch", "fix#12"},
		{"more spaces", with("branch:    main   "), "branch", "main"},
		{"branch like a boolean", with("branch: yes"), "branch", "yes"},
		{"branch like a number", with("branch: 1.0"), "branch", "1.0"},
		{"branch with slashes", with("branch: release/25.05"), "branch", "release/25.05"},
		{"branch in other letters", with("branch: ветка"), "branch", "ветка"},
		{"scp-like url", with("url: git@example.org:x.git"), "url", "git@example.org:x.git"},
		{"ssh url", with("url: ssh://git@example.org/x"), "url", "ssh://git@example.org/x"},
		{"absolute path", with("url: /srv/x"), "url", "/srv/x"},
		{"file url", with("url: file:///srv/x"), "url", "file:///srv/x"},
		{"remote keyring", with("keyring: upstream/keyring"), "keyring", "upstream/keyring"},
		{"keyring by its full name", with("keyring: refs/heads/keyring"), "keyring", "refs/heads/keyring"},
		{"directory of keys", with("keyring: /etc/keys dir"), "keyring", "/etc/keys dir"},
		{"age in hours", with("max-age: 36h"), "max-age", "36h"},
		{"age in both", with("max-age: 1d12h"), "max-age", "36h"},
		{"other indentation", strings.ReplaceAll(with("branch: main"), "\n  ", "\n "), "branch", "main"},
		{"deep indentation", strings.ReplaceAll(with("branch: main"), "\n  ", "\n          "), "branch", "main"},
		{"comments between", strings.ReplaceAll(with("branch: main"), "\n  ", "\n# ?: x\n\n      # y\n  "), "branch", "main"},
		{"no line feed at the end", strings.TrimSuffix(with("branch: main"), "\n"), "branch", "main"},
		{"Hebrew and emoji in comments", "# שלום 👩‍💻\n" + with("branch: main"), "branch", "main"},
		{"a name as long as possible", strings.Replace(with("branch: main"), "x:\n", strings.Repeat("x", 100)+":\n", 1), "branch", "main"},
		{"a name of all characters", strings.Replace(with("branch: main"), "x:\n", "0a.B_c-\x2d.:\n", 1), "branch", "main"},
		{"a name like a number", strings.Replace(with("branch: main"), "x:\n", "12:\n", 1), "branch", "main"},
	} {
		t.Run(c.name, func(t *testing.T) {
			entries := mustParse(t, c.file)
			f, _ := fieldNamed(c.field)
			if got := f.text(&entries[0]); got != c.want {
				t.Errorf("%s is %q instead of %q", c.field, got, c.want)
			}
		})
	}
}

// A refusal is a file with the place of the error marked, and what the error says.
type refusal struct{ name, file, detail, expected string }

func (c *refusal) check(t *testing.T) {
	t.Helper()
	before, after, marked := strings.Cut(c.file, "‸")
	if !marked && c.detail != "not YAML" {
		t.Fatal("no place marked")
	}
	d, err := parse("/f", []byte(before+after))
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Fatalf("read as %+v, %v", d, err)
	}
	if !strings.Contains(syntax.Detail, c.detail) || !strings.Contains(syntax.Expected, c.expected) || syntax.Path != "/f" {
		t.Errorf("%v instead of %q, %q", err, c.detail, c.expected)
	}
	if !marked {
		return
	}
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])
	if syntax.Line != line || syntax.Column != column {
		t.Errorf("%v is not at line %d, column %d", err, line, column)
	}
	if !strings.HasPrefix(err.Error(), fmt.Sprintf("/f: line %d, column %d: ", line, column)) {
		t.Errorf("%v", err)
	}
	if len(err.Error()) > 500 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x202e }) {
		t.Errorf("a message not fit to be shown: %q", err)
	}
}

func TestParseRefusesFields(t *testing.T) {
	long := strings.Repeat("x", 1001)
	for _, c := range []refusal{
		{"unknown field", with("‸sigher: x"), `unknown field "sigher"`, "one of url, branch, introduction, signer, keyring, authorizations, max-age"},
		{"field in upper case", with("‸URL: x"), `unknown field "URL"`, "one of"},
		{"repeated field", with("branch: a\n  ‸branch: b"), "repeated field branch", "each field once"},
		{"repeated signer", strings.Replace(with("‸signer: "+pgp), "  introduction", "  signer: "+ssh+"\n  introduction", 1), "repeated field signer", "once"},
		{"merge key", with("‸<<: x"), "unknown field", "one of"},

		{"no url", "‸x:\n  introduction: " + commit1 + "\n  signer: " + ssh + "\n", "x has no url", "url, introduction and signer"},
		{"no introduction", "‸x:\n  url: https://h/x\n  signer: " + ssh + "\n", "x has no introduction", "url, introduction and signer"},
		{"no signer", "‸x:\n  url: https://h/x\n  introduction: " + commit1 + "\n", "x has no signer", "url, introduction and signer"},

		{"empty url", with(`url: ‸""`), "no value", "one"},
		{"null url", with("url:‸"), "no value", "one"},
		{"dash", with("url: ‸--upload-pack=x"), `"--upload-pack=x" begins with a dash`, "a URL"},
		{"relative path", with("url: ‸../x"), `"../x" is a relative path`, "an absolute path"},
		{"home", with("url: ‸~/x"), "is a relative path", "an absolute path"},
		{"password", with("url: ‸https://alice:secret@h/x"), "a URL with a password", "credential helper"},
		{"token", with("url: ‸https://secret@h/x"), "a URL with a password or token", "credential helper"},
		{"long url", with("url: ‸https://" + long), "a value of more than 1000 bytes", "shorter"},

		{"branch with a dash", with("branch: ‸-b"), `"-b" is no name of a branch`, "one such as main"},
		{"full name of a branch", with("branch: ‸refs/heads/main"), `"refs/heads/main" is no name of a branch`, "without \"refs/heads/\""},
		{"HEAD", with("branch: ‸HEAD"), "is no name", "one such as main"},
		{"quoted at", with("branch: ‸'@'"), "is no name", ""},
		{"dots", with("branch: ‸a..b"), "is no name", ""},
		{"dot", with("branch: ‸a/.b"), "is no name", ""},
		{"dot at the end", with("branch: ‸a."), "is no name", ""},
		{"slash at the end", with("branch: ‸a/"), "is no name", ""},
		{"slash at the beginning", with("branch: ‸/a"), "is no name", ""},
		{"slashes", with("branch: ‸a//b"), "is no name", ""},
		{"lock", with("branch: ‸a.lock/b"), "is no name", ""},
		{"at brace", with("branch: ‸a@{1}"), "is no name", ""},
		{"space", with("branch: ‸a b"), "is no name", ""},
		{"colon", with("branch: ‸a:b"), "is no name", ""},
		{"star", with("branch: ‸a*"), "is no name", ""},
		{"tilde", with("branch: ‸a~1"), "is no name", ""},
		{"null", with("branch: ‸~"), "is no name", ""},

		{"short commit", with("introduction: ‸9edb3f6"), `"9edb3f6" is no id of a commit`, "all 40"},
		{"branch for a commit", with("introduction: ‸master"), "is no id of a commit", "all 40"},
		{"zero commit", with("introduction: ‸" + strings.Repeat("0", 40)), "is no id of a commit", "all 40"},
		{"commit of 64 digits", with("introduction: ‸" + strings.Repeat("a", 64)), "is no id of a commit", "all 40"},
		{"key id", with("signer: ‸A2A06DF2A33A54FA"), `"A2A06DF2A33A54FA" is no fingerprint`, "40 or 64"},
		{"name for a signer", with("signer: ‸alice"), "is no fingerprint", "40 or 64"},
		{"MD5 fingerprint", with("signer: ‸MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48"), "is no fingerprint", "SHA256:"},
		{"relative directory", with("keyring: ‸./keys"), `"./keys" is neither`, "absolute path"},
		{"keyring with a dash", with("keyring: ‸-k"), "is neither", "a branch such as keyring"},
		{"other file", with("authorizations: ‸.authorizations"), `unknown authorizations file ".authorizations"`, ".nix-authorizations or .guix-authorizations"},
		{"path of a file", with("authorizations: ‸/.nix-authorizations"), "unknown authorizations file", ""},
		{"age without unit", with("max-age: ‸14"), `age "14" is not a number with a unit`, "14d"},
		{"no age", with("max-age: ‸0d"), "is nothing", ""},
		{"negative age", with("max-age: ‸-1d"), "is not a number with a unit", ""},
	} {
		t.Run(c.name, c.check)
	}
}

func TestParseRefusesShapes(t *testing.T) {
	for _, c := range []refusal{
		{"list", "‸- x\n", "no name", `"guix:"`},
		{"text", "‸x\n", "no name", `"guix:"`},
		{"null", "‸~\n", "no name", `"guix:"`},
		{"entry without fields", "‸x:\n", "x has no fields", "one of"},
		{"entry that is a text", "‸x: y\n", "x and something else on one line", `"guix:"`},
		{"entry that is a list", "‸x:\n- y\n", "x has no fields", "one of"},
		{"entry that is a text on the next line", "‸x:\n  y\n", "x has no fields", "one of"},
		{"flow mapping", "‸x: {url: https://h/x, introduction: " + commit1 + ", signer: " + ssh + "}\n", "x and something else on one line", ""},
		{"flow mapping below", "x:\n  {‸url: https://h/x, introduction: " + commit1 + ", signer: " + ssh + "}\n", "url does not have its whole value", ""},
		{"all in a flow mapping", "{‸x: {url: https://h/x}}\n", "x and something else on one line", ""},
		{"indented names", " ‸x:\n   url: https://h/x\n   introduction: " + commit1 + "\n   signer: " + ssh + "\n", "x and something else", ""},
		{"quoted name", "‸\"x\":\n  url: https://h/x\n", "x and something else", ""},
		{"quoted field", with("‸\"branch\": main"), "branch does not have its whole value", `"  branch: VALUE"`},
		{"explicit key", "? ‸x\n:\n  url: https://h/x\n", "x and something else", ""},
		{"explicit field", with("? ‸branch\n  : main"), "branch does not have its whole value", ""},
		{"mapping as a name", "? ‸{a: b}\n: x\n", `"" is no name`, ""},
		{"mapping as a field", with("? ‸{a: b}\n  : x"), `unknown field ""`, ""},
		{"alias as a name", "‸x: &a\n  url: b\n*a :\n  url: b\n", "x and something else", ""},
		{"list as a value", with("‸branch: [main]"), "branch does not have its whole value", ""},
		{"mapping as a value", with("‸branch:\n    a: b"), "branch does not have its whole value", ""},
		{"value on the next line", with("‸branch:\n    main"), "branch does not have its whole value", ""},
		{"value on two lines", with("‸keyring: /a\n    b"), "keyring does not have its whole value", ""},
		{"quoted value on two lines", with("‸keyring: \"/a\n    b\""), "keyring does not have its whole value", ""},
		{"block scalar", with("‸branch: |\n    main"), "branch does not have its whole value", ""},
		{"folded scalar with comments", with("‸branch: >-\n    # main"), "branch does not have its whole value", ""},
		{"folded scalar like its mark", with("‸keyring: >-\n    >-"), "keyring does not have its whole value", ""},
		{"no space before a comment", with("‸branch: \"main\"#x"), "branch does not have its whole value", ""},
		{"escape", with(`‸branch: "ma\x69n"`), "branch does not have its whole value, as it is,", ""},
		{"doubled quote", with(`‸branch: 'it''s'`), "branch does not have its whole value", ""},
		{"tag", with("‸branch: !!str main"), "branch does not have its whole value", ""},
		{"non-specific tag", with("‸branch: ! main"), "branch does not have its whole value", ""},
		{"anchor", with("‸branch: &a main"), "branch does not have its whole value", ""},
		{"alias", with("‸keyring: &a main\n  branch: *a"), "keyring does not have its whole value", ""},
		{"anchor for an entry", "‸x: &a\n  url: https://h/x\n", "x and something else", ""},
		{"anchor on a line of its own", "x:\n‸  &a\n" + strings.TrimPrefix(with("branch: main"), "x:\n"), "is neither a name nor a field", ""},
		{"tag on a line of its own", "x:\n‸  !!map\n" + strings.TrimPrefix(with("branch: main"), "x:\n"), "is neither a name nor a field", ""},
		{"tag before the document", "‸!!map\n" + with("branch: main"), "is neither a name nor a field", ""},
		{"directive", "‸%YAML 1.1\n---\n" + with("branch: main"), "is neither a name nor a field", ""},
		{"directive for tags", "‸%TAG ! !x\n---\n" + with("branch: main"), "is neither a name nor a field", ""},
		{"directive that the library refuses", "%YAML 1.2\n---\n" + with("branch: main"), "not YAML", ""},
		{"end of the document", with("branch: main") + "‸...\n", "is neither a name nor a field", ""},
		{"document with a tag", "‸--- !!map\n" + with("branch: main"), "is neither a name nor a field", ""},
		{"end of nothing", "# x\n...\n", "not YAML", ""},
		{"tag of nothing", "‸!!null\n", "is neither a name nor a field", ""},
		{"anchor of nothing", "‸--- &a\n", "is neither a name nor a field", ""},
		{"start of a document at the end", "# x\n" + with("branch: main") + "‸---", "a second document", "one document"},
		{"two documents", with("branch: main") + "‸---\n" + hello, "a second document", "one document"},
		{"second document without content", with("branch: main") + "‸---\n", "a second document", "one document"},
		{"empty first document", "---\n‸---\n" + hello, "", ""},

		{"name with a slash", "‸a/b:\n  url: https://h/x\n", `"a/b" is no name`, "letters, digits"},
		{"name with a dash", "‸-x:\n  url: https://h/x\n", `"-x" is no name`, "beginning with a letter or digit"},
		{"name with a dot", "‸.x:\n  url: https://h/x\n", `".x" is no name`, "beginning with"},
		{"name with a space", "‸a b:\n  url: https://h/x\n", `"a b" is no name`, ""},
		{"name with a colon", "‸a:b:\n  url: https://h/x\n", `"a:b" is no name`, ""},
		{"name in other letters", "‸é:\n  url: https://h/x\n", "is no name", ""},
		{"empty name", "‸'':\n  url: https://h/x\n", `"" is no name`, ""},
		{"long name", "‸" + strings.Repeat("x", 101) + ":\n  url: https://h/x\n", "is no name", "up to 100"},
		{"merge key for a name", "‸<<:\n  url: https://h/x\n", `"<<" is no name`, ""},

		{"same name", hello + guix + "‸hello:\n  url: https://h/y\n  introduction: " + commit1 + "\n  signer: " + ssh + "\n", "the name hello is on line 1 too", "each name once"},
		{"same url", hello + "‸x:\n  url: https://example.org/hello\n  introduction: " + commit1 + "\n  signer: " + ssh + "\n", "x is for the same URL and branch as hello on line 1", "one introduction"},
		{"same url in another spelling", hello + "‸x:\n  url: https://Example.org:443/hello.git/\n  introduction: " + commit1 + "\n  signer: " + ssh + "\n", "x is for the same URL and branch as hello", "one introduction"},

		{"byte order mark", "‸\uFEFF" + hello, "invisible character U+FEFF", ""},
		{"carriage return", "hello:‸\r\n", "invisible character U+000D", "line feeds"},
		{"tab", "hello:\n‸\turl: x\n", "invisible character U+0009", "spaces"},
		{"NUL", hello + "# ‸\x00\n", "invisible character U+0000", ""},
		{"escape character", hello + "# ‸\x1b[2J\n", "invisible character U+001B", ""},
		{"right to left", hello + "# é ‸\u202e\n", "invisible character U+202E", ""},
		{"line separator", "# ‸\u2028" + hello, "invisible character U+2028", ""},
		{"next line", "# ‸\u0085" + hello, "invisible character U+0085", ""},
		{"invalid UTF-8", hello + "# é‸\xff\n", "byte 0xFF is not valid UTF-8", "UTF-8"},
		{"zero-width space in a value", with("url: ‸https://h/x\u200b"), "not printable", "printable"},
		{"no-break space in a value", with("branch: ‸a\u00a0b"), "not printable", "printable"},
		{"spaces in quotes", with("keyring: ‸'/a '"), "has spaces around it", "printable"},

		{"unclosed quote", with(`branch: "main`), "not YAML", "names"},
		{"wrong indentation", "x:\n    url: https://h/x\n  branch: main\n", "not YAML", ""},
		{"undefined alias", "x:\n  url: *a\n", "not YAML", ""},
		{"a colon and a space", "x:\n  url: a: b\n", "not YAML", ""},
		{"brackets without end", strings.Repeat("[", 100_000), "not YAML", ""},
		{"braces without end", "x: " + strings.Repeat("{", 100_000), "not YAML", ""},
	} {
		t.Run(c.name, c.check)
	}
}

// Names and targets are looked up, not searched.
func TestParseManyEntries(t *testing.T) {
	var b strings.Builder
	n := 0
	for ; b.Len() < maxFile-1000; n++ {
		fmt.Fprintf(&b, "x%d:\n  url: /x%d\n  introduction: %s\n  signer: %s\n", n, n, commit1, ssh)
	}
	if entries := mustParse(t, b.String()); len(entries) != n {
		t.Errorf("%d entries instead of %d", len(entries), n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(guix + hello))
	f.Add([]byte("--- # x\n" + with("branch: 'a' # b")))
	f.Add([]byte("? x\n: {url: &a b, <<: *a}\n...\n%YAML 1.2\n"))
	f.Add([]byte(with("branch: |\n    # x")))
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := parse("file", content)
		if err != nil {
			if !errors.As(err, new(*SyntaxError)) {
				t.Errorf("%v", err)
			}
			return
		}
		names := map[string]bool{}
		for _, e := range d.entries() {
			if names[e.Name] || e.URL == "" || e.Introduction.Signer == "" || e.Introduction.Commit.IsZero() {
				t.Errorf("%+v", e)
			}
			names[e.Name] = true
			if checked, err := e.checked(); err != nil || !checked.same(e) {
				t.Errorf("%+v is not accepted again: %v", e, err)
			}
			checkEdits(t, d, e)
		}
	})
}

// checkEdits changes an entry of a file in all fields and adds one.
func checkEdits(t *testing.T, d *document, e Entry) {
	for _, text := range []string{guix, strings.Replace(hello, "hello:", "guix:", 1)} {
		other := mustParse(t, text)[0]
		other.Name = e.Name
		if _, taken := byTarget(d.entries(), other.target()); !taken {
			edited, err := d.with(other)
			if err == nil {
				_, err = d.checkEdited(edited, other)
			}
			if err != nil {
				t.Errorf("%v: %q", err, edited)
			}
		}
	}
}
