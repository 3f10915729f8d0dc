package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/gitwalk"
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

const advances = 15

func child(task, dir string) error {
	var t testing.T // nothing fails in what it is for
	tip := Open(dir, aKey(&t))
	switch task {
	case "advance":
		for range advances {
			if err := advance(tip); err != nil {
				return err
			}
		}
		return nil
	case "forever":
		for {
			if err := advance(tip); err != nil {
				return err
			}
		}
	case "full":
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 300, Max: 300}); err != nil {
			return err
		}
		old := aTip(&t, "a")
		return tip.Remember(&old, aTip(&t, "b"))
	}
	return errors.New("unknown task " + task)
}

// advance remembers the tip whose number comes after the remembered one, and
// starts again when another process was faster.
func advance(tip *Tip) error {
	for {
		old, err := tip.Load()
		if err != nil {
			return err
		}
		err = tip.Remember(old, Remembered{Tip: numbered(number(old) + 1), At: time.Now(), Signer: alice})
		if !errors.As(err, new(*ChangedError)) {
			return err
		}
	}
}

func numbered(n uint64) (id gitwalk.ID) {
	binary.BigEndian.PutUint64(id[:], n)
	return id
}

func number(r *Remembered) uint64 {
	if r == nil {
		return 0
	}
	return binary.BigEndian.Uint64(r.Tip[:])
}

func startChild(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{childFlag}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	must(t, cmd.Start())
	return cmd, &out
}

// No process overwrites a tip that it has not seen.
func TestManyProcesses(t *testing.T) {
	dir := t.TempDir()
	const processes = 4
	var waits []func()
	for i := range processes {
		cmd, out := startChild(t, "advance", dir)
		waits = append(waits, func() {
			if err := cmd.Wait(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, out)
			}
		})
	}
	for _, wait := range waits {
		wait()
	}
	r, err := Open(dir, aKey(t)).Load()
	if err != nil || number(r) != processes*advances {
		t.Errorf("the tip is number %d, %v", number(r), err)
	}
}

// Whenever a process is killed, the tip is one that it has remembered.
func TestKilledAnyTime(t *testing.T) {
	tip := Open(t.TempDir(), aKey(t))
	dir := filepath.Dir(filepath.Dir(tip.Path()))
	last := uint64(0)
	for i := range 10 {
		cmd, out := startChild(t, "forever", dir)
		atWork := false
		for range 20_000 {
			r, err := tip.Load()
			must(t, err)
			if atWork = number(r) > last; atWork {
				break
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(i*300) * time.Microsecond)
		must(t, cmd.Process.Kill())
		cmd.Wait()
		r, err := tip.Load()
		if err != nil || !atWork || number(r) <= last {
			t.Fatalf("tip %+v after number %d, %v; %s", r, last, err, out)
		}
		must(t, advance(tip))
		last = number(r) + 1
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	tip := Open(dir, aKey(t))
	must(t, tip.Remember(nil, aTip(t, "a")))
	cmd, out := startChild(t, "full", dir)
	if err := cmd.Wait(); err == nil || !strings.Contains(out.String(), "the tip cannot be remembered: write ") {
		t.Errorf("%v: %s", err, out)
	}
	wantTip(t, tip, aTip(t, "a"))
	if _, err := os.Lstat(tip.Path() + ".tmp"); err == nil {
		t.Error("a temporary file was left")
	}
}
