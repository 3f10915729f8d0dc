package update

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// lock makes sure that one pull at a time works on a repository. The lock ends with
// the process, however that ends; the file stays.
func lock(repository *gitrepo.Repository) (*os.File, error) {
	path := filepath.Join(repository.CommonDir(), "nix-authorize.lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, outcome.UncheckedError("", fmt.Errorf("the repository cannot be changed: %w", err), "run this as a user who may write to the repository")
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
	return file, nil
}
