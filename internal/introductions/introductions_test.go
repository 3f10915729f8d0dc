package introductions

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/private"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newPaths are two files in directories of their own, with the content that is
// not empty.
func newPaths(t *testing.T, user, system string) Paths {
	t.Helper()
	dir := t.TempDir()
	paths := Paths{filepath.Join(dir, "user", "introductions.yaml"), filepath.Join(dir, "system", "introductions.yaml")}
	for path, content := range map[string]string{paths.User: user, paths.System: system} {
		if content != "" {
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, os.WriteFile(path, []byte(content), 0o600))
		}
	}
	return paths
}

func wantUsage(t *testing.T, err error, hint string) {
	t.Helper()
	var classed *outcome.Error
	if !errors.As(err, &classed) || classed.Class != outcome.Usage || !strings.Contains(classed.Hint, hint) {
		t.Errorf("%#v is no usage error with the hint %q", err, hint)
	}
}

func TestDefaultPaths(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		user string
	}{
		{map[string]string{"XDG_CONFIG_HOME": "/c", "HOME": "/h"}, "/c/nix-authorize/introductions.yaml"},
		{map[string]string{"HOME": "/h"}, "/h/.config/nix-authorize/introductions.yaml"},
		{map[string]string{"XDG_CONFIG_HOME": "c", "HOME": "/h"}, "/h/.config/nix-authorize/introductions.yaml"},
		{map[string]string{"HOME": "h"}, ""},
		{nil, ""},
	} {
		got := DefaultPaths(func(name string) string { return c.env[name] })
		if got.User != c.user || got.System != "/etc/nix-authorize/introductions.yaml" {
			t.Errorf("%v: %+v", c.env, got)
		}
	}
}

func names(entries []Entry) string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Name+"@"+filepath.Base(filepath.Dir(e.File)))
	}
	return strings.Join(names, " ")
}

func entry(name, url, branch string) string {
	out := name + ":\n  url: " + url + "\n  introduction: " + commit1 + "\n  signer: " + ssh + "\n"
	if branch != "" {
		out += "  branch: " + branch + "\n"
	}
	return out
}

func TestLoad(t *testing.T) {
	user := entry("a", "https://h/x", "") + entry("b", "https://h/x", "main") + entry("c", "https://h/y", "")
	system := entry("c", "https://h/z", "") + entry("d", "https://H/x.git", "main") + entry("e", "https://h/x", "old") + entry("f", "https://h/x", "")
	for _, c := range []struct{ name, user, system, want string }{
		{"neither", "", "", ""},
		{"the user's", user, "", "a@user b@user c@user"},
		{"the system's", "", system, "c@system d@system e@system f@system"},
		{"both", user, system, "a@user b@user c@user c@system d@system e@system f@system"},
	} {
		list, err := Load(newPaths(t, c.user, c.system))
		must(t, err)
		if got := names(list.All()); got != c.want {
			t.Errorf("%s: %s instead of %s", c.name, got, c.want)
		}
	}
	if list, err := Load(Paths{}); err != nil || len(list.All()) > 0 {
		t.Errorf("no paths: %v, %v", list, err)
	}

	list, err := Load(newPaths(t, user, system))
	must(t, err)
	for name, want := range map[string]string{"a": "a@user", "c": "c@user", "f": "f@system"} {
		if e, ok := list.ByName(name); !ok || names([]Entry{e}) != want {
			t.Errorf("%s is %+v", name, e)
		}
	}
	for _, name := range []string{"g", "", "A"} {
		if e, ok := list.ByName(name); ok {
			t.Errorf("%s is %+v", name, e)
		}
	}
	for _, c := range []struct{ url, branch, want string }{
		{"https://h/x", "main", "b@user a@user d@system f@system"},
		{"https://alice:secret@H:443/x.git/", "main", "b@user a@user d@system f@system"},
		{"https://h/x", "old", "a@user e@system f@system"},
		{"https://h/x", "other", "a@user f@system"},
		{"https://h/x", "", "a@user b@user f@system d@system e@system"},
		{"https://h/z", "main", "c@system"},
		{"https://h/X", "main", ""},
		{"http://h/x", "main", ""},
	} {
		if got := names(list.ByURL(remoteurl.Normalize(c.url, "/"), c.branch)); got != c.want {
			t.Errorf("%s of %s: %s instead of %s", c.branch, c.url, got, c.want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct {
		name       string
		make       func(t *testing.T, path string)
		want, hint string
	}{
		{"malformed", func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("x\n"), 0o600)) }, "line 1, column 1: no name", "mend the file"},
		{"writable by the group", func(t *testing.T, path string) { must(t, os.Chmod(path, 0o664)) }, "can be written by others", `"chmod go-w"`},
		{"writable by all", func(t *testing.T, path string) { must(t, os.Chmod(path, 0o646)) }, "can be written by others", `"chmod go-w"`},
		{"in a directory of others", func(t *testing.T, path string) { must(t, os.Chmod(filepath.Dir(path), 0o777)) }, "can be written by others", `"chmod go-w"`},
		{"too large", func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte(guix+"#"+strings.Repeat("x", maxFile)), 0o600))
		}, "is larger than 1048576 bytes", "move it away"},
		{"directory", func(t *testing.T, path string) { must(t, errors.Join(os.Remove(path), os.Mkdir(path, 0o700))) }, "is not a regular file", "move it away"},
		{"fifo", func(t *testing.T, path string) { must(t, errors.Join(os.Remove(path), unix.Mkfifo(path, 0o600))) }, "is not a regular file", "move it away"},
		{"link to nothing", func(t *testing.T, path string) {
			must(t, errors.Join(os.Remove(path), os.Symlink("nothing", path)))
		}, "is a symbolic link to nothing", "move it away"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, user := range []bool{true, false} {
				paths := newPaths(t, guix, hello)
				path := paths.User
				if !user {
					path = paths.System
				}
				c.make(t, path)
				list, err := Load(paths)
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Dir(path)) {
					t.Fatalf("%+v, %v", list, err)
				}
				wantUsage(t, err, c.hint)
				e, _ := New("new", map[string]string{"url": "https://h/new", "introduction": commit1, "signer": ssh})
				if _, err := Add(paths, e, true); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("added: %v", err)
				}
			}
		})
	}
}

// Configuration can be readable by all, and be a link, as home-manager makes it.
func TestLoadAccepts(t *testing.T) {
	paths := newPaths(t, guix, hello)
	must(t, os.Chmod(paths.User, 0o644))
	store := filepath.Join(t.TempDir(), "store")
	must(t, os.Mkdir(store, 0o755))
	must(t, os.Rename(paths.System, filepath.Join(store, "file")))
	must(t, os.Chmod(filepath.Join(store, "file"), 0o444))
	must(t, os.Symlink(filepath.Join(store, "file"), paths.System))
	list, err := Load(paths)
	if err != nil || len(list.All()) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestOddErrorIsInTheChain(t *testing.T) {
	paths := newPaths(t, guix, "")
	must(t, os.Chmod(paths.User, 0o666))
	if _, err := Load(paths); !errors.As(err, new(*private.OddError)) {
		t.Errorf("%v", err)
	}
}
