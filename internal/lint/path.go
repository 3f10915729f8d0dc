package lint

import (
	"strings"
)

// paths is about the places that keys are restricted to.
func (c *checker) paths() error {
	if c.Exists == nil {
		return nil
	}
	for _, e := range c.Authorizations.Entries() {
		for _, path := range e.Paths {
			trimmed, wantsDirectory := strings.CutSuffix(path, "/")
			kind, err := c.Exists(trimmed)
			switch {
			case err != nil:
				return err
			case kind == Nothing:
				c.find(Warning, "path-missing", e.Line, "correct the path, or remove it", "%s: there is nothing at %q", e.Name, path)
			case wantsDirectory && kind != Directory:
				c.find(Warning, "path-missing", e.Line, "take the slash off its end to mean the file", "%s: %q is no directory, so it stands for nothing", e.Name, path)
			}
		}
	}
	return nil
}
