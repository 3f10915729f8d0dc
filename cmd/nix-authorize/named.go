package main

import (
	"cmp"
	"errors"
	"fmt"
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
// it makes the URL and branch, or the URL of a remote. If the user has given an
// introduction, one by URL does not choose the branch.
func (a *app) namedOrURL(c *update.CloneOptions, given bool) (named, error) {
	list, err := introductions.Load(introductions.DefaultPaths(a.getenv))
	if err != nil {
		return named{}, err
	}
	if entry, found := list.ByName(c.URL); found {
		return namedBy(entry), byName(c, entry)
	}
	entries := list.ByURL(remoteurl.Normalize(c.URL, a.dir), c.Branch)
	if len(entries) == 0 || given && c.Branch != entries[0].Branch {
		return named{}, nil
	}
	if c.Branch == "" {
		err = chooseBranch(c, entries)
	}
	return namedBy(entries[0]), err
}

// byName makes the clone of a name one of a URL.
func byName(c *update.CloneOptions, e introductions.Entry) error {
	if e.Branch != "" && c.Branch != "" && c.Branch != e.Branch {
		return outcome.UsageError(fmt.Errorf("the introduction %s is for the branch %q", e.Name, e.Branch),
			"give --introduction and --signer for the other branch, with the URL "+e.URL)
	}
	if c.Dir == "" {
		c.Dir = e.Name
	}
	c.URL, c.Branch = e.URL, cmp.Or(c.Branch, e.Branch)
	return nil
}

// chooseBranch takes the branch that the introductions of a URL are for.
func chooseBranch(c *update.CloneOptions, entries []introductions.Entry) error {
	c.Branch = entries[0].Branch
	for _, e := range entries {
		if c.Branch != "" && e.Branch != "" && e.Branch != c.Branch {
			return outcome.UsageError(fmt.Errorf("there are introductions for the branches %q and %q of %s", c.Branch, e.Branch, remoteurl.Shown(c.URL)),
				"name a branch with --branch")
		}
	}
	return nil
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
