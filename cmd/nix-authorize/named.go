package main

import (
	"errors"
	"time"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

type named struct {
	settings trust.Settings
	maxAge   time.Duration
}

func (a *app) namedByURL(url, branch string) (named, error)     { return named{}, nil }
func (a *app) namedOrURL(c *update.CloneOptions) (named, error) { return named{}, nil }

// stateDir is the folder in which tips are remembered.
func stateDir(getenv func(string) string) (string, error) {
	dir, ok := state.Dir(getenv)
	if !ok {
		return "", outcome.UsageError(errors.New("neither XDG_STATE_HOME nor HOME says where to remember verified tips"),
			"set one of them to an absolute path; without memory a remote could serve an old history unnoticed")
	}
	return dir, nil
}
