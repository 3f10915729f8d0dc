package private

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/internal/gittest/process"
)

// nobody is a user who is neither root nor the one who runs the tests.
const nobody = 65534

func TestMain(m *testing.M) {
	process.Main(m, func(args []string) error { return child(args[0], args[1:]) })
}

func child(task string, args []string) error {
	f := File{Path: args[0], Limit: 1 << 20, Wait: time.Minute}
	switch task {
	case "append":
		return appendLines(f, args[1], args[2])
	case "kill":
		step = func(name string) {
			if name == args[1] {
				unix.Kill(os.Getpid(), unix.SIGKILL)
				select {}
			}
		}
		return f.Update(replaceBy(strings.Repeat("new ", 5000)))
	case "full":
		most, err := strconv.ParseUint(args[1], 10, 64)
		if err != nil {
			return err
		}
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
		return f.Update(replaceBy(strings.Repeat("new ", 5000)))
	}
	if err := becomeNobody(); err != nil {
		return err
	}
	switch task {
	case "read":
		return readBoth(f)
	case "update":
		return f.Update(replaceBy("new"))
	}
	return errors.New("unknown task " + task)
}

func becomeNobody() error {
	if os.Geteuid() != 0 {
		return nil
	}
	return errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody))
}

// appendLines adds lines to a file, each in an update of its own.
func appendLines(f File, line, count string) error {
	n, err := strconv.Atoi(count)
	for range n {
		err = errors.Join(err, f.Update(func(old []byte, err error) ([]byte, error) {
			return append(old, line+"\n"...), err
		}))
	}
	return err
}

func readBoth(f File) error {
	for _, f.Readable = range []bool{true, false} {
		content, err := f.Read()
		if odd := new(OddError); errors.As(err, &odd) {
			content, err = []byte(odd.Detail), nil
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", map[bool]string{true: "readable", false: "secret"}[f.Readable], content)
	}
	return nil
}

// forNobody is a directory of the user that asNobody runs as.
func forNobody(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "nix-authorize-private")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Geteuid() != 0 {
		return dir
	}
	for parent := filepath.Dir(dir); parent != "/"; parent = filepath.Dir(parent) {
		if info, err := os.Stat(parent); err != nil || info.Mode()&0o001 == 0 {
			t.Skipf("NOT TESTED: other users cannot reach temporary files below %s", parent)
		}
	}
	must(t, os.Chown(dir, nobody, nobody))
	return dir
}

// asNobody runs a child that gives up the rights of root if it has them.
func asNobody(t *testing.T, args ...string) []byte {
	t.Helper()
	p := process.Start(t, args...)
	if err := p.Wait(); err != nil {
		t.Fatalf("%v: %s", err, p.Output())
	}
	return []byte(p.Output())
}

func TestManyProcesses(t *testing.T) {
	f := secret(t)
	f.Limit = 1 << 20
	const processes, updates = 4, 25
	var waits []func()
	for i := range processes {
		p := process.Start(t, "append", f.Path, strconv.Itoa(i), strconv.Itoa(updates))
		waits = append(waits, func() {
			if err := p.Wait(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, p.Output())
			}
		})
	}
	for _, wait := range waits {
		wait()
	}
	content, err := f.Read()
	must(t, err)
	for i := range processes {
		if n := bytes.Count(content, fmt.Appendln(nil, i)); n != updates {
			t.Errorf("%d of %d updates of process %d are there", n, updates, i)
		}
	}
}

func TestKilledBetweenSteps(t *testing.T) {
	newContent := strings.Repeat("new ", 5000)
	for _, c := range []struct {
		step, want string
	}{
		{"locked", "old"}, {"created", "old"}, {"written", "old"}, {"renamed", newContent},
	} {
		t.Run(c.step, func(t *testing.T) {
			f := secret(t)
			f.Limit = 1 << 20
			put(t, f.Path, "old", 0o600)
			p := process.Start(t, "kill", f.Path, c.step)
			var exit *exec.ExitError
			if err := p.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGKILL {
				t.Fatalf("not killed: %v, %s", err, p.Output())
			}
			wantContent(t, f, c.want)
			f.Wait = 0 // the lock has ended with the process
			must(t, f.Update(replaceBy("newer")))
			wantContent(t, f, "newer")
			wantEntries(t, filepath.Dir(f.Path), "file", "file.lock")
		})
	}
}

// A limit on the size of files fails writes as a full disk does, after the first
// bytes if there is room for some.
func TestFullDisk(t *testing.T) {
	for _, room := range []string{"0", "1", "4096", "19999"} {
		for _, old := range []string{"", "old"} {
			t.Run(room+" "+old, func(t *testing.T) {
				f := secret(t)
				if old != "" {
					put(t, f.Path, old, 0o600)
				}
				p := process.Start(t, "full", f.Path, room)
				if err := p.Wait(); err == nil || !strings.Contains(p.Output(), "file too large") {
					t.Fatalf("%v: %s", err, p.Output())
				}
				if old != "" {
					wantContent(t, f, old)
				} else if _, err := os.Lstat(f.Path); err == nil {
					t.Error("a file was left")
				}
				if _, err := os.Lstat(f.Path + ".tmp"); err == nil {
					t.Error("a temporary file was left")
				}
				must(t, f.Update(replaceBy("new")))
				wantContent(t, f, "new")
			})
		}
	}
}

// Permission to write stops everybody but root, so the child is somebody else.
func TestReadOnlyDirectory(t *testing.T) {
	dir := forNobody(t)
	path := filepath.Join(dir, "file")
	put(t, path, "old", 0o600)
	if os.Geteuid() == 0 {
		must(t, os.Chown(path, nobody, nobody))
	}
	must(t, os.Chmod(dir, 0o500))
	defer os.Chmod(dir, 0o700)
	for _, path := range []string{path, filepath.Join(dir, "below", "file")} {
		p := process.Start(t, "update", path)
		if err := p.Wait(); err == nil || !strings.Contains(p.Output(), "permission denied") {
			t.Errorf("%v: %s", err, p.Output())
		}
	}
	if content, err := os.ReadFile(path); string(content) != "old" {
		t.Errorf("changed to %q, %v", content, err)
	}
	must(t, os.Chmod(dir, 0o700))
	wantEntries(t, dir, "file")
}
