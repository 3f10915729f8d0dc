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
// the repository itself and in its remote "origin".
const DefaultBranch = "keyring"

// A Loaded is a keyring and where it was found.
type Loaded struct {
	*keyring.Keyring
	// Name is what people call the place, such as "branch origin/keyring" or
	// "directory ./keys", and "none" if there is no place.
	Name string
	// IsDir says that the configured place is a directory.
	IsDir bool
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
// The keys of the ref more are added, unless it is empty, and those of the commits,
// which no ref needs to name yet. If there are any of these, the default need not
// exist.
//
// Bad files are skipped. The error is a *NotFoundError, one of reading refs or
// directories, or one of gitwalk's if an object of the branch cannot be had.
func Load(repository *gitrepo.Repository, dir, name, more string, commits ...gitwalk.ID) (*Loaded, error) {
	l := loader{repository: repository, known: make(map[gitwalk.ID]bool)}
	added, err := l.ref(more)
	if err != nil {
		return nil, err
	}
	for _, id := range commits {
		if err := l.commit("commit "+id.String(), id); err != nil {
			return nil, err
		}
		added = true
	}
	found, err := l.place(dir, name)
	if err != nil {
		return nil, err
	}
	switch {
	case found || name == "" && added:
	case name == "":
		return nil, &NotFoundError{Name: DefaultBranch, Default: true}
	default:
		return nil, &NotFoundError{Name: name}
	}
	return l.loaded(), nil
}

// Recordable is a configured name that means the same from every directory: that of
// a directory becomes an absolute path.
func (l *Loaded) Recordable(name, dir string) string {
	if l.IsDir && !filepath.IsAbs(name) {
		return filepath.Join(dir, name)
	}
	return name
}

// None is the keyring of a repository that has none: it knows no OpenPGP key.
func None() *Loaded { return &Loaded{Keyring: keyring.New(nil), Name: "none"} }

// Refs are the full names of the refs that a configured keyring can stand for.
func Refs(name string) []string {
	switch {
	case name == "":
		return refsOf(DefaultBranch)
	case strings.HasPrefix(name, ".") || filepath.IsAbs(name):
		return nil
	}
	return refsOf(name)
}

func refsOf(branch string) []string {
	if strings.HasPrefix(branch, "refs/") {
		return []string{branch}
	}
	return []string{"refs/heads/" + branch, "refs/remotes/origin/" + branch, "refs/remotes/" + branch}
}

// loader collects the files of one keyring from one or more places.
type loader struct {
	repository *gitrepo.Repository
	files      []keyring.File
	skipped    []keyring.Skipped
	names      []string
	isDir      bool
	// known are the files of branches that were read. A keyring that has just been
	// fetched mostly has the same ones as that which is here.
	known map[gitwalk.ID]bool
}

// place reads what a name stands for, and says whether there is such a thing. The
// default is all the branches of that name: one that somebody has made here and
// forgotten must not hide newer keys in the remote's.
func (l *loader) place(dir, name string) (bool, error) {
	switch {
	case name == "":
		return l.refs(Refs(name), true)
	case strings.HasPrefix(name, ".") || filepath.IsAbs(name):
		return l.directory(dir, name)
	}
	if found, err := l.refs(Refs(name), false); found || err != nil {
		return found, err
	}
	return l.directory(dir, name)
}

// refs reads the first of the refs that exists, or all that do.
func (l *loader) refs(names []string, all bool) (bool, error) {
	any := false
	for _, name := range names {
		found, err := l.ref(name)
		if err != nil || found && !all {
			return found, err
		}
		any = any || found
	}
	return any, nil
}

func (l *loader) directory(dir, name string) (bool, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if info, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || err == nil && !info.IsDir() {
		return false, nil
	}
	files, skipped, err := keyring.ReadDir(path)
	if err != nil {
		return false, err
	}
	l.isDir = true
	l.add("directory "+name, files, skipped)
	return true, nil
}

// ref reads the tree of the commit that a ref names. No ref has the empty name.
func (l *loader) ref(name string) (bool, error) {
	tip, ok, err := l.repository.Ref(name)
	if err != nil || !ok {
		return false, err
	}
	err = l.commit("branch "+strings.TrimPrefix(strings.TrimPrefix(name, "refs/heads/"), "refs/remotes/"), tip)
	return err == nil, err
}

func (l *loader) commit(name string, id gitwalk.ID) error {
	source, err := l.repository.NewSource()
	if err != nil {
		return err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	files, skipped, err := readBranch(reader, id, l.known)
	if err != nil {
		return err
	}
	l.add(name, files, skipped)
	return nil
}

func (l *loader) add(name string, files []keyring.File, skipped []keyring.Skipped) {
	l.names = append(l.names, name)
	l.files = append(l.files, files...)
	l.skipped = append(l.skipped, skipped...)
}

func (l *loader) loaded() *Loaded {
	k := keyring.New(l.files)
	return &Loaded{Keyring: k, Name: strings.Join(l.names, ", "), IsDir: l.isDir, Skipped: append(l.skipped, k.Skipped()...)}
}
