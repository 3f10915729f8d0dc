package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
)

var introduction = authz.Introduction{
	Commit: gitwalk.ID{1}, Signer: "BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA", Format: authz.NixFormat,
}

// fresh is a cache in a directory that does not exist yet.
func fresh(t *testing.T) *Cache {
	return Open(filepath.Join(t.TempDir(), "a", "cache"), introduction, nil)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantTips(t *testing.T, c *Cache, want ...gitwalk.ID) {
	t.Helper()
	if got := c.Tips(); !slices.Equal(got, want) {
		t.Errorf("tips %v instead of %v", got, want)
	}
}

// tips are n different ids.
func tips(n int) []gitwalk.ID {
	ids := make([]gitwalk.ID, n)
	for i := range ids {
		ids[i] = gitwalk.ID{0xaa, byte(i)}
	}
	return ids
}

func TestAdd(t *testing.T) {
	c := fresh(t)
	ids := tips(most + 3)
	wantTips(t, c)
	must(t, c.Add(ids[0]))
	wantTips(t, c, ids[0])
	must(t, c.Add(ids[1]))
	wantTips(t, c, ids[1], ids[0])
	must(t, c.Add(ids[1]))
	wantTips(t, c, ids[1], ids[0])
	must(t, c.Add(ids[0]))
	wantTips(t, c, ids[0], ids[1])
	for _, id := range ids {
		must(t, c.Add(id))
	}
	slices.Reverse(ids)
	wantTips(t, c, ids[:most]...)
	wantTips(t, Open(filepath.Dir(c.file.Path), introduction, nil), ids[:most]...)
}

func TestNoCache(t *testing.T) {
	var c *Cache
	if err := c.Add(gitwalk.ID{1}); err != nil {
		t.Error(err)
	}
	wantTips(t, c)
}

func TestFilesArePrivate(t *testing.T) {
	c := fresh(t)
	must(t, c.Add(gitwalk.ID{1}))
	for path, want := range map[string]os.FileMode{filepath.Dir(c.file.Path): os.ModeDir | 0o700, c.file.Path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, error %v", path, info.Mode(), err)
		}
	}
}

func TestOpenTouchesNothing(t *testing.T) {
	c := fresh(t)
	c.Tips()
	if _, err := os.Stat(filepath.Dir(c.file.Path)); err == nil {
		t.Error("the directory was made")
	}
}

