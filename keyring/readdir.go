package keyring

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// IsKeyFile says whether a file of this name, which may have folders in front,
// is part of a keyring: one that ends in ".key", ".asc", ".gpg" or ".pub" and is
// not hidden.
func IsKeyFile(name string) bool {
	base := name[strings.LastIndexByte(name, '/')+1:]
	if strings.HasPrefix(base, ".") {
		return false
	}
	for _, ending := range []string{".key", ".asc", ".gpg", ".pub"} {
		if strings.HasSuffix(base, ending) {
			return true
		}
	}
	return false
}

// ReadDir reads the files of a keyring that are directly in a directory. Those
// that cannot be used are skipped; only if the directory itself cannot be read
// does it fail.
func ReadDir(dir string) (files []File, skipped []Skipped, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("the keyring cannot be read: %w", err)
	}
	total := 0
	for _, entry := range entries {
		name := entry.Name()
		if !IsKeyFile(name) {
			continue
		}
		if len(files) == MaxFiles {
			skipped = append(skipped, Skipped{name, fmt.Sprintf("it and those behind it are not read: a keyring has at most %d files", MaxFiles)})
			break
		}
		content, err := readKeyFile(filepath.Join(dir, name))
		if err != nil {
			skipped = append(skipped, Skipped{name, err.Error()})
			continue
		}
		if reason := sizeProblem(len(content), &total); reason != "" {
			skipped = append(skipped, Skipped{name, reason})
			continue
		}
		files = append(files, File{name, content})
	}
	return files, skipped, nil
}

// readKeyFile reads a regular file, of a large one only so much that it is seen
// to be too large. Its errors do not repeat the path.
func readKeyFile(path string) ([]byte, error) {
	if info, err := os.Lstat(path); err != nil {
		return nil, withoutPath(err)
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // should it have become a pipe
	if err != nil {
		return nil, withoutPath(err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	return content, withoutPath(err)
}

func withoutPath(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	return err
}
