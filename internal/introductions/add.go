package introductions

import (
	"errors"
	"fmt"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// A Change is what Add has done.
type Change struct {
	// Old is what counted before under the name or for the branch of the remote,
	// nil if nothing did. It can say the same as New.
	Old *Entry
	New Entry
}

// A ConflictError says that another introduction counts already.
type ConflictError struct{ Old, New Entry }

func (e *ConflictError) Error() string {
	if e.Old.Name != e.New.Name {
		return fmt.Sprintf("another introduction for the same URL and branch is there already: %s in %s", e.Old.Name, e.Old.File)
	}
	return fmt.Sprintf("another introduction of the name %s is there already in %s", e.Old.Name, e.Old.File)
}

// Add writes an entry into the user's file, of which all other entries and all
// comments stay. Unless replace is set, it refuses to let the entry count instead
// of a different one, of the user or of the system, with a *ConflictError.
//
// The error is a usage error with a hint, and means that the file is as it was.
func Add(paths Paths, e Entry, replace bool) (Change, error) {
	if paths.User == "" {
		return Change{}, outcome.UsageError(errors.New("introductions: there is no place for the file"), "set HOME or XDG_CONFIG_HOME to an absolute path")
	}
	checked, err := e.checked()
	if err != nil {
		return Change{}, err
	}
	system, err := read(paths.System)
	if err != nil {
		return Change{}, classify(err)
	}
	var change Change
	err = fileAt(paths.User).Update(func(content []byte, err error) ([]byte, error) {
		if err != nil {
			return nil, err
		}
		d, err := parse(paths.User, content)
		if err != nil {
			return nil, err
		}
		if old, found := byName(d.entries(), checked.Name); found && old.same(checked) {
			change = Change{&old, old}
			return content, nil
		}
		change.Old, err = d.before(checked, system, replace)
		if err != nil {
			return nil, err
		}
		edited, err := d.with(checked)
		if err != nil {
			return nil, err
		}
		change.New, err = d.checkEdited(edited, checked)
		return edited, err
	})
	if err != nil {
		return Change{}, classify(err)
	}
	return change, nil
}

// checked makes an entry again of its texts.
func (e *Entry) checked() (Entry, error) {
	texts := map[string]string{}
	for _, f := range fields {
		texts[f.name] = f.text(e)
	}
	checked, err := New(e.Name, texts)
	if err == nil && !checked.same(*e) {
		err = outcome.UsageError(errors.New("introductions: "+e.Name+" has a value that no file can hold"), "")
	}
	return checked, err
}

// before finds what counts before e is added.
func (d *document) before(e Entry, system []Entry, replace bool) (*Entry, error) {
	for _, other := range d.entries() {
		if other.Name != e.Name && other.target() == e.target() {
			return nil, outcome.UsageError(&ConflictError{other, e},
				fmt.Sprintf("use the name %s, or remove it from %s", other.Name, d.path))
		}
	}
	old, found := byName(append(d.entries(), system...), e.Name)
	if !found {
		old, found = byTarget(system, e.target())
		if found && old.Introduction == e.Introduction {
			return nil, nil
		}
	}
	switch {
	case !found:
		return nil, nil
	case !replace && !old.same(e):
		return nil, outcome.UsageError(&ConflictError{old, e}, "if you are sure that the new one is right, add --replace")
	}
	return &old, nil
}

func byTarget(entries []Entry, t target) (Entry, bool) {
	for _, e := range entries {
		if e.target() == t {
			return e, true
		}
	}
	return Entry{}, false
}

// checkEdited reads the edited file as the next run will: nothing but the entry
// may have changed.
func (d *document) checkEdited(edited []byte, e Entry) (Entry, error) {
	after, err := parse(d.path, edited)
	if err != nil {
		return Entry{}, fmt.Errorf("the file cannot be edited by this program: %w", err)
	}
	now := map[string]Entry{}
	for _, other := range after.entries() {
		now[other.Name] = other
	}
	unchanged := now[e.Name].same(e)
	for _, other := range d.entries() {
		unchanged = unchanged && (other.Name == e.Name || now[other.Name].same(other))
	}
	if !unchanged {
		return Entry{}, fmt.Errorf("%s cannot be edited by this program", d.path)
	}
	return now[e.Name], nil
}
