// Package private keeps files that decide something for one user, who alone may
// be able to change them.
//
// A file is opened first and examined then, in a directory that was opened and
// examined before, so that nothing can be exchanged in between. It is replaced
// as a whole under a lock: whatever happens meanwhile, it is wholly old or
// wholly new. After a power cut the old one may be back.
package private

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A File is a file by its path and by what it must be to be believed: a regular
// file of the user's, no larger than Limit, that nobody else may read or write,
// in a directory that belongs to the user or root and that nobody else may write.
type File struct {
	Path string
	// Limit is the size in bytes above which the file is neither read nor
	// written.
	Limit int64
	// Wait is how long Update and Remove wait for another process that is
	// changing the file.
	Wait time.Duration
	// Readable is for what people write and tools install: others may read the
	// file, it may belong to root, and its name may be a symbolic link.
	Readable bool
}

// An OddError says why a file, or the directory that it is in, is not believed.
type OddError struct {
	Path   string
	Detail string // what is odd, such as "can be written by others"
	Fix    string // what to do about it, in words for everybody
}

func (e *OddError) Error() string { return e.Path + " " + e.Detail }

// Read returns the content. The error is fs.ErrNotExist if there is no such file
// and an *OddError if it cannot be believed.
func (f File) Read() ([]byte, error) {
	place, err := f.locate()
	if err != nil {
		return nil, err
	}
	defer place.close()
	content, _, err := f.readAt(place)
	return content, err
}

// readAt returns content and permission bits of the file at its place.
func (f File) readAt(p *place) ([]byte, fs.FileMode, error) {
	file, err := p.open(p.name, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, 0, &OddError{p.path, "is a symbolic link", "move it away"}
	}
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		return nil, 0, &os.PathError{Op: "stat", Path: p.path, Err: err}
	}
	if detail, fix := f.oddity(&stat); detail != "" {
		return nil, 0, &OddError{p.path, detail, fix}
	}
	content, err := io.ReadAll(io.LimitReader(file, f.Limit+1))
	if err == nil && int64(len(content)) > f.Limit {
		err = &OddError{p.path, f.tooLarge(), fixLarge}
	}
	if err != nil {
		return nil, 0, err
	}
	return content, fs.FileMode(stat.Mode & 0o777), nil
}

const (
	fixOwner = `if it is yours, run this as the user that it belongs to, or give it to the user who runs this with "chown"`
	fixLarge = "move it away"
)

// oddity says what about a file makes it unbelievable and how to mend that.
func (f File) oddity(stat *unix.Stat_t) (detail, fix string) {
	owner := int(stat.Uid)
	switch {
	case stat.Mode&unix.S_IFMT != unix.S_IFREG:
		return "is not a regular file", "move it away"
	case owner != os.Geteuid() && (owner != 0 || !f.Readable):
		return fmt.Sprintf("belongs to user %d", owner), fixOwner
	case !f.Readable && stat.Mode&0o077 != 0:
		return "can be read or written by others", `if what it says is right, make it yours alone with "chmod 600"`
	case stat.Mode&0o022 != 0:
		return "can be written by others", `if what it says is right, make it yours alone with "chmod go-w"`
	case stat.Size > f.Limit:
		return f.tooLarge(), fixLarge
	}
	return "", ""
}

func (f File) tooLarge() string { return fmt.Sprintf("is larger than %d bytes", f.Limit) }
