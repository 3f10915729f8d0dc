package main

import (
	"errors"
	"time"

	"github.com/nix-authorize/nix-authorize/internal/introductions"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

// named is what a named introduction says about an update. The zero value says
// nothing.
type named struct {
	settings trust.Settings
	maxAge   time.Duration
}

func namedBy(e introductions.Entry) named { return named{e.Settings(), e.MaxAge} }

// namedByURL looks for an introduction of a branch of a remote.
func (a *app) namedByURL(url, branch string) (named, error) {
	list, err := introductions.Load(introductions.DefaultPaths(a.getenv))
	if err != nil {
		return named{}, err
	}
	if entries := list.ByURL(remoteurl.Normalize(url, a.dir), branch); len(entries) > 0 {
		return namedBy(entries[0]), nil
	}
	return named{}, nil
}

// namedOrURL looks for an introduction by what "clone" was given: its name, of which
// it makes the URL and branch, or the URL of a remote.
func (a *app) namedOrURL(c *update.CloneOptions) (named, error) {
	list, err := introductions.Load(introductions.DefaultPaths(a.getenv))
	if err != nil {
		return named{}, err
	}
	entry, found := list.ByName(c.URL)
	if !found {
		return a.namedByURL(c.URL, c.Branch)
	}
	if c.Dir == "" {
		c.Dir = entry.Name
	}
	c.URL = entry.URL
	if c.Branch == "" {
		c.Branch = entry.Branch
	}
	return namedBy(entry), nil
}

// stateDir is the folder in which tips are remembered.
func stateDir(getenv func(string) string) (string, error) {
	dir, ok := state.Dir(getenv)
	if !ok {
		return "", outcome.UsageError(errors.New("neither XDG_STATE_HOME nor HOME says where to remember verified tips"),
			"set one of them to an absolute path; without memory a remote could serve an old history unnoticed")
	}
	return dir, nil
}
