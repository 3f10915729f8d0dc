package signing

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

const hintConfigure = `with an SSH key: git config gpg.format ssh && git config user.signingKey ~/.ssh/id_ed25519.pub; ` +
	`with an OpenPGP key: git config user.signingKey FINGERPRINT`

var errNoKey = errors.New("git is not configured to sign with a key")

// configuration is what the user's git is configured to do.
type configuration struct {
	ctx context.Context
	git gitcli.User
}

// get is the value of a variable, empty if it is not set.
func (c configuration) get(name string, options ...string) (string, error) {
	const notSet = 1
	out, err := c.git.Output(c.ctx, append(append([]string{"config"}, options...), "--get", name)...)
	if gitcli.ExitCode(err) == notSet {
		return "", nil
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

// tool is the program that the first of the variables that is set names, in which
// git expands "~", or the default.
func (c configuration) tool(otherwise string, names ...string) (tool, error) {
	t := tool{otherwise, c.git.Dir, c.git.Stderr}
	for _, name := range names {
		value, err := c.get(name, "--type=path")
		if err != nil {
			return t, err
		}
		if value != "" {
			t.program = value
			return t, nil
		}
	}
	return t, nil
}

// committer is whom gpg looks for if no key is configured: "NAME <MAIL>".
func (c configuration) committer() (string, error) {
	git := c.git
	git.Stderr = nil // it explains at length what the hint says
	ident, err := git.Output(c.ctx, "var", "GIT_COMMITTER_IDENT")
	if _, failed := gitcli.Failed(err); failed {
		return "", outcome.UsageError(fmt.Errorf("%w, and not told who you are", errNoKey),
			`git config user.name "YOUR NAME" && git config user.email MAIL; then `+hintConfigure)
	}
	end := strings.LastIndexByte(string(ident), '>')
	return string(ident[:end+1]), err
}

// file is the path of a file that git finds from where it commits: the root of
// the work tree.
func (c configuration) file(name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	top, err := c.git.Output(c.ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return "", err
	}
	return filepath.Join(strings.TrimSuffix(string(top), "\n"), name), nil
}
