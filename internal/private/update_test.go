package private

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// replaceBy is a change that does not look at the old content.
func replaceBy(content string) func([]byte, error) ([]byte, error) {
	return func([]byte, error) ([]byte, error) { return []byte(content), nil }
}

func TestUpdate(t *testing.T) {
	for _, f := range []File{secret(t), readable(t)} {
		must(t, f.Update(func(old []byte, err error) ([]byte, error) {
			if old != nil || err != nil {
				t.Errorf("no file is %q, %v", old, err)
			}
			return []byte{}, nil
		}))
		must(t, f.Update(func(old []byte, err error) ([]byte, error) {
			if old == nil || len(old) != 0 || err != nil {
				t.Errorf("an empty file is %q, %v", old, err)
			}
			return []byte("one"), nil
		}))
		must(t, f.Update(func(old []byte, err error) ([]byte, error) {
			if string(old) != "one" || err != nil {
				t.Errorf("old %q, %v", old, err)
			}
			return []byte("two"), nil
		}))
		wantContent(t, f, "two")
		wantEntries(t, filepath.Dir(f.Path), "file", "file.lock")
	}
}

func wantEntries(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("%s has %v instead of %v", dir, names, want)
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode() != want {
		t.Errorf("%s has mode %v instead of %v", path, info.Mode(), want)
	}
}

func TestUpdateMakesPrivateFiles(t *testing.T) {
	old := unix.Umask(0)
	defer unix.Umask(old)
	for _, f := range []File{secret(t), readable(t)} {
		must(t, f.Update(replaceBy("text")))
		wantMode(t, filepath.Dir(f.Path), fs.ModeDir|0o700)
		wantMode(t, f.Path, 0o600)
		wantMode(t, f.Path+".lock", 0o600)
	}
}

func TestUpdateKeepsTheModeOfAReadableFile(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o644, 0o440} {
		f := readable(t)
		put(t, f.Path, "old", mode)
		must(t, f.Update(replaceBy("new")))
		wantContent(t, f, "new")
		wantMode(t, f.Path, mode)
	}
}

func TestUpdateThroughALink(t *testing.T) {
	f := readable(t)
	target := filepath.Join(t.TempDir(), "mine", "dotfile")
	put(t, target, "old", 0o644)
	must(t, os.Mkdir(filepath.Dir(f.Path), 0o700))
	must(t, os.Symlink(target, f.Path))
	must(t, f.Update(replaceBy("new")))
	wantContent(t, f, "new")
	if link, err := os.Readlink(f.Path); link != target {
		t.Errorf("the link leads to %q, %v", link, err)
	}
	wantMode(t, target, 0o644)
}

func TestUpdateOfWhatIsNotBelieved(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	for _, c := range []struct {
		name string
		make func(path string)
	}{
		{"readable by others", func(path string) { put(t, path, "old", 0o644) }},
		{"too large", func(path string) { put(t, path, strings.Repeat("x", 101), 0o600) }},
		{"link", func(path string) { put(t, other, "untouched", 0o600); must(t, os.Symlink(other, path)) }},
		{"fifo", func(path string) { must(t, unix.Mkfifo(path, 0o600)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := secret(t)
			must(t, os.Mkdir(filepath.Dir(f.Path), 0o700))
			c.make(f.Path)
			before, err := os.Lstat(f.Path)
			must(t, err)
			refused := errors.New("refused")
			err = f.Update(func(old []byte, err error) ([]byte, error) {
				if old != nil || !errors.As(err, new(*OddError)) {
					t.Errorf("given %q, %v", old, err)
				}
				return nil, refused
			})
			if after, err := os.Lstat(f.Path); err != nil || !os.SameFile(before, after) {
				t.Errorf("refused and changed, %v", err)
			}
			if err != refused {
				t.Errorf("error %v", err)
			}
			must(t, f.Update(replaceBy("new")))
			wantContent(t, f, "new")
			wantMode(t, f.Path, 0o600)
		})
	}
	wantUntouched(t, other)
}

// wantUntouched requires that nothing was written through a link.
func wantUntouched(t *testing.T, path string) {
	t.Helper()
	if content, err := os.ReadFile(path); string(content) != "untouched" {
		t.Errorf("%s has %q, %v", path, content, err)
	}
}

func TestUpdateWithoutAChange(t *testing.T) {
	f := secret(t)
	put(t, f.Path, "same", 0o600)
	before, err := os.Stat(f.Path)
	must(t, err)
	must(t, f.Update(replaceBy("same")))
	if after, err := os.Stat(f.Path); err != nil || !os.SameFile(before, after) {
		t.Errorf("written anew, %v", err)
	}
	put(t, f.Path, "same", 0o666)
	must(t, f.Update(replaceBy("same")))
	wantContent(t, f, "same")
}

func TestUpdateTooLarge(t *testing.T) {
	f := secret(t)
	put(t, f.Path, "old", 0o600)
	err := f.Update(replaceBy(strings.Repeat("x", 101)))
	if err == nil || !strings.Contains(err.Error(), "101 bytes are too many for "+f.Path+", which may have 100") {
		t.Errorf("%v", err)
	}
	wantContent(t, f, "old")
	must(t, f.Update(replaceBy(strings.Repeat("x", 100))))
}

// What a run that was killed left behind is in nobody's way, and is not taken
// for content.
func TestUpdateAfterATornWrite(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o400} {
		f := secret(t)
		put(t, f.Path, "old", 0o600)
		put(t, f.Path+".tmp", "ne", mode)
		wantContent(t, f, "old")
		must(t, f.Update(replaceBy("new")))
		wantContent(t, f, "new")
		wantEntries(t, filepath.Dir(f.Path), "file", "file.lock")
	}
}

