package introductions

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/trust"
)

var texts = map[string]string{
	"url": "https://git.guix.gnu.org/guix.git", "branch": "master", "introduction": commit1, "signer": pgp,
	"keyring": "keyring", "authorizations": ".guix-authorizations", "max-age": "14d",
}

func TestNew(t *testing.T) {
	e, err := New("guix", texts)
	must(t, err)
	if want := mustParse(t, guix)[0]; !e.same(want) || e.File != "" || e.Line != 0 {
		t.Errorf("%+v instead of %+v", e, want)
	}
	e, err = New("hello", map[string]string{
		"url": "https://example.org/hello", "branch": "", "introduction": commit2, "signer": ssh, "keyring": "", "authorizations": "", "max-age": "",
	})
	must(t, err)
	if want := mustParse(t, hello)[0]; !e.same(want) {
		t.Errorf("%+v instead of %+v", e, want)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct{ name, field, text, want string }{
		{"a/b", "url", "https://h/x", `name: "a/b" is no name; expected up to 100`},
		{"", "url", "https://h/x", `name: "" is no name`},
		{"x\n", "url", "https://h/x", `name: "x\n" is no name`},
		{"x", "url", "", "url: no value; expected one"},
		{"x", "url", "-x", `url: "-x" begins with a dash`},
		{"x", "url", "https://h/\nx", "url: \"https://h/\\nx\" has spaces around it or a character that is not printable"},
		{"x", "url", "https://h/\xff", `url: "https://h/\xff" has spaces`},
		{"x", "url", " https://h/", "has spaces around it"},
		{"x", "introduction", "", "introduction: no value"},
		{"x", "introduction", "1234", "introduction: \"1234\" is no id of a commit; expected all 40"},
		{"x", "signer", "", "signer: no value"},
		{"x", "signer", "alice", "signer: \"alice\" is no fingerprint"},
		{"x", "max-age", "2 weeks", `max-age: age "2 weeks" is not`},
		{"x", "maxage", "14d", `x: unknown field "maxage"; expected one of url`},
	} {
		with := map[string]string{"url": "https://h/x", "introduction": commit1, "signer": ssh}
		with[c.field] = c.text
		e, err := New(c.name, with)
		if err == nil || !strings.Contains(err.Error(), c.want) || e != (Entry{}) {
			t.Errorf("%s %q: %+v, %v instead of %q", c.field, c.text, e, err, c.want)
			continue
		}
		wantUsage(t, err, "")
	}
}

func TestSettings(t *testing.T) {
	e := mustParse(t, guix)[0]
	want := trust.Settings{
		Introduction: commit1, Signer: pgpBare, Keyring: "keyring", Authorizations: ".guix-authorizations", Origin: `"guix" in file`,
	}
	if got := e.Settings(); got != want {
		t.Errorf("%+v", got)
	}
	in, err := e.Settings().Parse()
	if err != nil || in != e.Introduction {
		t.Errorf("%+v, %v", in, err)
	}
	e = mustParse(t, hello)[0]
	if got := e.Settings(); got != (trust.Settings{Introduction: commit2, Signer: ssh, Origin: `"hello" in file`}) {
		t.Errorf("%+v", got)
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{guix, "nix-authorize clone https://git.guix.gnu.org/guix.git --branch master --introduction " + commit1 + " --signer " + pgpBare +
			" --keyring keyring --authorizations .guix-authorizations --max-age 14d"},
		{hello, "nix-authorize clone https://example.org/hello --introduction " + commit2 + " --signer " + ssh},
		{with(`url: "https://h/x?a=b&c;$(touch x)*~#!"`), "nix-authorize clone 'https://h/x?a=b&c;$(touch x)*~#!' --introduction " + commit1 + " --signer " + ssh},
		{with("url: https://h/it's"), `nix-authorize clone 'https://h/it'\''s' --introduction ` + commit1 + " --signer " + ssh},
		{with("url: /srv/ä"), "nix-authorize clone '/srv/ä' --introduction " + commit1 + " --signer " + ssh},
	} {
		e := mustParse(t, c.file)[0]
		got := e.CommandLine()
		if got != c.want {
			t.Errorf("%s\ninstead of\n%s", got, c.want)
		}
		out, err := exec.Command("sh", "-c", `printf '%s\n' `+got).Output()
		if words := strings.Split(string(out), "\n"); err != nil || words[2] != e.URL || words[len(words)-2] == "" {
			t.Errorf("a shell reads %q, %v", words, err)
		}
	}
}
