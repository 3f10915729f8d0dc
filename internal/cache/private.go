package cache

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// maxFile is the largest file in bytes that readPrivate reads.
const maxFile = 64 << 10

// readPrivate reads a regular file that belongs to the user and that nobody else
// may read or write. The file is opened first and examined then, so that it
// cannot be exchanged in between.
func readPrivate(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		return nil, err
	}
	switch {
	case stat.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, fmt.Errorf("%s is not a regular file", path)
	case int(stat.Uid) != os.Geteuid():
		return nil, fmt.Errorf("%s belongs to user %d", path, stat.Uid)
	case stat.Mode&0o077 != 0:
		return nil, fmt.Errorf("%s can be read or written by others", path)
	case stat.Size > maxFile:
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return io.ReadAll(io.LimitReader(file, maxFile))
}

// update replaces a file by what content returns. It holds a lock meanwhile, and
// the file is at every moment wholly old or wholly new.
func update(path string, content func() []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock, err := lock(path + ".lock")
	if err != nil {
		return err
	}
	defer lock.Close()
	return replace(path, content())
}

// lock takes an advisory lock that ends with the file, or with the process. It
// gives up after a fifth of a second: the cache is not worth a longer wait.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	for range 20 {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// replace writes a temporary file of mode 0600 beside path, makes it durable and
// renames it to path. The caller holds the lock, so that what another run left
// under the temporary name is of no use to anybody.
func replace(path string, content []byte) (err error) {
	temporary := path + ".tmp"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		os.Remove(temporary)
		return err
	}
	return os.Rename(temporary, path)
}
