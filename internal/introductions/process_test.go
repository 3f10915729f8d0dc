package introductions

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What a test does in a process of its own is named by the first argument after
// this one.
const childFlag = "-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == childFlag {
		if err := child(os.Args[2], os.Args[3]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
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

func startChild(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{childFlag}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	must(t, cmd.Start())
	return cmd, &out
}

func TestManyProcesses(t *testing.T) {
	paths := newPaths(t, "# mine\n"+guix, "")
	var waits []func()
	tasks := []string{"a", "b", "c"}
	for _, task := range tasks {
		cmd, out := startChild(t, task, paths.User)
		waits = append(waits, func() {
			if err := cmd.Wait(); err != nil {
				t.Errorf("process %s: %v: %s", task, err, out)
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
	cmd, out := startChild(t, "full", paths.User)
	if err := cmd.Wait(); err == nil || !strings.Contains(out.String(), "file too large") {
		t.Errorf("%v: %s", err, out)
	}
	wantFile(t, paths.User, guix)
	if _, err := os.Lstat(filepath.Join(filepath.Dir(paths.User), "introductions.yaml.tmp")); err == nil {
		t.Error("a temporary file was left")
	}
}
