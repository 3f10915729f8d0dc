package update

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// lock makes sure that one pull at a time works on a repository, until unlock is
// called or the process ends, however that happens. The file stays.
func lock(repository *gitrepo.Repository) (unlock func(), err error) {
	path := filepath.Join(repository.CommonDir(), "nix-authorize.lock")
	file, err := openLock(path)
	if err != nil {
		return nil, outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("the repository cannot be changed: %w", err), "run this as a user who may write to the repository")
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		file.Close()
		return nil, outcome.UsageError(errors.New("another nix-authorize is updating this repository"), "wait until it has ended and try again")
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() {
		// A process that is being started right now may have the file open for a
		// moment: closing it would not be enough.
		_ = unix.Flock(int(file.Fd()), unix.LOCK_UN)
		file.Close()
	}, nil
}

// openLock opens the file for writing, which some network file systems want, or only
// for reading if another user has made it.
func openLock(path string) (*os.File, error) {
	const safely = unix.O_NOFOLLOW | unix.O_CLOEXEC
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|safely, 0o666)
	if errors.Is(err, os.ErrPermission) {
		if readable, readErr := os.OpenFile(path, os.O_RDONLY|safely, 0); readErr == nil {
			return readable, nil
		}
	}
	return file, err
}
