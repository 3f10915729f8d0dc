package gitwalk

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// rawTree makes a tree of entries that are written "MODE NAME".
func rawTree(rows ...string) []byte {
	var raw []byte
	for i, row := range rows {
		id := ID{byte(i + 1)}
		raw = append(raw, row...)
		raw = append(raw, 0)
		raw = append(raw, id[:]...)
	}
	return raw
}

func TestParseTree(t *testing.T) {
	rows := []string{
		"100644 .gitattributes", "100755 a", "40000 a-b", "100644 a.b", "100664 a0",
		"120000 lib-link", "40000 lib", "160000 lib0", "100644 \xff", "40000 \xff\xff",
	}
	tree, err := ParseTree(ID{}, rawTree(rows...))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for e := range tree.Entries() {
		got = append(got, fmt.Sprintf("%o %s", uint32(e.Mode), e.Name))
		if e.ID != (ID{byte(len(got))}) {
			t.Errorf("%s has id %s", e.Name, e.ID)
		}
		if found, ok := tree.Entry(e.Name); !ok || found != e {
			t.Errorf("Entry(%q) = %+v, %t", e.Name, found, ok)
		}
	}
	if !slices.Equal(got, rows) {
		t.Errorf("entries %q", got)
	}
	for _, name := range []string{"", "A", "a-", "lib/", "lib-", ".git", "\xff\xff\xff", "a\x00"} {
		if e, ok := tree.Entry(name); ok {
			t.Errorf("Entry(%q) = %+v", name, e)
		}
	}
	for e := range tree.Entries() {
		if e.Name != ".gitattributes" {
			t.Error("the loop goes on after break")
		}
		break
	}
}

func TestEmptyTree(t *testing.T) {
	for _, raw := range [][]byte{nil, {}} {
		tree, err := ParseTree(ID{}, raw)
		if err != nil {
			t.Fatal(err)
		}
		for e := range tree.Entries() {
			t.Errorf("entry %+v", e)
		}
	}
}

func TestMalformedTrees(t *testing.T) {
	const cut = "an entry is cut short or has a mode that git does not write"
	whole := rawTree("100644 a")
	for _, tt := range []struct {
		name   string
		raw    []byte
		detail string
	}{
		{"mode with a leading zero", rawTree("040000 a"), cut},
		{"mode 100600", rawTree("100600 a"), cut},
		{"mode 0", rawTree("0 a"), cut},
		{"mode that is no number", rawTree("10064x a"), cut},
		{"long mode", rawTree("0100644 a"), cut},
		{"no mode", rawTree(" a"), cut},
		{"no blank", rawTree("100644"), cut},
		{"two blanks", rawTree("100644  a", "100644  a"), `" a" is repeated`},
		{"id cut short", whole[:len(whole)-1], cut},
		{"no id", whole[:9], cut},
		{"no NUL", whole[:8], cut},
		{"mode alone", whole[:7], cut},
		{"a byte behind", append(slices.Clone(whole), '1'), cut},
		{"zeros behind", append(slices.Clone(whole), make([]byte, 30)...), cut},
		{"empty name", rawTree("100644 "), "an entry has an empty name"},
		{"empty name of a directory", rawTree("40000 "), "an entry has an empty name"},
		{"slash", rawTree("100644 a/b"), `"a/b" has a slash`},
		{"leading slash", rawTree("100644 /a"), `"/a" has a slash`},
		{"dot", rawTree("40000 ."), `"." has a name that git reserves`},
		{"dot dot", rawTree("40000 .."), `".." has a name that git reserves`},
		{".git directory", rawTree("40000 .git"), `".git" has a name that git reserves`},
		{".git file", rawTree("100644 .git"), `".git" has a name that git reserves`},
		{".git link", rawTree("120000 .git"), `".git" has a name that git reserves`},
		{".GIT", rawTree("40000 .GIT"), `".GIT" has a name that git reserves`},
		{".Git", rawTree("40000 .gIt"), `".gIt" has a name that git reserves`},
		{"twice", rawTree("100644 a", "100644 a"), `"a" is repeated or out of order`},
		{"directory twice", rawTree("40000 a", "40000 a"), `"a" is repeated or out of order`},
		{"twice with other modes", rawTree("100644 a", "120000 a"), `"a" is repeated or out of order`},
		{"out of order", rawTree("100644 b", "100644 a"), `"a" is repeated or out of order`},
		{"prefix out of order", rawTree("100644 ab", "100644 a"), `"a" is repeated or out of order`},
		{"directory sorted as a file", rawTree("40000 a", "100644 a-b"), `"a-b" is repeated or out of order`},
		{"file sorted as a directory", rawTree("100644 a.b", "100644 a"), `"a" is repeated or out of order`},
		{"file and directory", rawTree("100644 a", "40000 a"), `"a" is both a file and a directory`},
		{"submodule and directory", rawTree("160000 a", "40000 a"), `"a" is both a file and a directory`},
		{"file and directory apart", rawTree("100644 a", "100644 a-", "40000 a-b", "120000 a.b", "40000 a"), `"a" is both a file and a directory`},
		{"file and directory within another pair", rawTree("100644 a", "100644 a-", "100644 a--", "40000 a-", "40000 b"), `"a-" is both a file and a directory`},
		{"directory and file", rawTree("40000 a", "100644 a"), `"a" is repeated or out of order`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := ID{5}
			_, err := ParseTree(id, tt.raw)
			var malformed *MalformedError
			if !errors.As(err, &malformed) || malformed.ID != id || malformed.Kind != KindTree || malformed.Line != 0 {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(malformed.Detail, tt.detail) {
				t.Errorf("detail %s", malformed.Detail)
			}
		})
	}
}

