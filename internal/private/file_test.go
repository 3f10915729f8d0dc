package private

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// secret and readable are the two kinds of files, in a directory that does not
// exist yet.
func secret(t *testing.T) File {
	return File{Path: filepath.Join(t.TempDir(), "dir", "file"), Limit: 100, Wait: time.Minute}
}

func readable(t *testing.T) File {
	f := secret(t)
	f.Readable = true
	return f
}

// put writes content with a mode that the umask does not change.
func put(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(content), 0o600))
	must(t, os.Chmod(path, mode))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantOdd requires an OddError about path that has detail in it and says what to
// do about it.
func wantOdd(t *testing.T, err error, path, detail string) {
	t.Helper()
	var odd *OddError
	if !errors.As(err, &odd) {
		t.Fatalf("error %v instead of one about %q", err, detail)
	}
	if odd.Path != path || !strings.Contains(odd.Detail, detail) || odd.Fix == "" {
		t.Errorf("%+v instead of %q about %s", odd, detail, path)
	}
}

func wantContent(t *testing.T, f File, want string) {
	t.Helper()
	content, err := f.Read()
	if err != nil || string(content) != want {
		t.Errorf("content %q, error %v; want %q", content, err, want)
	}
}

func TestReadNothing(t *testing.T) {
	f := secret(t)
	if _, err := f.Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	must(t, os.Mkdir(filepath.Dir(f.Path), 0o700))
	if _, err := f.Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	put(t, f.Path, "", 0o600)
	if content, err := f.Read(); content == nil || len(content) != 0 || err != nil {
		t.Errorf("empty file: %q, %v", content, err)
	}
}

func TestModes(t *testing.T) {
	const writable, any = "can be written by others", "can be read or written by others"
	for _, c := range []struct {
		mode             fs.FileMode
		secret, readable string // what is odd about it
	}{
		{0o600, "", ""},
		{0o400, "", ""},
		{0o700, "", ""},
		{0o640, any, ""},
		{0o604, any, ""},
		{0o644, any, ""},
		{0o610, any, ""},
		{0o601, any, ""},
		{0o620, any, writable},
		{0o602, any, writable},
		{0o666, any, writable},
		{0o777 | fs.ModeSticky, any, writable},
	} {
		for _, f := range []File{secret(t), readable(t)} {
			want := c.secret
			if f.Readable {
				want = c.readable
			}
			t.Run(c.mode.String()+map[bool]string{true: " readable"}[f.Readable], func(t *testing.T) {
				put(t, f.Path, "text", c.mode)
				if want == "" {
					wantContent(t, f, "text")
					return
				}
				_, err := f.Read()
				wantOdd(t, err, f.Path, want)
			})
		}
	}
}

func TestDirectoryModes(t *testing.T) {
	for _, mode := range []fs.FileMode{0o700, 0o755, 0o500, 0o770, 0o707, 0o777, 0o777 | fs.ModeSticky} {
		for _, f := range []File{secret(t), readable(t)} {
			t.Run(mode.String(), func(t *testing.T) {
				put(t, f.Path, "text", 0o600)
				dir := filepath.Dir(f.Path)
				must(t, os.Chmod(dir, mode))
				defer os.Chmod(dir, 0o700)
				if mode&0o022 == 0 {
					wantContent(t, f, "text")
					return
				}
				_, err := f.Read()
				wantOdd(t, err, dir, "can be written by others")
				wantOdd(t, f.Update(replaceBy("new")), dir, "can be written by others")
				_, err = f.Remove()
				wantOdd(t, err, dir, "can be written by others")
				if content, err := os.ReadFile(f.Path); string(content) != "text" {
					t.Errorf("changed to %q, %v", content, err)
				}
			})
		}
	}
}

// giveAway makes a file or directory one of another user who is not root.
func giveAway(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can give a file to another user")
	}
	must(t, os.Lchown(path, nobody, nobody))
}

func TestOwners(t *testing.T) {
	for _, f := range []File{secret(t), readable(t)} {
		put(t, f.Path, "text", 0o600)
		giveAway(t, f.Path)
		_, err := f.Read()
		wantOdd(t, err, f.Path, "belongs to user 65534")
	}
}

func TestDirectoryOwners(t *testing.T) {
	for _, f := range []File{secret(t), readable(t)} {
		put(t, f.Path, "text", 0o600)
		giveAway(t, filepath.Dir(f.Path))
		_, err := f.Read()
		wantOdd(t, err, filepath.Dir(f.Path), "belongs to user 65534")
		wantOdd(t, f.Update(replaceBy("new")), filepath.Dir(f.Path), "belongs to user 65534")
	}
}

// What root owns is believed only of a Readable file. The file is read by a
// process that could not write it.
func TestFilesOfRootForAUser(t *testing.T) {
	want, err := os.ReadFile("/etc/passwd")
	must(t, err)
	out := string(asNobody(t, "read", "/etc/passwd"))
	if out != "readable: "+string(want)+"\nsecret: belongs to user 0\n" {
		t.Errorf("%q", out)
	}
}

