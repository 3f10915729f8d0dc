package state

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest/process"
)

func TestMain(m *testing.M) {
	process.Main(m, func(args []string) error { return child(args[0], args[1]) })
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

// No process overwrites a tip that it has not seen.
func TestManyProcesses(t *testing.T) {
	dir := t.TempDir()
	const processes = 4
	var waits []func()
	for i := range processes {
		p := process.Start(t, "advance", dir)
		waits = append(waits, func() {
			if err := p.Wait(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, p.Output())
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
		p := process.Start(t, "forever", dir)
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
		must(t, p.Process.Kill())
		p.Wait()
		r, err := tip.Load()
		if err != nil || !atWork || number(r) <= last {
			t.Fatalf("tip %+v after number %d, %v; %s", r, last, err, p.Output())
		}
		must(t, advance(tip))
		last = number(r) + 1
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	tip := Open(dir, aKey(t))
	must(t, tip.Remember(nil, aTip(t, "a")))
	p := process.Start(t, "full", dir)
	if err := p.Wait(); err == nil || !strings.Contains(p.Output(), "the tip cannot be remembered: write ") {
		t.Errorf("%v: %s", err, p.Output())
	}
	wantTip(t, tip, aTip(t, "a"))
	if _, err := os.Lstat(tip.Path() + ".tmp"); err == nil {
		t.Error("a temporary file was left")
	}
}
