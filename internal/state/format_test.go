package state

import (
	"strings"
	"testing"
	"time"
)

// Whatever is accepted is what format writes of it.
func FuzzParse(f *testing.F) {
	for _, r := range []Remembered{aTip(f, "a"), {Tip: numbered(1)}, {Tip: numbered(2), SignerName: "\xff\u202e", CommitTime: time.Unix(1<<60, 0)}} {
		f.Add(format(aKey(f), r))
	}
	f.Add(header + "introduction " + strings.Repeat("0", 40) + "\nsigner none\n")
	f.Fuzz(func(t *testing.T, content string) {
		body, _, _ := strings.Cut(content, "sum ")
		for _, content := range []string{content, body + "sum " + digest(body) + "\n"} { // nothing else would get past the sum
			l := &lines{rest: strings.TrimPrefix(content, header)}
			name := l.key().fileName()
			k, r, err := parse(name, content)
			if (err == nil) != (r != nil) {
				t.Errorf("%q is both %+v and %v", content, r, err)
			}
			if err == nil && (k.fileName() != name || format(k, *r) != content) {
				t.Errorf("%q is read as %q", content, format(k, *r))
			}
		}
	})
}
