package state

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/private"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

const (
	alice signer.Fingerprint = "2A393FFF68F4EF7A3D2912AF6F5120A022FBB2D5"
	bob   signer.Fingerprint = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

func id(t testing.TB, digit string) gitwalk.ID {
	t.Helper()
	id, err := gitwalk.ParseID(strings.Repeat(digit, 40/len(digit)))
	must(t, err)
	return id
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func aKey(t testing.TB) Key {
	return Key{
		Introduction: authz.Introduction{Commit: id(t, "1"), Signer: alice, Format: authz.NixFormat},
		Remote:       "https://example.org/x", Branch: "main",
	}
}

func aTip(t testing.TB, digit string) Remembered {
	return Remembered{
		Tip: id(t, digit), At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Signer: bob, SignerName: "bob", CommitTime: time.Date(2026, 1, 1, 22, 10, 0, 0, time.UTC),
	}
}

func wantTip(t *testing.T, tip *Tip, want Remembered) {
	t.Helper()
	got, err := tip.Load()
	if err != nil || got == nil || *got != want {
		t.Errorf("loaded %+v, %v instead of %+v", got, err, want)
	}
}

// wantOdd requires an error that says what is odd about the file, has the class
// of what could not be checked, and tells what to do.
func wantOdd(t *testing.T, err error, path, detail string) {
	t.Helper()
	var odd *private.OddError
	if !errors.As(err, &odd) || odd.Path != path || !strings.Contains(odd.Detail, detail) {
		t.Fatalf("error %v instead of %q about %s", err, detail, path)
	}
	wantClass(t, err, "nix-authorize state forget")
}

func wantClass(t *testing.T, err error, hint string) {
	t.Helper()
	var classed *outcome.Error
	if !errors.As(err, &classed) || classed.Class != outcome.Unchecked || classed.Reason != authz.CannotCheck || !strings.Contains(classed.Hint, hint) {
		t.Errorf("%+v has not the class, or not the hint %q", classed, hint)
	}
}

func TestDir(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/nix-authorize"},
		{map[string]string{"HOME": "/h"}, "/h/.local/state/nix-authorize"},
		{map[string]string{"XDG_STATE_HOME": "s", "HOME": "/h"}, "/h/.local/state/nix-authorize"},
		{map[string]string{"HOME": "h"}, ""},
		{nil, ""},
	} {
		got, ok := Dir(func(name string) string { return c.env[name] })
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%v: %q, %t", c.env, got, ok)
		}
	}
}

func TestRememberAndLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	tip := Open(dir, aKey(t))
	if got, err := tip.Load(); got != nil || err != nil {
		t.Errorf("nothing is %+v, %v", got, err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("loading made a directory: %v", err)
	}
	first := aTip(t, "a")
	must(t, tip.Remember(nil, first))
	wantTip(t, tip, first)
	second := aTip(t, "b")
	must(t, tip.Remember(&first, second))
	wantTip(t, tip, second)
	wantTip(t, Open(dir, aKey(t)), second)
}

func TestFile(t *testing.T) {
	tip := Open(t.TempDir(), aKey(t))
	must(t, tip.Remember(nil, aTip(t, "a")))
	content, err := os.ReadFile(tip.Path())
	must(t, err)
	want := `nix-authorize remembered tip 1
introduction 1111111111111111111111111111111111111111
signer 2A393FFF68F4EF7A3D2912AF6F5120A022FBB2D5
authorizations .nix-authorizations
remote "https://example.org/x"
branch "main"
tip aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
verified 2026-01-02T03:04:05Z
tip-signer SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
tip-signer-name "bob"
tip-committed 2026-01-01T22:10:00Z
`
	want += fmt.Sprintf("sum %x\n", sha256.Sum256([]byte(want)))
	if string(content) != want {
		t.Errorf("the file has\n%s", content)
	}
	if filepath.Base(filepath.Dir(tip.Path())) != "tips" || len(filepath.Base(tip.Path())) != 64 {
		t.Errorf("path %s", tip.Path())
	}
	info, err := os.Stat(tip.Path())
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if merge := format(aKey(t), Remembered{Tip: id(t, "a")}); !strings.Contains(merge, "\nverified none\ntip-signer none\ntip-signer-name \"\"\ntip-committed none\nsum ") {
		t.Errorf("of a tip alone the file has\n%s", merge)
	}
}

