package cache

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A file that somebody else may have written is not believed, whatever it says,
// and the next one has nothing of it.
func TestOddFiles(t *testing.T) {
	const nobody = 65534
	injected := gitwalk.ID{0xbb}
	for _, tt := range []struct {
		name string
		make func(t *testing.T, path string, content []byte)
		// stuck says that the user has to clear up before anything can be
		// remembered.
		stuck bool
	}{
		{"readable by others", func(t *testing.T, path string, content []byte) { write(t, path, content, 0o604) }, false},
		{"readable by the group", func(t *testing.T, path string, content []byte) { write(t, path, content, 0o640) }, false},
		{"writable by others", func(t *testing.T, path string, content []byte) { write(t, path, content, 0o602) }, false},
		{"writable by the group", func(t *testing.T, path string, content []byte) { write(t, path, content, 0o620) }, false},
		{"symbolic link", func(t *testing.T, path string, content []byte) {
			write(t, path+"-elsewhere", content, 0o600)
			must(t, os.Symlink(path+"-elsewhere", path))
		}, false},
		{"link to nothing", func(t *testing.T, path string, _ []byte) { must(t, os.Symlink("nothing", path)) }, false},
		{"FIFO", func(t *testing.T, path string, _ []byte) { must(t, unix.Mkfifo(path, 0o600)) }, false},
		{"directory", func(t *testing.T, path string, _ []byte) { must(t, os.Mkdir(path, 0o700)) }, true},
		{"of another user", func(t *testing.T, path string, content []byte) {
			write(t, path, content, 0o600)
			if os.Geteuid() != 0 {
				t.Skip("NOT TESTED: only root can give a file away")
			}
			must(t, os.Chown(path, nobody, nobody))
		}, false},
		{"directory that others may write", func(t *testing.T, path string, content []byte) {
			write(t, path, content, 0o600)
			must(t, os.Chmod(filepath.Dir(path), 0o777))
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := fresh(t)
			must(t, os.MkdirAll(filepath.Dir(c.file.Path), 0o700))
			tt.make(t, c.file.Path, c.format([]gitwalk.ID{injected}))
			wantTips(t, c)
			tip := gitwalk.ID{1}
			if err := c.Add(tip); (err != nil) != tt.stuck {
				t.Errorf("Add: %v", err)
			}
			if tt.stuck {
				wantTips(t, c)
				return
			}
			wantTips(t, c, tip)
			if content, err := os.ReadFile(c.file.Path + "-elsewhere"); err == nil && !slices.Equal(content, c.format([]gitwalk.ID{injected})) {
				t.Error("the link was followed")
			}
		})
	}
}

func write(t *testing.T, path string, content []byte, mode os.FileMode) {
	t.Helper()
	must(t, os.WriteFile(path, content, 0o600))
	must(t, os.Chmod(path, mode))
}

func TestNowhereToWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil, 0o600)
	for _, dir := range []string{"/dev/null/cache", filepath.Join(file, "cache"), "/proc/nix-authorize"} {
		c := Open(dir, introduction, nil)
		wantTips(t, c)
		if err := c.Add(gitwalk.ID{1}); err == nil {
			t.Errorf("%s: no error", dir)
		}
		wantTips(t, c)
	}
}
