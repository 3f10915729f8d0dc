package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/authfile"
	"github.com/nix-authorize/nix-authorize/internal/keybranch"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// An Addition says whose key is added, and with which rights.
type Addition struct {
	Name string
	// SSH is a public key or the name of its file, OpenPGP a fingerprint or the
	// name of a file. One of them is empty.
	SSH, OpenPGP string
	May          []string // names of rights; none for the default
	Paths        []string
}

// Add plans to add an entry. The error is a usage error with a hint.
func (d Desk) Add(ctx context.Context, a Addition) (*Change, error) {
	c, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	key, err := d.key(ctx, a)
	if err != nil {
		return nil, err
	}
	c.Entry = key.entry
	c.Entry.Name, c.Entry.Paths = a.Name, a.Paths
	if c.Entry.Rights, err = rights(a); err != nil {
		return nil, err
	}
	if c.content, err = authfile.Add(c.before, c.Entry); err != nil {
		return nil, err
	}
	if err := d.finish(ctx, c); err != nil {
		return nil, err
	}
	return c, d.publish(ctx, c, key)
}

// rights are those that the names stand for.
func rights(a Addition) (authz.Right, error) {
	known := []authz.Right{authz.RightCommit, authz.RightMerge, authz.RightAuthorize}
	var all, given authz.Right
	for _, right := range known {
		all |= right
	}
	for _, name := range a.May {
		found := authz.Right(0)
		for _, right := range known {
			if right.String() == strings.TrimSpace(name) {
				found = right
			}
		}
		if found == 0 {
			return 0, outcome.UsageError(fmt.Errorf("unknown right %q", name), "some of "+all.String())
		}
		given |= found
	}
	switch {
	case given != 0:
		return given, nil
	case len(a.Paths) > 0:
		return authz.RightCommit, nil
	}
	return all, nil
}

// publish plans to publish an OpenPGP key, unless that has happened.
func (d Desk) publish(ctx context.Context, c *Change, key foundKey) (err error) {
	if key.armor == nil {
		return nil
	}
	public := keybranch.Key{Holder: c.Entry.Name, Fingerprint: key.primary, Content: key.armor}
	c.Publication, err = keybranch.Plan(ctx, d.Repository, d.Git, public, keybranch.Options{
		Dir: d.Dir, Keyring: d.Keyring, Signed: c.signs, // nobody needs it to be
	})
	var directory *keybranch.DirectoryError
	if errors.As(err, &directory) {
		c.PutInto = directory.Dir
		return nil
	}
	return err
}