// What one policy has found authentic says nothing under another.
func TestKeyDependsOnEverything(t *testing.T) {
	with := func(change func(*authz.Introduction)) authz.Introduction {
		changed := introduction
		change(&changed)
		return changed
	}
	dir := filepath.Join(t.TempDir(), "cache")
	caches := map[string]*Cache{
		"":                        Open(dir, introduction, nil),
		"commit":                  Open(dir, with(func(i *authz.Introduction) { i.Commit[19]++ }), nil),
		"signer":                  Open(dir, with(func(i *authz.Introduction) { i.Signer = "0BB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA" }), nil),
		"SSH signer":              Open(dir, with(func(i *authz.Introduction) { i.Signer = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU" }), nil),
		"format":                  Open(dir, with(func(i *authz.Introduction) { i.Format = authz.GuixFormat }), nil),
		"historical":              Open(dir, introduction, []byte("text")),
		"other historical":        Open(dir, introduction, []byte("texT")),
		"empty historical":        Open(dir, introduction, []byte{}),
		"historical and a signer": Open(dir, with(func(i *authz.Introduction) { i.Signer = "0BB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA" }), []byte("text")),
	}
	paths := make(map[string]string)
	for name, c := range caches {
		if other, ok := paths[c.file.Path]; ok {
			t.Errorf("%q and %q have the same file", name, other)
		}
		paths[c.file.Path] = name
	}
	c := caches[""]
	must(t, c.Add(gitwalk.ID{7}))
	content, err := os.ReadFile(c.file.Path)
	must(t, err)
	for name, other := range caches {
		if other == c {
			continue
		}
		wantTips(t, other)
		must(t, os.WriteFile(other.file.Path, content, 0o600))
		if got := other.Tips(); got != nil {
			t.Errorf("%s: believes a file of another policy: %v", name, got)
		}
	}
	if again := Open(dir, introduction, nil); again.file.Path != c.file.Path {
		t.Error("the same policy has another file")
	}
}

// The header and body of a file. If this changes, so must the engine's version, or old
// caches are lost for nothing.
func TestFormatIsStable(t *testing.T) {
	c := Open("/cache", introduction, nil)
	want := "nix-authorize cache of authentic commits\n" + c.key + "\n" +
		"0200000000000000000000000000000000000000\n0300000000000000000000000000000000000000\nend\n"
	if got := string(c.format([]gitwalk.ID{{2}, {3}})); got != want || len(c.key) != 64 || c.file.Path != "/cache/"+c.key {
		t.Errorf("%s: %q", c.file.Path, got)
	}
}

func TestDir(t *testing.T) {
	for _, tt := range []struct{ xdg, home, want string }{
		{"/xdg", "/home/ada", "/xdg/nix-authorize"},
		{"", "/home/ada", "/home/ada/.cache/nix-authorize"},
		{"relative", "/home/ada", "/home/ada/.cache/nix-authorize"},
		{"", "", ""},
		{"", "relative", ""},
		{"relative", "", ""},
	} {
		dir, ok := Dir(func(name string) string {
			return map[string]string{"XDG_CACHE_HOME": tt.xdg, "HOME": tt.home}[name]
		})
		if dir != tt.want || ok != (tt.want != "") {
			t.Errorf("%+v: %q, %t", tt, dir, ok)
		}
	}
}

// Every file that is not exactly as it was written counts as absent, and what it
// says gets into none that is written later.
func TestDamagedContent(t *testing.T) {
	c := fresh(t)
	ids := tips(3)
	for _, id := range ids {
		must(t, c.Add(id))
	}
	good, err := os.ReadFile(c.file.Path)
	must(t, err)
	damaged := map[string][]byte{
		"empty":           {},
		"text behind":     append(slices.Clone(good), "x"...),
		"twice":           append(slices.Clone(good), good...),
		"line of another": bytes.Replace(good, []byte("end\n"), []byte("x\nend\n"), 1),
		"no end":          bytes.Replace(good, []byte("end\n"), nil, 1),
		"CR LF":           bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")),
		"upper case":      bytes.ReplaceAll(good, []byte("aa"), []byte("AA")),
		"too many":        c.format(tips(most + 1)),
		"too large":       bytes.Repeat([]byte("x"), maxFile+1),
		"zeros":           make([]byte, len(good)),
	}
	for i := range good {
		damaged["cut short"] = good[:i]
		flipped := slices.Clone(good)
		flipped[i] ^= 0x80
		damaged["bit flipped"] = flipped
		for name, content := range damaged {
			must(t, os.WriteFile(c.file.Path, content, 0o600))
			if got := c.Tips(); got != nil {
				t.Fatalf("%s at %d: believed %v", name, i, got)
			}
		}
		if i == 0 {
			for name, content := range damaged {
				must(t, os.WriteFile(c.file.Path, content, 0o600))
				must(t, c.Add(gitwalk.ID{9}))
				if got := c.Tips(); !slices.Equal(got, []gitwalk.ID{{9}}) {
					t.Errorf("%s: rebuilt as %v", name, got)
				}
			}
			damaged = make(map[string][]byte)
		}
	}
	must(t, os.WriteFile(c.file.Path, good, 0o600))
	wantTips(t, c, ids[2], ids[1], ids[0])
}

func TestEmptyListIsNothing(t *testing.T) {
	c := fresh(t)
	if got := c.parse(string(c.format(nil))); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := c.parse(strings.Repeat("x", 10)); got != nil {
		t.Errorf("%v", got)
	}
}
