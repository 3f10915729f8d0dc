package hook

import (
	"fmt"
	"os"
)

// A Removal is what Uninstall has done about one hook.
type Removal string

// The removals.
const (
	Removed   Removal = "removed"
	Restored  Removal = "restored" // the hook that was there before is back
	WasAbsent Removal = "absent"
	NotOurs   Removal = "foreign" // left as it is
)

// A Taken is a hook, as it was, and what has become of it.
type Taken struct {
	Hook
	Removal Removal
}

// Uninstall takes the hooks away and puts those back that were there before, the same
// files with the same modes. What Install has not written stays; a hook that was
// changed since is a usage error, and then nothing has changed.
func (p *Place) Uninstall() ([]Taken, error) {
	var found []Hook
	for _, name := range names {
		h, err := p.look(name)
		if err == nil && h.State == Edited {
			err = h.editedError()
		}
		if err != nil {
			return nil, err
		}
		found = append(found, h)
	}
	var taken []Taken
	for _, h := range found {
		removal, err := h.uninstall()
		if err != nil {
			return nil, cannotWrite(fmt.Errorf("the hook %s cannot be taken away: %w", h.Name, err))
		}
		taken = append(taken, Taken{h, removal})
	}
	return taken, nil
}

func (h Hook) uninstall() (Removal, error) {
	switch {
	case h.State == Foreign && h.Before != "" && h.halfInstalled():
		return NotOurs, os.Remove(h.Before)
	case h.State == Foreign:
		return NotOurs, nil
	case h.Before != "":
		return Restored, os.Rename(h.Before, h.Path)
	case h.State == Absent:
		return WasAbsent, nil
	}
	return Removed, os.Remove(h.Path)
}
