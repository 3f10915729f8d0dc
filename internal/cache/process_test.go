package cache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest/process"
	"github.com/nix-authorize/nix-authorize/internal/private"
)

func TestMain(m *testing.M) {
	process.Main(m, func(args []string) error { return child(args[0], args[1]) })
}

func child(task, dir string) error {
	c := Open(dir, introduction, nil)
	if task == "read-only" {
		return c.readOnly()
	}
	number, err := strconv.Atoi(task)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		if err := c.add(gitwalk.ID{byte(number), byte(i >> 8), byte(i)}); err != nil {
			return err
		}
	}
}

// add is Add for a test that takes no account of other processes' haste.
func (c *Cache) add(id gitwalk.ID) error {
	for {
		if err := c.Add(id); !errors.As(err, new(*private.BusyError)) {
			return err
		}
	}
}

// readOnly reads a cache that the user cannot write.
func (c *Cache) readOnly() error {
	if os.Geteuid() == 0 {
		const nobody = 65534
		if err := errors.Join(os.Chown(filepath.Dir(c.file.Path), nobody, nobody), os.Chown(c.file.Path, nobody, nobody),
			syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	known := []gitwalk.ID{{1}}
	if !slices.Equal(c.Tips(), known) {
		return fmt.Errorf("the tips are %v", c.Tips())
	}
	if err := c.Add(known[0]); err != nil {
		return fmt.Errorf("what is known already: %w", err)
	}
	if err := c.Add(gitwalk.ID{2}); !errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("what is new: error %v", err)
	}
	if !slices.Equal(c.Tips(), known) {
		return fmt.Errorf("afterwards the tips are %v", c.Tips())
	}
	return nil
}

func TestReadOnlyDirectory(t *testing.T) {
	temp := t.TempDir()
	must(t, os.Chmod(filepath.Dir(temp), 0o755)) // for the user that root becomes
	dir := filepath.Join(temp, "cache")
	c := Open(dir, introduction, nil)
	must(t, c.Add(gitwalk.ID{1}))
	must(t, os.Remove(c.file.Path+".lock"))
	must(t, os.Chmod(dir, 0o500))
	defer os.Chmod(dir, 0o700)
	p := process.Start(t, "read-only", dir)
	if err := p.Wait(); err != nil {
		t.Errorf("%v: %s", err, p.Output())
	}
}

// Processes add tips as fast as they can and are killed at any moment. Whoever
// reads meanwhile sees a whole file, and what they leave behind is in nobody's way.
func TestKilledWriters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := Open(dir, introduction, nil)
	must(t, c.Add(gitwalk.ID{0xff}))
	for round := range 5 {
		writers := []*process.Process{process.Start(t, "1", dir), process.Start(t, "2", dir)}
		for reads := 0; reads < 100*(round+1) || !slices.ContainsFunc(c.Tips(), func(id gitwalk.ID) bool { return id[0] == 1 }); reads++ {
			if len(c.Tips()) == 0 {
				t.Error("a reader sees no whole file")
				break
			}
			time.Sleep(100 * time.Microsecond)
		}
		for _, w := range writers {
			must(t, w.Process.Kill())
			w.Wait()
		}
		if len(c.Tips()) == 0 {
			t.Fatal("a killed writer has left a broken file")
		}
		tip := gitwalk.ID{0xee, byte(round)}
		must(t, c.Add(tip))
		if got := c.Tips(); got[0] != tip || len(got) < 2 {
			t.Errorf("afterwards the tips are %v", got)
		}
	}
}

// Nothing that was added is lost to somebody else's addition.
func TestConcurrentAdd(t *testing.T) {
	c := fresh(t)
	failures := make(chan error)
	for _, id := range tips(most) {
		go func() { failures <- c.add(id) }()
	}
	for range most {
		must(t, <-failures)
	}
	got := c.Tips()
	for _, id := range tips(most) {
		if !slices.Contains(got, id) {
			t.Errorf("%s is lost", id)
		}
	}
}
