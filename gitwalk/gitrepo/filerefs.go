package gitrepo

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// fileRefs are refs in files of their own and in the file packed-refs. It is for
// one goroutine and for a short time.
type fileRefs struct {
	dir        string
	packed     []byte
	packedSize int64
	packedTime time.Time
	checked    bool // that each line of packed is one
}

func (f *fileRefs) lookup(names ...string) (map[string]target, error) {
	found := make(map[string]target)
	for _, name := range names {
		t, ok, err := f.read(name)
		if err != nil {
			return nil, err
		}
		if ok {
			found[name] = t
		}
	}
	return found, nil
}

// read looks into the ref's own file first: git writes packed-refs before it
// deletes that.
func (f *fileRefs) read(name string) (target, bool, error) {
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	if link, err := os.Readlink(path); err == nil && strings.HasPrefix(link, "refs/") && validRefName(link) {
		return target{ref: link}, true, nil
	}
	content, err := readFile(path, maxSmallFile)
	switch {
	case err == nil:
		t, err := parseRef(content)
		if err != nil {
			return target{}, false, &MalformedFileError{Path: path, Detail: err.Error()}
		}
		return t, true, nil
	case isAbsent(err) || errors.Is(err, syscall.EISDIR) || isDir(path):
		return f.readPacked(name)
	}
	return target{}, false, err
}

// readPacked finds the line "ID NAME" in packed-refs.
func (f *fileRefs) readPacked(name string) (target, bool, error) {
	if err := f.loadPacked(); err != nil {
		return target{}, false, err
	}
	tail := []byte(" " + name + "\n")
	for at := 0; ; {
		i := bytes.Index(f.packed[at:], tail)
		if i < 0 {
			return target{}, false, f.checkPacked()
		}
		start := at + i - 40
		at += i + 1
		if start < 0 || start > 0 && f.packed[start-1] != '\n' {
			continue
		}
		id, err := gitwalk.ParseID(string(f.packed[start : start+40]))
		if err != nil || id.IsZero() {
			return target{}, false, &MalformedFileError{Path: f.packedPath(), Detail: errBadRef.Error()}
		}
		return target{id: id}, true, nil
	}
}

// checkPacked makes sure, before a ref is said not to exist, that packed-refs is what it
// should be: a header, refs, and lines with "^" that say what tags are peeled to.
func (f *fileRefs) checkPacked() error {
	if f.checked {
		return nil
	}
	line := 0
	for text := range bytes.Lines(f.packed) {
		line++
		if !isPackedLine(text) {
			return &MalformedFileError{Path: f.packedPath(), Line: line, Detail: "it is neither a ref nor what one is peeled to"}
		}
	}
	f.checked = true
	return nil
}

func isPackedLine(line []byte) bool {
	if line[0] == '#' {
		return true
	}
	id, peeled := bytes.CutPrefix(line, []byte("^"))
	if len(id) <= 40 || peeled && len(id) != 41 || !peeled && (id[40] != ' ' || len(id) < 43) {
		return false
	}
	_, err := gitwalk.ParseID(string(id[:40]))
	return err == nil
}

func (f *fileRefs) packedPath() string { return filepath.Join(f.dir, "packed-refs") }

// loadPacked reads packed-refs unless it is the file that was read last.
func (f *fileRefs) loadPacked() error {
	info, err := os.Stat(f.packedPath())
	if isAbsent(err) {
		f.packed, f.packedSize = nil, 0
		return nil
	}
	if err != nil {
		return err
	}
	if f.packed != nil && info.Size() == f.packedSize && info.ModTime().Equal(f.packedTime) {
		return nil
	}
	content, err := readOptional(f.packedPath(), maxPackedRefs)
	if err != nil {
		return err
	}
	if len(content) > 0 && content[len(content)-1] != '\n' {
		content = append(content, '\n')
	}
	f.packed, f.packedSize, f.packedTime, f.checked = content, info.Size(), info.ModTime(), false
	return nil
}

func (f *fileRefs) each(prefix string, visit func(string) bool) error {
	more := true
	root := filepath.Join(f.dir, filepath.FromSlash(prefix))
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if isAbsent(err) {
				return nil
			}
			return err
		}
		name, err := filepath.Rel(f.dir, path)
		if err != nil {
			return err
		}
		if name = filepath.ToSlash(name); validRefName(name) && !visit(name) {
			more = false
			return fs.SkipAll
		}
		return nil
	})
	if err != nil || !more {
		return err
	}
	if err := f.loadPacked(); err != nil {
		return err
	}
	for line := range bytes.Lines(f.packed) {
		if len(line) < 42 || line[40] != ' ' || !bytes.HasPrefix(line[41:], []byte(prefix)) {
			continue
		}
		if name := string(line[41 : len(line)-1]); validRefName(name) && !visit(name) {
			return nil
		}
	}
	return nil
}
