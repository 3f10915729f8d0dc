package authfile

import (
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
)

func TestFromGuix(t *testing.T) {
	guix := `(authorizations
 (version 0)
 (("` + fpAlice + `" (name "alice"))
  ("` + fpBob + `" (name "alice"))
  ("` + strings.ToLower(fpAlice) + `" (name "again"))
  ("AB" (name "short"))
  ("` + fpCarol + `")
  ("1111111111111111111111111111111111111111" (name "e\x1b[31m"))))
`
	content, changed, err := FromGuix([]byte(guix))
	if err != nil {
		t.Fatal(err)
	}
	a, err := authz.ParseAuthorizations(authz.NixFormat, content)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range a.Entries() {
		names = append(names, e.Name)
	}
	if want := []string{"alice", "alice 2", "key A33A54FA", "e[31m"}; !slices.Equal(names, want) {
		t.Errorf("names %q instead of %q", names, want)
	}
	want := []string{
		`line 4: "alice" is called "alice 2"`,
		"line 5: left out, since line 3 lists the same key",
		"line 6: left out, since no key has a fingerprint of so many digits",
		`line 7: "" is called "key A33A54FA"`,
		`line 8: "e\x1b[31m" is called "e[31m"`,
	}
	if !slices.Equal(changed, want) {
		t.Errorf("changed:\n%s\ninstead of\n%s", strings.Join(changed, "\n"), strings.Join(want, "\n"))
	}
}

func TestFromGuixRefused(t *testing.T) {
	for _, text := range []string{"", "(authorizations (version 1) ())", "(authorizations (version 0) ())", `(authorizations (version 0) (("AB")))`} {
		if content, _, err := FromGuix([]byte(text)); err == nil {
			t.Errorf("%q became\n%s", text, content)
		}
	}
}

func TestLongNamesStayUnique(t *testing.T) {
	long := strings.Repeat("ü", 150)
	guix := `(authorizations (version 0) (("` + fpAlice + `" (name "` + long + `")) ("` + fpBob + `" (name "` + long + `"))))`
	if _, changed, err := FromGuix([]byte(guix)); err != nil || len(changed) != 2 {
		t.Errorf("%v, %q", err, changed)
	}
}
