package authfile

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
)

// Whatever a well-formed file looks like, an edit changes what was meant and keeps
// every other line, or is refused.
func FuzzEdit(f *testing.F) {
	example, err := os.ReadFile("../../.nix-authorizations.example")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(commented))
	f.Add([]byte("---\nversion: 1\nkeys:\n-\n  name: a\n  openpgp: " + fpAlice + "\n...\n"))
	f.Add([]byte("? version\n: 1\n? keys\n: - ? name\n    : \"a\"\n    ? openpgp\n    : " + fpBob + "\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		before, err := authz.ParseAuthorizations(authz.NixFormat, content)
		if err != nil {
			return
		}
		e := ssh(t, "somebody else's")
		after, err := Add(content, e)
		if err != nil {
			return
		}
		kept := strings.Split(string(after), "\n")
		for line := range strings.SplitSeq(strings.TrimSuffix(string(content), "\n"), "\n") {
			at := slices.Index(kept, line)
			if at < 0 {
				t.Fatalf("line %q of\n%s\nis lost in\n%s", line, content, after)
			}
			kept = kept[at+1:]
		}
		again, removed, err := Remove(after, e.Name)
		if err != nil || !sameEntry(removed, e) {
			t.Fatalf("removing what was added: %v\n%s", err, after)
		}
		a, err := authz.ParseAuthorizations(authz.NixFormat, again)
		if err != nil || !authz.Compare(before, a).IsEmpty() {
			t.Fatalf("%v\n%s\nbecame\n%s", err, content, again)
		}
	})
}
