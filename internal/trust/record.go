package trust

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// Record writes the settings that are set into the repository's configuration,
// for a branch or, if that is empty, for the whole repository, and removes those
// of the four that are not. It returns the file that it has changed. Either all of
// it is written or nothing is.
func Record(ctx context.Context, repository *gitrepo.Repository, branch string, s Settings) (string, error) {
	path := filepath.Join(repository.CommonDir(), "config")
	section := Section
	if branch != "" {
		section += "." + branch
	}
	err := edit(path, func(draft string) error {
		for _, v := range []struct{ key, value string }{
			{"introduction", s.Introduction}, {"signer", s.Signer},
			{"keyring", s.Keyring}, {"authorizations", s.Authorizations},
		} {
			if err := set(ctx, draft, section+"."+v.key, v.value); err != nil {
				return err
			}
		}
		return nil
	})
	return path, err
}

// edit changes a draft of a configuration file and puts it in the file's place. It
// holds git's own lock on the file meanwhile.
func edit(path string, change func(draft string) error) (err error) {
	lock := path + ".lock"
	draft, err := os.OpenFile(lock, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, os.ErrExist) {
		return outcome.UsageError(fmt.Errorf("%s exists, so another git is changing the configuration", lock),
			"wait for it to end; if no git is running, remove that file")
	}
	if err != nil {
		return err
	}
	defer os.Remove(lock) // nothing is there any more after the rename
	if err := errors.Join(copyTo(draft, path), draft.Close()); err != nil {
		return err
	}
	if err := change(lock); err != nil {
		return err
	}
	return os.Rename(lock, path)
}

func copyTo(draft *os.File, path string) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil {
		err = draft.Chmod(info.Mode().Perm())
		if err != nil {
			return err
		}
	}
	_, err = io.Copy(draft, file)
	return err
}

// set gives a variable one value, or none if it is empty.
func set(ctx context.Context, file, name, value string) error {
	args := []string{"config", "--file", file, "--replace-all", name, value}
	if value == "" {
		args = []string{"config", "--file", file, "--unset-all", name}
	}
	_, err := gitcli.Repository{Dir: filepath.Dir(file)}.Output(ctx, args...)
	const nothingToUnset = 5
	if value == "" && gitcli.ExitCode(err) == nothingToUnset {
		return nil
	}
	return err
}
