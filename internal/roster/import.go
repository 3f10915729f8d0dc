package roster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/authfile"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/worktree"
)

// Import plans to write a file with the keys of a .guix-authorizations, that of the
// work tree if the name is empty. The notes say what is not taken over as it is.
func (d Desk) Import(ctx context.Context, name string) (*Change, error) {
	c := &Change{}
	var err error
	if c.tree, err = worktree.Find(ctx, d.Git); err != nil {
		return nil, err
	}
	if _, err := c.tree.Read(fileName, authz.MaxAuthorizations); !errors.Is(err, fs.ErrNotExist) {
		return nil, outcome.UsageError(fmt.Errorf("%s is there already, or cannot be read", c.tree.Path(fileName)), "move it away first, or add keys to it with \"nix-authorize key add\"")
	}
	if name == "" {
		name = filepath.Join(c.tree.Dir, authz.GuixFormat.FileName())
	}
	guix, err := d.read(name)
	if err != nil {
		return nil, notAKey(err, "give the name of a .guix-authorizations")
	}
	if c.content, c.Notes, err = authfile.FromGuix([]byte(guix)); err != nil {
		return nil, err
	}
	return c, d.finish(ctx, c)
}
