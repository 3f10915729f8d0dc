package gitrepo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Limits in bytes on files of a repository.
const (
	maxSmallFile  = 64 << 10  // one line of text: HEAD, a ref, .git, commondir
	maxConfig     = 4 << 20   // config
	maxPackedRefs = 512 << 20 // packed-refs
	maxIndex      = 4 << 30   // the index of a pack
)

// openRegular opens a regular file for reading. It does not wait for the other
// end of a pipe, and other kinds of files are errors.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

var errNotRegular = errors.New("not a regular file")

// readFile reads a regular file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	file, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info.Size() <= limit {
		content, err := io.ReadAll(io.LimitReader(file, limit+1))
		if err != nil || int64(len(content)) <= limit {
			return content, err
		}
	}
	return nil, &MalformedFileError{Path: path, Detail: fmt.Sprintf("larger than %d bytes", limit)}
}

// readOptional is readFile, and nil for a file that does not exist.
func readOptional(path string, limit int64) ([]byte, error) {
	content, err := readFile(path, limit)
	if isAbsent(err) {
		return nil, nil
	}
	return content, err
}

// isAbsent says whether err means that there is no file of this name.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
