package hook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// Install puts the hooks that are wanted in place, so that they hand on to a program
// with an absolute path. A hook that is there already gets the suffix Before. What is
// as it should be is left alone, so that Install can be run again.
//
// It returns what is in place now. If something is in the way, which is a usage
// error, nothing has changed.
func (p *Place) Install(program string) ([]Hook, error) {
	if err := checkProgram(program); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.Dir, 0o777); err != nil {
		return nil, cannotWrite(fmt.Errorf("the folder for hooks cannot be made: %w", err))
	}
	var found []Hook
	for _, name := range p.Wanted() {
		h, err := p.look(name)
		if err == nil {
			err = h.checkInstall()
		}
		if err != nil {
			return nil, err
		}
		found = append(found, h)
	}
	for _, h := range found {
		if err := h.install(script(h.Name, program)); err != nil {
			return nil, cannotWrite(fmt.Errorf("the hook %s cannot be put in place: %w", h.Name, err))
		}
	}
	return p.List()
}

func cannotWrite(err error) error {
	return outcome.UncheckedError("", err, "the folder must be one that you can write to; core.hooksPath can name another")
}

func checkProgram(program string) error {
	if !filepath.IsAbs(program) || strings.ContainsFunc(program, unicode.IsControl) {
		return outcome.UsageError(fmt.Errorf("the program is at %q, which cannot be written into a script", program),
			"install nix-authorize in a directory without special characters in its path")
	}
	return nil
}

// checkInstall says what is in the way of a hook.
func (h Hook) checkInstall() error {
	switch {
	case h.State == Edited:
		return h.editedError()
	case h.State != Foreign:
		return nil
	}
	info, err := os.Stat(h.Path)
	if err == nil && !info.Mode().IsRegular() {
		return outcome.UsageError(fmt.Errorf("%s is not a file", h.Path), "move it away")
	}
	if h.Before != "" && !h.halfInstalled() {
		return outcome.UsageError(fmt.Errorf("there are both %s and %s, and neither is nix-authorize's", h.Path, h.Before),
			"decide which of them is to be run, and move the other away")
	}
	return nil
}

// halfInstalled says whether an installation was cut off when a foreign hook had
// already its second name.
func (h Hook) halfInstalled() bool {
	one, err := os.Lstat(h.Path)
	two, errTwo := os.Lstat(h.Before)
	return err == nil && errTwo == nil && os.SameFile(one, two)
}

func (h Hook) editedError() error {
	return outcome.UsageError(fmt.Errorf("%s was written by nix-authorize and changed since", h.Path),
		fmt.Sprintf("if you need nothing of it, remove it and run this again: rm %s", quote(h.Path)))
}

// install writes a script in place of what is there. At every moment there is a hook,
// if there was one before.
func (h Hook) install(text string) error {
	if content, err := readScript(h.Path); err == nil && content == text {
		return makeRunnable(h.Path)
	}
	draft, err := writeDraft(h.Path, text)
	if err != nil {
		return err
	}
	defer os.Remove(draft) // nothing is there any more after a rename
	switch h.State {
	case Absent:
		return rename(draft, h.Path)
	case Foreign:
		if err := keep(h.Path, h.Path+Before); err != nil {
			return err
		}
	}
	return os.Rename(draft, h.Path)
}

// scriptMode lets everybody run the script who may use the repository: a hook that
// git cannot run is passed over.
const scriptMode = 0o755

func makeRunnable(path string) error {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm() == scriptMode {
		return nil
	}
	return os.Chmod(path, scriptMode)
}

func writeDraft(path, text string) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".nix-authorize-*")
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(text)
	err = errors.Join(err, file.Chmod(scriptMode), file.Sync(), file.Close())
	if err != nil {
		os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

// keep gives a file a second name, which must be free, or moves it where files have
// only one.
func keep(path, second string) error {
	err := os.Link(path, second)
	if err == nil || errors.Is(err, fs.ErrExist) && (Hook{Path: path, Before: second}).halfInstalled() {
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	return rename(path, second)
}

// rename moves a file to a name that must be free.
func rename(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}