func TestWhatIsRemembered(t *testing.T) {
	long := strings.Repeat("é", 200)
	for _, c := range []struct {
		name   string
		change func(r *Remembered)
		want   func(r *Remembered) // if it is loaded as something else
	}{
		{"no signer", func(r *Remembered) { r.Signer, r.SignerName = "", "" }, nil},
		{"OpenPGP signer", func(r *Remembered) { r.Signer = alice }, nil},
		{"a name like another line", func(r *Remembered) { r.SignerName = "x\"\ntip-committed none\nsum 0" }, nil},
		{"a name that moves the cursor", func(r *Remembered) { r.SignerName = "\x1b[2J\u202e\x00\x7f" }, nil},
		{"a name that is no UTF-8", func(r *Remembered) { r.SignerName = "\xff\xc0\xaf" }, nil},
		{"a name with a replacement character", func(r *Remembered) { r.SignerName = "\ufffd" }, nil},
		{"a name that is none", func(r *Remembered) { r.SignerName = none }, nil},
		{"a long name", func(r *Remembered) { r.SignerName = long }, nil},
		{"a longer name", func(r *Remembered) { r.SignerName = long + "x" }, func(r *Remembered) { r.SignerName = long }},
		{"an endless name that is no UTF-8", func(r *Remembered) { r.SignerName = strings.Repeat("\xff", 1<<20) },
			func(r *Remembered) { r.SignerName = strings.Repeat("\xff", 200) }},
		{"no date", func(r *Remembered) { r.CommitTime = time.Time{} }, nil},
		{"the epoch", func(r *Remembered) { r.CommitTime = time.Unix(0, 0).UTC() }, nil},
		{"a date of long ago", func(r *Remembered) { r.CommitTime = time.Unix(-1<<62, 0).UTC() }, nil},
		{"a date before year 0", func(r *Remembered) { r.CommitTime = time.Date(-1, 12, 31, 23, 59, 59, 0, time.UTC) }, nil},
		{"the last date of four digits", func(r *Remembered) { r.CommitTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }, nil},
		{"a date of five digits", func(r *Remembered) { r.CommitTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, nil},
		{"the last date", func(r *Remembered) { r.CommitTime = time.Unix(1<<62, 0).UTC() }, nil},
		{"a time with zone and fraction", func(r *Remembered) { r.At = r.At.In(time.FixedZone("", 7200)).Add(999) },
			func(r *Remembered) { r.At = r.At.Add(-999).UTC() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := aTip(t, "a")
			c.change(&r)
			tip := Open(t.TempDir(), aKey(t))
			must(t, tip.Remember(nil, r))
			if c.want != nil {
				c.want(&r)
			}
			wantTip(t, tip, r)
			content, err := os.ReadFile(tip.Path())
			must(t, err)
			if strings.ContainsFunc(string(content), func(c rune) bool { return c != '\n' && (c < ' ' || c > '~') }) {
				t.Errorf("the file has more than printable ASCII:\n%q", content)
			}
		})
	}
}

func TestWhatCannotBeRemembered(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(k *Key, r *Remembered)
	}{
		{"no tip", func(_ *Key, r *Remembered) { r.Tip = gitwalk.ID{} }},
		{"a signer that is none", func(_ *Key, r *Remembered) { r.Signer = "alice" }},
		{"a signer that is not canonical", func(_ *Key, r *Remembered) { r.Signer = signer.Fingerprint(strings.ToLower(string(alice))) }},
		{"no introduction", func(k *Key, _ *Remembered) { k.Introduction = authz.Introduction{} }},
		{"no format", func(k *Key, _ *Remembered) { k.Introduction.Format = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, r := aKey(t), aTip(t, "a")
			c.change(&k, &r)
			dir := t.TempDir()
			if err := Open(dir, k).Remember(nil, r); err == nil {
				t.Error("remembered")
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
				t.Errorf("made %v, %v", entries, err)
			}
		})
	}
	k := aKey(t)
	k.Branch = strings.Repeat("x", maxFile)
	if err := Open(t.TempDir(), k).Remember(nil, aTip(t, "a")); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("an endless branch: %v", err)
	}
}

func TestEachKeyHasItsOwnFile(t *testing.T) {
	dir := t.TempDir()
	keys := []func(k *Key){
		func(*Key) {},
		func(k *Key) { k.Introduction.Commit = id(t, "2") },
		func(k *Key) { k.Introduction.Signer = bob },
		func(k *Key) { k.Introduction.Format = authz.GuixFormat },
		func(k *Key) { k.Remote = "https://example.org/y" },
		func(k *Key) { k.Branch = "master" },
		func(k *Key) { k.Branch = "main\"\ntip x" },
		func(k *Key) { k.Remote, k.Branch = "https://example.org/x\"\nbranch \"main", "" },
	}
	for i, change := range keys {
		k := aKey(t)
		change(&k)
		must(t, Open(dir, k).Remember(nil, aTip(t, string("0123456789abcdef"[i+1]))))
	}
	for i, change := range keys {
		k := aKey(t)
		change(&k)
		wantTip(t, Open(dir, k), aTip(t, string("0123456789abcdef"[i+1])))
	}
	full := aKey(t)
	full.Branch = "refs/heads/main"
	if Open(dir, full).Path() != Open(dir, aKey(t)).Path() || Open(dir, full).Key() != aKey(t) {
		t.Error("the full name of a branch has another file")
	}
}

