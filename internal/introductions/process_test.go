package introductions

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/internal/gittest/process"
)

func TestMain(m *testing.M) {
	process.Main(m, func(args []string) error { return child(args[0], args[1]) })
}

const additions = 10

// child adds entries to a file. The task "full" does so without room for any.
func child(task, path string) error {
	if task == "full" {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 200, Max: 200}); err != nil {
			return err
		}
	}
	for i := range additions {
		name := fmt.Sprintf("%s-%d", task, i)
		e, err := New(name, map[string]string{"url": "/srv/" + name, "introduction": commit1, "signer": ssh})
		if err == nil {
			_, err = Add(Paths{User: path}, e, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func TestManyProcesses(t *testing.T) {
	paths := newPaths(t, "# mine\n"+guix, "")
	var waits []func()
	tasks := []string{"a", "b", "c"}
	for _, task := range tasks {
		p := process.Start(t, task, paths.User)
		waits = append(waits, func() {
			if err := p.Wait(); err != nil {
				t.Errorf("process %s: %v: %s", task, err, p.Output())
			}
		})
	}
	for _, wait := range waits {
		wait()
	}
	list, err := Load(paths)
	must(t, err)
	if len(list.All()) != 1+len(tasks)*additions {
		t.Errorf("%d entries", len(list.All()))
	}
	for _, task := range tasks {
		for i := range additions {
			if _, ok := list.ByName(fmt.Sprintf("%s-%d", task, i)); !ok {
				t.Errorf("no %s-%d", task, i)
			}
		}
	}
}

func TestFullDisk(t *testing.T) {
	paths := newPaths(t, guix, "")
	p := process.Start(t, "full", paths.User)
	if err := p.Wait(); err == nil || !strings.Contains(p.Output(), "file too large") {
		t.Errorf("%v: %s", err, p.Output())
	}
	wantFile(t, paths.User, guix)
	if _, err := os.Lstat(filepath.Join(filepath.Dir(paths.User), "introductions.yaml.tmp")); err == nil {
		t.Error("a temporary file was left")
	}
}
