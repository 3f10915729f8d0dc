package shell

import "testing"

func TestLine(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"git", "push", "origin", "main"}, "git push origin main"},
		{[]string{"trust", "SHA256:a+b/c="}, "trust SHA256:a+b/c="},
		{[]string{"", "it's", "$(x)", "a b", "*", "~", "ü", "a;b"}, `'' 'it'\''s' '$(x)' 'a b' '*' '~' 'ü' 'a;b'`},
	} {
		if got := Line(c.words...); got != c.want {
			t.Errorf("%q is %s instead of %s", c.words, got, c.want)
		}
	}
}