// Names that only look like others are names of their own.
func TestTreesThatAreFine(t *testing.T) {
	for _, rows := range [][]string{
		{"100644 ...", "40000 ..git", "100644 .gitmodules", "100644 .git\u200c", "100644 git~1"},
		{"100644 .NIX-authorizations", "100644 .nix-authorizations", "100644 .nix-authorizations\u200b"},
		{"100644 a", "40000 a-", "100644 a.", "100644 a0"},
		{"100644 a-", "40000 a", "100644 aa"},
		{"100644 " + strings.Repeat("x", 100<<10)},
		{"100644 \x1b[2J\n"},
	} {
		if _, err := ParseTree(ID{}, rawTree(rows...)); err != nil {
			t.Errorf("%q: %v", rows, err)
		}
	}
}

func TestModes(t *testing.T) {
	for mode, want := range map[Mode]struct {
		is   string
		file bool
	}{
		ModeTree:          {"directory", false},
		ModeFile:          {"file", true},
		ModeGroupWritable: {"file", true},
		ModeExecutable:    {"executable file", true},
		ModeSymlink:       {"symbolic link", false},
		ModeGitlink:       {"submodule", false},
		0o1234:            {"entry of mode 1234", false},
		0:                 {"entry of mode 0", false},
	} {
		if mode.String() != want.is || mode.IsFile() != want.file {
			t.Errorf("%o is %s, file %t", uint32(mode), mode, mode.IsFile())
		}
	}
}

// The checker sees one entry at a time. It must agree with a judge who has all
// names at once: sorted as Git sorts, and each name once.
func TestParseTreeAgainstAllNames(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	accepted := 0
	for range 10_000 {
		rows := make([]modeName, 1+rng.IntN(7))
		for i := range rows {
			rows[i] = randomRow(rng)
		}
		if rng.IntN(8) > 0 {
			slices.SortFunc(rows, func(a, b modeName) int { return cmp.Compare(a.key(), b.key()) })
		}
		var lines []string
		names := make(map[string]bool)
		for _, r := range rows {
			names[r.name] = true
			lines = append(lines, r.mode+" "+r.name)
		}
		sorted := slices.IsSortedFunc(rows, func(a, b modeName) int { return cmp.Compare(a.key(), b.key()) })
		want := sorted && len(names) == len(rows)
		_, err := ParseTree(ID{}, rawTree(lines...))
		if (err == nil) != want {
			t.Fatalf("%q: error %v, want acceptance %t", lines, err, want)
		}
		if want {
			accepted++
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d trees were accepted: the test tests little", accepted)
	}
}

type modeName struct{ mode, name string }

// key is what Git sorts by.
func (r modeName) key() string {
	if r.mode == "40000" {
		return r.name + "/"
	}
	return r.name
}

func randomRow(rng *rand.Rand) modeName {
	const letters = "a-0"
	r := modeName{mode: []string{"40000", "100644", "160000"}[rng.IntN(3)]}
	for range 1 + rng.IntN(3) {
		r.name += string(letters[rng.IntN(len(letters))])
	}
	return r
}

func FuzzParseTree(f *testing.F) {
	f.Add(rawTree("100644 a", "40000 b", "120000 c", "160000 d"))
	f.Add(rawTree("100644 a", "100644 a-", "40000 a"))
	f.Add(rawTree("100664 a", "40000 a-b"))
	f.Add([]byte("100644 a\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tree, err := ParseTree(ID{}, raw)
		if err != nil {
			return
		}
		var again []byte
		names := make(map[string]bool)
		for e := range tree.Entries() {
			again = append(again, fmt.Sprintf("%o %s\x00%s", uint32(e.Mode), e.Name, e.ID[:])...)
			if names[e.Name] || e.Name == "" || strings.ContainsAny(e.Name, "/\x00") {
				t.Errorf("name %q", e.Name)
			}
			names[e.Name] = true
			if found, ok := tree.Entry(e.Name); !ok || found != e {
				t.Errorf("Entry(%q) = %+v, %t", e.Name, found, ok)
			}
		}
		if string(again) != string(raw) {
			t.Errorf("read  %q\nwrote %q", raw, again)
		}
	})
}