// Nothing but the very bytes that were written is a tip, and nothing else is
// taken for "nothing is remembered".
func TestDamage(t *testing.T) {
	tip := Open(t.TempDir(), aKey(t))
	must(t, tip.Remember(nil, aTip(t, "a")))
	content, err := os.ReadFile(tip.Path())
	must(t, err)
	refused := func(what string, changed []byte) {
		t.Helper()
		if got, err := tip.parsed(changed, nil); got != nil || !errors.As(err, new(*private.OddError)) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	for i := range content {
		refused("cut", content[:i])
		for _, c := range []byte{content[i] ^ 1, content[i] ^ 0x20, content[i] + 1, 0, '\n', '"'} {
			if c != content[i] {
				changed := append([]byte(nil), content...)
				changed[i] = c
				refused("changed", changed)
			}
		}
	}
	refused("zeros, as after a crash", make([]byte, len(content)))
	refused("more", append(append([]byte(nil), content...), '\n'))
	refused("twice", append(append([]byte(nil), content...), content...))
	if got, err := tip.parsed(content, nil); err != nil || *got != aTip(t, "a") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFilesThatCannotBeBelieved(t *testing.T) {
	for _, c := range []struct {
		name, detail string
		make         func(t *testing.T, dir, path string)
	}{
		{"empty", "holds no remembered tip", func(t *testing.T, _, path string) { must(t, os.WriteFile(path, nil, 0o600)) }},
		{"something else", "holds no remembered tip", func(t *testing.T, _, path string) {
			must(t, os.WriteFile(path, []byte("nothing\n"), 0o600))
		}},
		{"a later version", "another version", func(t *testing.T, _, path string) {
			must(t, os.WriteFile(path, []byte("nix-authorize remembered tip 2\nx\n"), 0o600))
		}},
		{"another key's", "is for another introduction, remote or branch", func(t *testing.T, dir, path string) {
			k := aKey(t)
			k.Branch = "old"
			other := Open(dir, k)
			must(t, other.Remember(nil, aTip(t, "e")))
			must(t, os.Rename(other.Path(), path))
		}},
		{"too large", "is larger than", func(t *testing.T, _, path string) {
			must(t, os.WriteFile(path, make([]byte, maxFile+1), 0o600))
		}},
		{"readable by others", "can be read or written by others", func(t *testing.T, _, path string) { must(t, os.Chmod(path, 0o644)) }},
		{"writable by others", "can be read or written by others", func(t *testing.T, _, path string) { must(t, os.Chmod(path, 0o622)) }},
		{"fifo", "is not a regular file", func(t *testing.T, _, path string) {
			must(t, os.Remove(path))
			must(t, unix.Mkfifo(path, 0o600))
		}},
		{"link", "is a symbolic link", func(t *testing.T, _, path string) {
			must(t, os.Rename(path, path+".old"))
			must(t, os.Symlink(path+".old", path))
		}},
		{"link to nothing", "is a symbolic link", func(t *testing.T, _, path string) {
			must(t, os.Remove(path))
			must(t, os.Symlink("nothing", path))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			tip := Open(dir, aKey(t))
			must(t, tip.Remember(nil, aTip(t, "a")))
			c.make(t, dir, tip.Path())
			before, err := os.Lstat(tip.Path())
			must(t, err)

			_, err = tip.Load()
			wantOdd(t, err, tip.Path(), c.detail)
			old := aTip(t, "a")
			wantOdd(t, tip.Remember(&old, aTip(t, "b")), tip.Path(), c.detail)
			wantOdd(t, tip.Remember(nil, aTip(t, "b")), tip.Path(), c.detail)
			if after, err := os.Lstat(tip.Path()); err != nil || !os.SameFile(before, after) {
				t.Errorf("remembering changed it, %v", err)
			}

			if found, err := tip.Forget(); !found || err != nil {
				t.Errorf("forgotten: %t, %v", found, err)
			}
			if got, err := tip.Load(); got != nil || err != nil {
				t.Errorf("after forgetting: %+v, %v", got, err)
			}
			must(t, tip.Remember(nil, aTip(t, "b")))
			wantTip(t, tip, aTip(t, "b"))
		})
	}
}

func TestFolderThatCannotBeBelieved(t *testing.T) {
	dir := t.TempDir()
	tip := Open(dir, aKey(t))
	must(t, tip.Remember(nil, aTip(t, "a")))
	must(t, os.Chmod(filepath.Dir(tip.Path()), 0o777))
	_, err := tip.Load()
	wantOdd(t, err, filepath.Dir(tip.Path()), "can be written by others")
}

func TestNoPlaceForState(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	tip := Open(file, aKey(t))
	for what, err := range map[string]error{
		"load":     func() error { _, err := tip.Load(); return err }(),
		"remember": tip.Remember(nil, aTip(t, "a")),
		"forget":   func() error { _, err := tip.Forget(); return err }(),
		"list":     func() error { _, err := List(file); return err }(),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
			continue
		}
		wantClass(t, err, "XDG_STATE_HOME")
	}
}

func TestForget(t *testing.T) {
	dir := t.TempDir()
	tip := Open(dir, aKey(t))
	if found, err := tip.Forget(); found || err != nil {
		t.Errorf("nothing: %t, %v", found, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("made %v, %v", entries, err)
	}
	must(t, tip.Remember(nil, aTip(t, "a")))
	if found, err := tip.Forget(); !found || err != nil {
		t.Errorf("something: %t, %v", found, err)
	}
	if got, err := tip.Load(); got != nil || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}
