package gitwalk

import (
	"strings"
	"testing"
)

func TestParseID(t *testing.T) {
	const digits = "0123456789abcdef0123456789abcdef01234567"
	for _, tt := range []struct {
		name, in string
		ok       bool
	}{
		{"lower case", digits, true},
		{"upper case", strings.ToUpper(digits), true},
		{"zero", strings.Repeat("0", 40), true},
		{"empty", "", false},
		{"39 digits", digits[:39], false},
		{"41 digits", digits + "0", false},
		{"SHA-256", strings.Repeat("0", 64), false},
		{"not hexadecimal", digits[:39] + "g", false},
		{"blank", digits[:39] + " ", false},
		{"newline", digits[:39] + "\n", false},
		{"sign", "-" + digits[:39], false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id, err := ParseID(tt.in)
			if (err == nil) != tt.ok {
				t.Fatalf("error %v", err)
			}
			if tt.ok && id.String() != strings.ToLower(tt.in) {
				t.Errorf("%s became %s", tt.in, id)
			}
			if !tt.ok && !id.IsZero() {
				t.Errorf("an error comes with the id %s", id)
			}
		})
	}
}

func TestIsZero(t *testing.T) {
	if !(ID{}).IsZero() || (ID{19: 1}).IsZero() || (ID{0: 1}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestKinds(t *testing.T) {
	for _, word := range []string{"commit", "tree", "blob", "tag"} {
		if k, ok := ParseKind(word); !ok || k.String() != word {
			t.Errorf("ParseKind(%q) = %v, %t", word, k, ok)
		}
	}
	for _, word := range []string{"", "Commit", "commit ", "ofs-delta"} {
		if k, ok := ParseKind(word); ok || k != 0 {
			t.Errorf("ParseKind(%q) = %v, %t", word, k, ok)
		}
	}
	if s := Kind(9).String(); s == "" || isKind(s) {
		t.Errorf("a kind that does not exist is called %q", s)
	}
}

func isKind(s string) bool { _, ok := ParseKind(s); return ok }

// The ids are those that "git hash-object" gives.
func TestHash(t *testing.T) {
	for _, tt := range []struct {
		kind    Kind
		content string
		want    string
	}{
		{KindBlob, "", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"},
		{KindTree, "", emptyTree},
		{KindBlob, "hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"},
	} {
		id, collision := Hash(tt.kind, []byte(tt.content))
		if id.String() != tt.want || collision {
			t.Errorf("%s %q: %s, collision %t", tt.kind, tt.content, id, collision)
		}
	}
}