// A link under the temporary name must not lead the write elsewhere.
func TestUpdateWithAHostileTemporaryName(t *testing.T) {
	f := secret(t)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	put(t, elsewhere, "untouched", 0o600)
	put(t, f.Path, "old", 0o600)
	must(t, os.Symlink(elsewhere, f.Path+".tmp"))
	must(t, f.Update(replaceBy("new")))
	wantContent(t, f, "new")
	wantUntouched(t, elsewhere)
}

func TestUpdateWithADirectoryInTheWay(t *testing.T) {
	for _, name := range []string{".tmp", ".lock", ""} {
		t.Run(name, func(t *testing.T) {
			f := secret(t)
			must(t, os.MkdirAll(filepath.Join(f.Path+name, "full"), 0o700))
			if err := f.Update(replaceBy("new")); err == nil {
				t.Error("no error")
			}
			if info, err := os.Stat(filepath.Join(f.Path+name, "full")); err != nil || !info.IsDir() {
				t.Errorf("removed: %v", err)
			}
			if _, err := os.Lstat(f.Path + ".tmp"); name != ".tmp" && err == nil {
				t.Error("left a temporary file")
			}
		})
	}
}

func TestLockIsNoLink(t *testing.T) {
	f := secret(t)
	must(t, os.Mkdir(filepath.Dir(f.Path), 0o700))
	must(t, os.Symlink(filepath.Join(t.TempDir(), "made"), f.Path+".lock"))
	if err := f.Update(replaceBy("new")); !errors.Is(err, unix.ELOOP) {
		t.Errorf("%v", err)
	}
}

// held takes the lock of a file as another process does.
func held(t *testing.T, f File) *os.File {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(f.Path), 0o700))
	lock, err := os.OpenFile(f.Path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	return lock
}

func TestBusy(t *testing.T) {
	f := secret(t)
	f.Wait = 0
	put(t, f.Path, "old", 0o600)
	lock := held(t, f)
	defer lock.Close()
	called := false
	err := f.Update(func([]byte, error) ([]byte, error) { called = true; return nil, nil })
	if busy := new(BusyError); !errors.As(err, &busy) || busy.Path != f.Path || called {
		t.Errorf("update: %v, changed: %t", err, called)
	}
	if _, err := f.Remove(); !errors.As(err, new(*BusyError)) {
		t.Errorf("remove: %v", err)
	}
	wantContent(t, f, "old")
}

func TestWaitForTheLock(t *testing.T) {
	f := secret(t)
	lock := held(t, f)
	released := make(chan struct{})
	go func() {
		defer close(released)
		time.Sleep(30 * time.Millisecond)
		lock.Close()
	}()
	must(t, f.Update(replaceBy("new")))
	<-released
	wantContent(t, f, "new")
}

func TestRemove(t *testing.T) {
	f := secret(t)
	other := filepath.Join(t.TempDir(), "other")
	put(t, other, "untouched", 0o600)
	for _, make := range []func(){
		func() { put(t, f.Path, "text", 0o600) },
		func() { put(t, f.Path, "text", 0o666) },
		func() { must(t, os.Symlink(other, f.Path)) },
		func() { must(t, unix.Mkfifo(f.Path, 0o600)) },
	} {
		if found, err := f.Remove(); found || err != nil {
			t.Errorf("nothing: %t, %v", found, err)
		}
		if _, err := os.Stat(filepath.Dir(f.Path)); err == nil {
			wantEntries(t, filepath.Dir(f.Path), "file.lock")
		} else {
			must(t, os.Mkdir(filepath.Dir(f.Path), 0o700))
		}
		make()
		if found, err := f.Remove(); !found || err != nil {
			t.Errorf("%t, %v", found, err)
		}
		wantEntries(t, filepath.Dir(f.Path), "file.lock")
	}
	wantUntouched(t, other)
	must(t, os.Mkdir(f.Path, 0o700))
	if _, err := f.Remove(); err == nil {
		t.Error("a directory was removed")
	}
}

// Nothing that a child process could inherit stays open.
func TestNoDescriptorIsLeft(t *testing.T) {
	f := readable(t)
	count := func() int {
		entries, err := os.ReadDir("/dev/fd")
		must(t, err)
		return len(entries)
	}
	must(t, f.Update(replaceBy("warm")))
	before := count()
	odd := f
	odd.Path = filepath.Join(t.TempDir(), "all", "file")
	put(t, odd.Path, "text", 0o666)
	must(t, os.Symlink(f.Path, f.Path+".link"))
	link := f
	link.Path += ".link"
	for range 3 {
		must(t, f.Update(replaceBy("text")))
		wantContent(t, link, "text")
		odd.Read()
		odd.Update(func([]byte, error) ([]byte, error) { return nil, errors.New("no") })
		f.Remove()
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors became %d", before, after)
	}
}
