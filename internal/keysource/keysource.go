// Package keysource finds the files of a keyring: on a branch of the repository
// that is judged, or in a directory. Neither is trusted. Whoever controls them
// can withhold a key and nothing else, since keys are looked up by fingerprint.
package keysource

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// DefaultBranch is the branch that is looked for when none is configured, in
// the repository itself and then in its remote "origin".
const DefaultBranch = "keyring"

// A Loaded is a keyring and where it was found.
type Loaded struct {
	*keyring.Keyring
	// Name is what people call the place, such as "branch origin/keyring" or
	// "directory ./keys", and "none" if there is no place.
	Name string
	// Commit is the commit that was read if the keyring is a branch.
	Commit gitwalk.ID
	// Skipped are the files and keys that were passed over, and why.
	Skipped []keyring.Skipped
}

// A NotFoundError says that there is no keyring in the place that was named.
type NotFoundError struct {
	Name    string // as configured, or DefaultBranch
	Default bool   // nothing was configured
}

func (e *NotFoundError) Error() string {
	if e.Default {
		return fmt.Sprintf("the repository has neither a branch %q nor a branch \"origin/%[1]s\" to look keys up in", e.Name)
	}
	return fmt.Sprintf("keyring %q is neither a branch nor a directory", e.Name)
}

// Load reads the keyring that name stands for: a branch, a remote-tracking branch
// such as "upstream/keyring", a full ref name, or a directory, relative to dir
// and certainly meant if it begins with "." or "/". The empty name is the default.
//
// Bad files are skipped. The error is a *NotFoundError, one of reading refs or
// directories, or one of gitwalk's if an object of the branch cannot be had.
func Load(repository *gitrepo.Repository, dir, name string) (*Loaded, error) {
	if strings.HasPrefix(name, ".") || filepath.IsAbs(name) {
		return loadDir(dir, name)
	}
	branch := name
	if name == "" {
		branch = DefaultBranch
	}
	for _, ref := range refsOf(branch) {
		id, ok, err := repository.Ref(ref)
		if err != nil {
			return nil, err
		}
		if ok {
			return loadBranch(repository, ref, id)
		}
	}
	if name == "" {
		return nil, &NotFoundError{Name: branch, Default: true}
	}
	return loadDir(dir, name)
}

// None is the keyring of a repository that has none: it knows no OpenPGP key.
func None() *Loaded { return &Loaded{Keyring: keyring.New(nil), Name: "none"} }

func refsOf(branch string) []string {
	if strings.HasPrefix(branch, "refs/") {
		return []string{branch}
	}
	return []string{"refs/heads/" + branch, "refs/remotes/origin/" + branch, "refs/remotes/" + branch}
}

func loadDir(dir, name string) (*Loaded, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if info, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, &NotFoundError{Name: name}
	}
	files, skipped, err := keyring.ReadDir(path)
	if err != nil {
		return nil, err
	}
	return loaded("directory "+name, files, skipped), nil
}

func loadBranch(repository *gitrepo.Repository, ref string, tip gitwalk.ID) (*Loaded, error) {
	source, err := repository.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	files, skipped, err := readBranch(reader, tip)
	if err != nil {
		return nil, err
	}
	short := strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/remotes/")
	l := loaded("branch "+short, files, skipped)
	l.Commit = tip
	return l, nil
}

func loaded(name string, files []keyring.File, skipped []keyring.Skipped) *Loaded {
	k := keyring.New(files)
	return &Loaded{Keyring: k, Name: name, Skipped: append(skipped, k.Skipped()...)}
}
