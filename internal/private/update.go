package private

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A BusyError says that another process did not stop changing a file.
type BusyError struct{ Path string }

func (e *BusyError) Error() string { return "another process is changing " + e.Path }

// Update replaces the file by what change makes of its content. It holds a lock
// meanwhile, so that no change of another process is lost.
//
// The change is given what Read returns, but nil and no error if there is no
// file, and may make a new one of a file that cannot be believed. If it returns
// an error, that is returned. An error means that the file is as it was.
func (f File) Update(change func(old []byte, err error) ([]byte, error)) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return err
	}
	p, err := f.locate()
	if err != nil {
		return err
	}
	defer p.close()
	lock, err := p.lock(f.Wait)
	if err != nil {
		return err
	}
	defer lock.Close()
	step("locked")
	old, mode, err := f.readAt(p)
	if errors.Is(err, fs.ErrNotExist) {
		old, err = nil, nil
	}
	content, err := change(old, err)
	switch {
	case err != nil:
		return err
	case int64(len(content)) > f.Limit:
		return fmt.Errorf("%d bytes are too many for %s, which may have %d", len(content), p.path, f.Limit)
	case old != nil && bytes.Equal(old, content):
		return nil
	case !f.Readable || old == nil:
		mode = 0o600
	}
	return p.replace(content, mode)
}

// Remove removes the file, believed or not, and says whether there was one.
func (f File) Remove() (bool, error) {
	p, err := f.locate()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer p.close()
	lock, err := p.lock(f.Wait)
	if err != nil {
		return false, err
	}
	defer lock.Close()
	return p.remove(p.name)
}

// step is told what has been done. Tests end the process there.
var step = func(string) {}

// lock takes an advisory lock that ends with the file that it returns, or with
// the process. The lock's file stays: a process may be waiting for it.
func (p *place) lock(wait time.Duration) (*os.File, error) {
	file, err := p.open(p.name+".lock", unix.O_RDWR|unix.O_CREAT|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(wait)
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return file, nil
		}
		busy := errors.Is(err, unix.EWOULDBLOCK)
		if !busy && !errors.Is(err, unix.EINTR) {
			file.Close()
			return nil, &os.PathError{Op: "lock", Path: file.Name(), Err: err}
		}
		if time.Now().After(deadline) {
			file.Close()
			return nil, &BusyError{p.path}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// replace writes a temporary file beside the place, makes it durable and renames
// it. The caller holds the lock, so that what another run left under the temporary
// name is of no use to anybody.
func (p *place) replace(content []byte, mode fs.FileMode) error {
	temporary := p.name + ".tmp"
	if _, err := p.remove(temporary); err != nil {
		return err
	}
	file, err := p.open(temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	step("created")
	if err := write(file, content, mode); err != nil {
		p.remove(temporary)
		return err
	}
	step("written")
	if err := p.rename(temporary); err != nil {
		p.remove(temporary)
		return err
	}
	step("renamed")
	return nil
}

// write fills a new file, makes it durable and closes it in any case.
func write(file *os.File, content []byte, mode fs.FileMode) error {
	_, err := file.Write(content)
	if err == nil {
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}
