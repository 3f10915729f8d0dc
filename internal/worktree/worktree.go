// Package worktree reads and replaces single files of the user's work tree, so that
// a file is either as it was or as it shall be, and no symbolic link that the
// repository contains leads a write elsewhere.
package worktree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// A Tree is a work tree.
type Tree struct {
	// Dir is its root.
	Dir string
}

// Find finds the work tree that git's directory is in. The error is a usage error if
// there is none.
func Find(ctx context.Context, git gitcli.User) (Tree, error) {
	out, err := git.Output(ctx, "rev-parse", "--show-toplevel")
	failure, failed := gitcli.Failed(err)
	switch {
	case failed && verification.HintOwner(failure) != "":
		return Tree{}, verification.Classify(nil, err)
	case failed:
		return Tree{}, outcome.UsageError(errors.New("there is no work tree here"), "change to a checkout, or name one with -C DIRECTORY")
	}
	return Tree{strings.TrimSuffix(string(out), "\n")}, err
}

// Path is where a file of the tree is.
func (t Tree) Path(name string) string { return filepath.Join(t.Dir, filepath.FromSlash(name)) }

// Read reads a regular file of at most so many bytes. The error is fs.ErrNotExist if
// there is nothing of the name.
func (t Tree) Read(name string, limit int64) ([]byte, error) {
	root, err := os.OpenRoot(t.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return read(root, name, limit)
}

func read(root *os.Root, name string, limit int64) ([]byte, error) {
	if err := regular(root, name); err != nil {
		return nil, err
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// regular makes sure that a file is one, in directories that are.
func regular(root *os.Root, name string) error {
	if err := directories(root, path.Dir(name)); err != nil {
		return err
	}
	info, err := root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = outcome.UsageError(fmt.Errorf("%s is not a regular file", name), "move it away")
	}
	return err
}

// directories makes sure that a directory and those above it are no links.
func directories(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	if err := directories(root, path.Dir(dir)); err != nil {
		return err
	}
	info, err := root.Lstat(dir)
	if err == nil && !info.IsDir() {
		err = outcome.UsageError(fmt.Errorf("%s is not a directory", dir), "move it away")
	}
	return err
}

// Names are the names in a directory, none if it is not there.
func (t Tree) Names(dir string) ([]string, error) {
	root, err := os.OpenRoot(t.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := directories(root, dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(root.FS(), dir)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, err
}

// Replace gives a file new content if it still has the old one, and keeps its mode.
// A nil old means that there is no such file yet; directories are made for it. An
// error means that the file is as it was.
func (t Tree) Replace(name string, old, content []byte) error {
	root, err := os.OpenRoot(t.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(path.Dir(name), 0o777); err != nil {
		return err
	}
	mode, err := unchanged(root, name, old)
	if err != nil {
		return err
	}
	temporary := name + ".tmp"
	if err := root.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := write(root, temporary, content, mode); err != nil {
		_ = root.Remove(temporary)
		return err
	}
	if err := root.Rename(temporary, name); err != nil {
		_ = root.Remove(temporary)
		return err
	}
	return nil
}

// unchanged is the mode of a file that has this content, or that of a new one.
func unchanged(root *os.Root, name string, old []byte) (fs.FileMode, error) {
	now, err := read(root, name, int64(len(old)))
	switch {
	case errors.Is(err, fs.ErrNotExist) && old == nil:
		return 0, nil
	case err == nil && old != nil && bytes.Equal(now, old):
		info, err := root.Lstat(name)
		if err != nil {
			return 0, err
		}
		return info.Mode().Perm(), nil
	case errors.As(err, new(*outcome.Error)):
		return 0, err
	}
	return 0, outcome.UsageError(fmt.Errorf("somebody else has changed %s meanwhile", name), "nothing was overwritten; run the same command again")
}

// write makes a new file. The mode 0 is what the user's umask says.
func write(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil && mode != 0 {
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
