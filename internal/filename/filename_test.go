package filename

import (
	"regexp"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

func TestOf(t *testing.T) {
	for name, want := range map[string]string{
		"alice": "alice", "Alice Example": "alice-example", "a/../b": "a-..-b", "-rf": "rf", ".git": "git", "..": "key",
		"": "key", "中文": "key", "é x": "x", "a\x00b": "a-b", "CON.": "con", "a  &  b": "a-b",
		strings.Repeat("x", 100): strings.Repeat("x", 60),
	} {
		if got := Of(name); got != want {
			t.Errorf("%q is %q instead of %q", name, got, want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("Alice Example", "SHA256:H12uW+Me0V0y0P/4bRTs/0MVbqwwjVu6ipd4YjuoZZs")
	f.Add("../x", "2A393FFF68F4EF7A3D2912AF6F5120A022FBB2D5")
	safe := regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	f.Fuzz(func(t *testing.T, name, key string) {
		if got := Of(name); !safe.MatchString(got) || len(got) > most {
			t.Errorf("%q is %q", name, got)
		}
		if key, err := signer.ParseFingerprint(key); err == nil {
			if got := With(name, key); !safe.MatchString(strings.ToLower(got)) {
				t.Errorf("%q with %s is %q", name, key, got)
			}
		}
	})
}
