package private

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A place is a name in a directory that is open and has been examined.
type place struct {
	directory *os.File
	name      string
	path      string // both together, for messages
}

// locate opens the place of the file, that at the end of symbolic links if it is
// Readable. The error is fs.ErrNotExist if there is no directory for it.
func (f File) locate() (*place, error) {
	p, err := openPlace(f.Path)
	if err != nil || !f.Readable || !p.isLink() {
		return p, err
	}
	p.close()
	target, err := filepath.EvalSymlinks(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &OddError{f.Path, "is a symbolic link to nothing", "move it away, or mend what it leads to"}
	}
	if err != nil {
		return nil, err
	}
	return openPlace(target)
}

func openPlace(path string) (*place, error) {
	dir := filepath.Dir(path)
	directory, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := examineDirectory(directory); err != nil {
		directory.Close()
		return nil, err
	}
	return &place{directory, filepath.Base(path), path}, nil
}

// examineDirectory makes sure that nobody else can remove or exchange the files
// of a directory, whose bytes they may be unable to change.
func examineDirectory(directory *os.File) error {
	var stat unix.Stat_t
	if err := unix.Fstat(int(directory.Fd()), &stat); err != nil {
		return &os.PathError{Op: "stat", Path: directory.Name(), Err: err}
	}
	switch owner := int(stat.Uid); {
	case owner != os.Geteuid() && owner != 0:
		return &OddError{directory.Name(), fmt.Sprintf("belongs to user %d", owner), fixOwner}
	case stat.Mode&0o022 != 0:
		return &OddError{directory.Name(), "can be written by others",
			`if its files are what you left there, make it yours alone with "chmod go-w"`}
	}
	return nil
}

func (p *place) close() { p.directory.Close() }

// open opens a file of the directory, not following a symbolic link.
func (p *place) open(name string, flags int, mode uint32) (*os.File, error) {
	path := filepath.Join(p.directory.Name(), name)
	fd, err := unix.Openat(int(p.directory.Fd()), name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// remove removes a file of the directory and says whether there was one.
func (p *place) remove(name string) (bool, error) {
	err := unix.Unlinkat(int(p.directory.Fd()), name, 0)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, &os.PathError{Op: "remove", Path: filepath.Join(p.directory.Name(), name), Err: err}
	}
	return true, nil
}

// rename gives a file of the directory the name of the place.
func (p *place) rename(from string) error {
	fd := int(p.directory.Fd())
	if err := unix.Renameat(fd, from, fd, p.name); err != nil {
		return &os.PathError{Op: "rename", Path: p.path, Err: err}
	}
	return nil
}

func (p *place) isLink() bool {
	var stat unix.Stat_t
	err := unix.Fstatat(int(p.directory.Fd()), p.name, &stat, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && stat.Mode&unix.S_IFMT == unix.S_IFLNK
}
