package authz

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Keys that the tests list.
const (
	fpAlice = "2A393FFF68F4EF7A3D2912AF6F5120A022FBB2D5"
	fpForge = "968479A1AFF927E37D1A566BB5690EEEBB952194"
	fpLong  = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

	sshBob = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILxwqw223c4ap7hTfC1ZqKIyWpOSPqFWRZBiPbbskfNv"
	fpBob  = "SHA256:epoo/l4PQvoOig5WY786u62fYUyaA+1Fvc/tpmKh42Q" // from ssh-keygen -l
)

// A refusal is a file with a "‸" in front of what is wrong, and parts of the
// error that it must meet with.
type refusal struct {
	name, file       string
	detail, expected string
}

func (r refusal) test(t *testing.T, f Format) {
	t.Helper()
	before, _, marked := strings.Cut(r.file, "‸")
	if !marked {
		t.Fatal("the case has no mark")
	}
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])

	a, err := ParseAuthorizations(f, []byte(strings.Replace(r.file, "‸", "", 1)))
	if a != nil {
		t.Errorf("accepted: %+v", a.Entries())
	}
	var e *SyntaxError
	if !errors.As(err, &e) {
		t.Fatalf("error is %T %v", err, err)
	}
	if e.Line != line || e.Column != column {
		t.Errorf("error at %d:%d instead of %d:%d: %v", e.Line, e.Column, line, column, e)
	}
	if !strings.Contains(e.Detail, r.detail) || !strings.Contains(e.Expected, r.expected) || e.Expected == "" {
		t.Errorf("error %q\nhas not detail %q and expected %q", e, r.detail, r.expected)
	}
}

func mustParse(t testing.TB, f Format, content string) *Authorizations {
	t.Helper()
	a, err := ParseAuthorizations(f, []byte(content))
	if err != nil {
		t.Fatalf("%v in\n%s", err, content)
	}
	return a
}

func TestParseFormat(t *testing.T) {
	for _, f := range []Format{NixFormat, GuixFormat} {
		if got, err := ParseFormat(f.FileName()); got != f || err != nil {
			t.Errorf("ParseFormat(%q) = %q, %v", f.FileName(), got, err)
		}
	}
	for _, name := range []string{"", "nix-authorizations", ".NIX-authorizations", ".nix-authorizations ", "./.nix-authorizations", ".nix\u200b-authorizations"} {
		_, err := ParseFormat(name)
		if err == nil || !strings.Contains(err.Error(), `expected ".nix-authorizations" or ".guix-authorizations"`) {
			t.Errorf("ParseFormat(%q): %v", name, err)
		}
	}
	_, err := ParseAuthorizations(".other", nil)
	if e := (*SyntaxError)(nil); !errors.As(err, &e) {
		t.Errorf("unknown format: %v", err)
	}
}

func TestRightString(t *testing.T) {
	for r, want := range map[Right]string{
		0: "nothing", RightCommit: "commit", RightMerge | RightAuthorize: "merge, authorize", allRights: "commit, merge, authorize",
	} {
		if got := r.String(); got != want {
			t.Errorf("%d is %q instead of %q", r, got, want)
		}
	}
}

func TestSyntaxErrorText(t *testing.T) {
	_, err := ParseAuthorizations(NixFormat, []byte("version: 1\nkeys:\n  - keyz: x\n"))
	const want = `line 3, column 5: unknown field "keyz"; expected one of name, openpgp, ssh, may, paths`
	if err.Error() != want {
		t.Errorf("%v\ninstead of\n%s", err, want)
	}
}

func TestMatch(t *testing.T) {
	const nix = "version: 1\nkeys:\n  - {name: first, openpgp: " + fpForge + "}\n" +
		"  - {name: alice, openpgp: " + fpAlice + "}\n  - {name: bob, ssh: " + sshBob + "}\n"
	const guix = `(authorizations (version 0) (("` + fpForge + `" (name "first")) ("` + fpAlice + `" (name "alice")) ("12")))`
	for _, c := range []struct {
		name      string
		id        *signer.Identity
		nix, guix string // the name of the entry that matches, or none
	}{
		{"exact", &signer.Identity{Key: fpAlice}, "alice", "alice"},
		{"exact, ssh", &signer.Identity{Key: fpBob}, "bob", ""},
		{"unlisted", &signer.Identity{Key: fpLong}, "", ""},
		{"subkey of a listed primary", &signer.Identity{Key: fpLong, Primaries: []signer.Fingerprint{fpAlice}}, "alice", ""},
		{"subkey of two listed primaries, in the order of the file",
			&signer.Identity{Key: fpLong, Primaries: []signer.Fingerprint{fpAlice, fpForge}}, "first", ""},
		{"exact before primary", &signer.Identity{Key: fpAlice, Primaries: []signer.Fingerprint{fpForge}}, "alice", "alice"},
		{"subkey of an unlisted primary", &signer.Identity{Key: fpLong, Primaries: []signer.Fingerprint{"12"}}, "", ""},
		{"lower case is no fingerprint", &signer.Identity{Key: signer.Fingerprint(strings.ToLower(fpAlice))}, "", ""},
		{"long key id", &signer.Identity{Key: signer.Fingerprint(fpAlice[24:])}, "", ""},
		{"no key", &signer.Identity{Primaries: []signer.Fingerprint{""}}, "", ""},
		{"no identity", nil, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range []struct {
				a    *Authorizations
				want string
			}{{mustParse(t, NixFormat, nix), c.nix}, {mustParse(t, GuixFormat, guix), c.guix}} {
				if e, ok := f.a.Match(c.id); e.Name != f.want || ok != (f.want != "") {
					t.Errorf("%s: matched %q, %v instead of %q", f.a.Format, e.Name, ok, f.want)
				}
			}
		})
	}
}

func TestEntriesAreACopy(t *testing.T) {
	a := mustParse(t, NixFormat, nixWith("  - {name: p, openpgp: "+fpLong+", paths: [a]}\n"))
	e := a.Entries()
	e[1].Paths[0], e[0].Rights, e[0].Key = "b", 0, fpForge
	if again := a.Entries(); again[1].Paths[0] != "a" || again[0].Rights != allRights || again[0].Key != fpAlice {
		t.Errorf("a caller changed %+v", again)
	}
	if _, ok := a.Match(&signer.Identity{Key: fpForge}); ok {
		t.Error("a caller changed who matches")
	}
}

// equalEntries compares all of two lists but where their entries stand.
func equalEntries(a, b []Entry) bool {
	return slices.EqualFunc(a, b, func(x, y Entry) bool {
		return x.Name == y.Name && x.Key == y.Key && x.SSHKey == y.SSHKey && x.Rights == y.Rights && slices.Equal(x.Paths, y.Paths)
	})
}
