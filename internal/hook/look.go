package hook

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// maxScript is the largest script in bytes that Install may have written.
const maxScript = 64 << 10

// List says what is in the place of each hook that is wanted there, and of each
// other that Install has once put there.
func (p *Place) List() ([]Hook, error) {
	wanted := len(p.Wanted())
	var hooks []Hook
	for i, name := range names {
		h, err := p.look(name)
		if err != nil {
			return nil, err
		}
		if i < wanted || h.ours() || h.State == Edited {
			hooks = append(hooks, h)
		}
	}
	return hooks, nil
}

// look says what is in the place of a hook.
func (p *Place) look(name Name) (Hook, error) {
	h := Hook{Name: name, Path: filepath.Join(p.Dir, string(name)), State: Absent}
	if _, err := os.Lstat(h.Path + Before); err == nil {
		h.Before = h.Path + Before
	}
	content, err := readScript(h.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return h, nil
	case errors.Is(err, errForeign):
		h.State = Foreign
		return h, nil
	case err != nil:
		return h, err
	}
	h.State, h.Program = recognize(name, content)
	if h.ours() {
		h.Broken = h.broken()
	}
	return h, nil
}

var errForeign = errors.New("this is nothing that Install writes")

// readScript reads a file that may be one of ours: a regular file, not a link to one.
func readScript(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxScript {
		return "", errForeign
	}
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return "", errForeign
	}
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxScript))
	return string(content), err
}

// broken says why a script of ours does not work.
func (h Hook) broken() string {
	if unix.Access(h.Path, unix.X_OK) != nil {
		return "git cannot run it, and goes on as if it were not there"
	}
	info, err := os.Stat(h.Program)
	if err != nil || info.IsDir() || unix.Access(h.Program, unix.X_OK) != nil {
		return h.Program + " cannot be run, so git refuses everything"
	}
	return ""
}
