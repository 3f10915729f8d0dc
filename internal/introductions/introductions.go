// Package introductions has the introductions that a user, or the administrator
// of a machine, has given names:
//
//	guix:
//	  url: https://git.guix.gnu.org/guix.git
//	  branch: master
//	  introduction: 9edb3f66fd807b096b48283debdcddccfea34bad
//	  signer: BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA
//	  keyring: keyring
//	  authorizations: .guix-authorizations
//	  max-age: 14d
//
// Such a file decides what is trusted, so it is read only if nobody but the user
// and root can change it, and a file that is not as it should be is an error, not
// an empty one.
package introductions

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/private"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
)

// System is the file of the administrator.
const System = "/etc/nix-authorize/introductions.yaml"

// Paths are the two files, of which neither need exist. An empty path is a file
// that does not.
type Paths struct{ User, System string }

// DefaultPaths are the files by the XDG base directory specification. The User is
// empty if the environment does not tell where the user's files are.
func DefaultPaths(getenv func(string) string) Paths {
	const name = "nix-authorize/introductions.yaml"
	paths := Paths{System: System}
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		paths.User = filepath.Join(dir, name)
	} else if home := getenv("HOME"); filepath.IsAbs(home) {
		paths.User = filepath.Join(home, ".config", name)
	}
	return paths
}

// A List has the entries of both files, as they stand there.
type List struct{ user, system []Entry }

// Load reads both files. The error is a usage error with a hint; in its chain is
// a *SyntaxError, a *private.OddError or one of the file system.
func Load(paths Paths) (*List, error) {
	user, err := read(paths.User)
	if err != nil {
		return nil, classify(err)
	}
	system, err := read(paths.System)
	if err != nil {
		return nil, classify(err)
	}
	return &List{user, system}, nil
}

const (
	maxFile = 1 << 20 // bytes
	// patience is how long another process may take to change the file.
	patience = 5 * time.Second
)

func fileAt(path string) private.File {
	return private.File{Path: path, Limit: maxFile, Wait: patience, Readable: true}
}

// read returns no entries if there is no file.
func read(path string) ([]Entry, error) {
	if path == "" {
		return nil, nil
	}
	content, err := fileAt(path).Read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	parsed, err := parse(path, content)
	if err != nil {
		return nil, err
	}
	return parsed.entries(), nil
}

// classify makes a usage error of any that has no class yet.
func classify(err error) error {
	var (
		classed *outcome.Error
		odd     *private.OddError
		syntax  *SyntaxError
		busy    *private.BusyError
		hint    string
	)
	switch {
	case errors.As(err, &classed):
		return err
	case errors.As(err, &odd):
		hint = odd.Fix
	case errors.As(err, &syntax):
		hint = "mend the file; no introduction is taken from it as it is"
	case errors.As(err, &busy):
		hint = "run the same command again"
	}
	return outcome.UsageError(fmt.Errorf("introductions: %w", err), hint)
}

// All returns the entries in the order in which they count: those of the user
// first, so that a later one of the same name means nothing.
func (l *List) All() []Entry { return slices.Concat(l.user, l.system) }

// ByName finds the entry that a name stands for.
func (l *List) ByName(name string) (Entry, bool) { return byName(l.All(), name) }

func byName(entries []Entry, name string) (Entry, bool) {
	i := slices.IndexFunc(entries, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return Entry{}, false
	}
	return entries[i], true
}

// ByURL returns the entries for a branch of a remote, the one that counts first:
// any of the user before any of the system, and then one for the branch before
// one for every branch. If no branch is given, all entries for the remote match,
// one for every branch first.
func (l *List) ByURL(url remoteurl.URL, branch string) []Entry {
	return append(byURL(l.user, url, branch), byURL(l.system, url, branch)...)
}

func byURL(entries []Entry, url remoteurl.URL, branch string) []Entry {
	var exact, other []Entry
	for _, e := range entries {
		switch {
		case e.Remote() != url:
		case e.Branch == branch:
			exact = append(exact, e)
		case e.Branch == "" || branch == "":
			other = append(other, e)
		}
	}
	return append(exact, other...)
}