func TestNoRegularFile(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(path string) error
	}{
		{"directory", func(path string) error { return os.Mkdir(path, 0o700) }},
		{"fifo", func(path string) error { return unix.Mkfifo(path, 0o600) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range []File{secret(t), readable(t)} {
				must(t, os.Mkdir(filepath.Dir(f.Path), 0o700))
				must(t, c.make(f.Path))
				_, err := f.Read()
				wantOdd(t, err, f.Path, "is not a regular file")
			}
		})
	}
}

func TestSocketAndDevice(t *testing.T) {
	f := secret(t)
	must(t, os.Mkdir(filepath.Dir(f.Path), 0o700))
	t.Chdir(filepath.Dir(f.Path)) // the name of a socket must be short
	socket, err := net.Listen("unix", "file")
	must(t, err)
	defer socket.Close()
	if content, err := f.Read(); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("socket: %q, %v", content, err)
	}
	for _, device := range []string{"/dev/zero", "/dev/full", "/dev/null"} {
		if content, err := (File{Path: device, Limit: 100, Readable: true}).Read(); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v", device, content, err)
		}
	}
}

func TestSymbolicLinks(t *testing.T) {
	for _, c := range []struct {
		name, target string
		want         string // what the Readable file has
		odd          string // or what is odd about it
	}{
		{"file beside it", "other", "text", ""},
		{"file elsewhere", "../elsewhere/file", "text", ""},
		{"link to a link", "link", "text", ""},
		{"nothing", "absent", "", "is a symbolic link to nothing"},
		{"directory", "folder", "", "is not a regular file"},
		{"file that others may write", "open", "", "can be written by others"},
		{"file in a directory that others may write", "../all/file", "", "can be written by others"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := secret(t)
			dir := filepath.Dir(f.Path)
			put(t, filepath.Join(dir, "other"), "text", 0o600)
			put(t, filepath.Join(dir, "open"), "text", 0o666)
			put(t, filepath.Join(dir, "../elsewhere/file"), "text", 0o600)
			put(t, filepath.Join(dir, "../all/file"), "text", 0o600)
			must(t, os.Chmod(filepath.Join(dir, "../all"), 0o777))
			must(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
			must(t, os.Symlink("other", filepath.Join(dir, "link")))
			must(t, os.Symlink(c.target, f.Path))
			_, err := f.Read()
			wantOdd(t, err, f.Path, "is a symbolic link")
			f.Readable = true
			if c.odd == "" {
				wantContent(t, f, c.want)
			} else if _, err := f.Read(); err == nil || !strings.Contains(err.Error(), c.odd) {
				t.Errorf("readable: %v instead of %q", err, c.odd)
			}
		})
	}
}

// A link is a way to choose which of the user's files is read, so whoever can
// make one in the directory must be the user.
func TestSymbolicLinkInADirectoryOfOthers(t *testing.T) {
	f := readable(t)
	target := filepath.Join(t.TempDir(), "mine", "file")
	put(t, target, "text", 0o600)
	must(t, os.Mkdir(filepath.Dir(f.Path), 0o700))
	must(t, os.Symlink(target, f.Path))
	wantContent(t, f, "text")
	must(t, os.Chmod(filepath.Dir(f.Path), 0o777))
	_, err := f.Read()
	wantOdd(t, err, filepath.Dir(f.Path), "can be written by others")
}

// The directory may be reached by a link: people move what grows.
func TestDirectoryByALink(t *testing.T) {
	f := secret(t)
	put(t, f.Path, "text", 0o600)
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(filepath.Dir(f.Path), link))
	f.Path = filepath.Join(link, "file")
	wantContent(t, f, "text")
	must(t, f.Update(replaceBy("new")))
	wantContent(t, f, "new")
}

func TestLimit(t *testing.T) {
	f := secret(t)
	put(t, f.Path, strings.Repeat("x", 100), 0o600)
	wantContent(t, f, strings.Repeat("x", 100))
	put(t, f.Path, strings.Repeat("x", 101), 0o600)
	_, err := f.Read()
	wantOdd(t, err, f.Path, "is larger than 100 bytes")
}

// /proc has files that say they are empty.
func TestLimitOnWhatIsRead(t *testing.T) {
	const path = "/proc/self/mountinfo"
	if content, err := os.ReadFile(path); err != nil || len(content) < 11 {
		t.Skip("NOT TESTED: no " + path)
	}
	f := File{Path: path, Limit: 10, Readable: true}
	content, err := f.Read()
	wantOdd(t, err, path, "is larger than 10 bytes")
	if content != nil {
		t.Errorf("returned %q nevertheless", content)
	}
}

func TestADirectoryThatIsNone(t *testing.T) {
	f := secret(t)
	put(t, filepath.Dir(f.Path), "text", 0o600)
	for name, err := range map[string]error{
		"read":   func() error { _, err := f.Read(); return err }(),
		"update": f.Update(replaceBy("new")),
		"remove": func() error { _, err := f.Remove(); return err }(),
	} {
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
