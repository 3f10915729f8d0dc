package update

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
)

// A draft is a directory that nobody else can look into, beside the one that a clone
// is to have, and gets its name at the very end.
type draft struct {
	path string
	dir  string // absolute; the name that it will have
	// exists says that there is an empty directory of that name, and mode has its
	// permissions.
	exists bool
	mode   fs.FileMode
}

// newDraft makes the draft for a directory, which may be relative to base, or is
// called after the last part of the URL if it is empty.
func newDraft(dir, url, base string) (*draft, error) {
	if dir == "" {
		if dir = defaultDir(remoteurl.Shown(url)); dir == "" {
			return nil, outcome.UsageError(fmt.Errorf("%q does not tell what to call the directory", remoteurl.Shown(url)), "name it: nix-authorize clone URL DIRECTORY")
		}
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(base, dir)
	}
	d := &draft{dir: filepath.Clean(dir)}
	if err := d.checkFree(); err != nil {
		return nil, err
	}
	d.discardLeftovers()
	var err error
	if d.path, err = os.MkdirTemp(filepath.Dir(d.dir), d.prefix()+"*"); err != nil {
		return nil, outcome.UsageError(err, "clone into a directory that exists and that you may write to")
	}
	return d, nil
}

// defaultDir is the last part of a URL, without ".git".
func defaultDir(url string) string {
	url = strings.TrimSuffix(strings.TrimRight(url, "/"), "/.git")
	url = strings.TrimSuffix(url, ".git")
	name := url[strings.LastIndexAny(url, "/:")+1:]
	if name == "." || name == ".." || strings.HasPrefix(name, "-") {
		return ""
	}
	return name
}

// checkFree requires that there is nothing of the name, or an empty directory that
// can be replaced.
func (d *draft) checkFree() error {
	entries, err := os.ReadDir(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || len(entries) > 0 {
		return outcome.UsageError(fmt.Errorf("%s exists already and is not an empty directory", d.dir), "name another directory, or use nix-authorize pull in the one that is there")
	}
	if d.dir, err = filepath.EvalSymlinks(d.dir); err != nil {
		return err
	}
	info, err := os.Stat(d.dir)
	if err != nil {
		return err
	}
	if here, err := os.Stat("."); err == nil && os.SameFile(info, here) {
		return outcome.UsageError(fmt.Errorf("%s is the directory that you are in, and a clone takes its place as a whole", d.dir),
			"run this in the directory above it")
	}
	d.exists, d.mode = true, info.Mode().Perm()
	return nil
}

func (d *draft) prefix() string { return "." + filepath.Base(d.dir) + ".nix-authorize-" }

// discardLeftovers clears away what a run for the same directory left a week ago or
// more when it was killed. What cannot be cleared is in nobody's way.
func (d *draft) discardLeftovers() {
	parent := filepath.Dir(d.dir)
	siblings, _ := os.ReadDir(parent)
	for _, sibling := range siblings {
		info, err := sibling.Info()
		if err == nil && sibling.IsDir() && strings.HasPrefix(sibling.Name(), d.prefix()) && time.Since(info.ModTime()) > 7*24*time.Hour {
			_ = os.RemoveAll(filepath.Join(parent, sibling.Name()))
		}
	}
}

// settle gives the draft its name, and the permissions that git would have given it.
func (d *draft) settle() error {
	mode := d.mode
	if !d.exists {
		info, err := os.Stat(filepath.Join(d.path, ".git")) // git has made it with the user's umask
		if err != nil {
			return err
		}
		mode = info.Mode().Perm()
	}
	if err := os.Chmod(d.path, mode); err != nil {
		return err
	}
	if err := unix.Rename(d.path, d.dir); err != nil { // os.Rename does not replace directories
		return outcome.UsageError(&os.LinkError{Op: "rename", Old: d.path, New: d.dir, Err: err}, "name a directory that does not exist yet")
	}
	d.path = ""
	return nil
}

// discard removes the draft unless it has its name.
func (d *draft) discard() error {
	if d.path == "" {
		return nil
	}
	return os.RemoveAll(d.path)
}
