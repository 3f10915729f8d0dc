// Package roster changes the list of keys in the .nix-authorizations of a work tree,
// and publishes the keys that are added. It commits nothing on the user's branch.
package roster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/authfile"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/keybranch"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/signing"
	"github.com/nix-authorize/nix-authorize/internal/worktree"
)

const fileName = string(authz.NixFormat)

// A Desk is where a maintainer works: a repository with a work tree.
type Desk struct {
	Repository *gitrepo.Repository
	// Dir is what relative names of files start from, and Git the user's, with the
	// same working directory.
	Dir string
	Git gitcli.User
	// Keyring is the configured keyring, empty for the default.
	Keyring string
}

// A Change is one that can be made to the file in the work tree.
type Change struct {
	// Old and New are what the file says before and after; Old is nil if there is
	// none yet.
	Old, New *authz.Authorizations
	// Committed is what the file says at HEAD, which decides about the commit that
	// the change will be in; nil if it is not there.
	Committed *authz.Authorizations
	// Entry is the one that is added or removed.
	Entry authz.Entry
	// Publication is a commit that publishes the key, nil if none is needed.
	Publication *keybranch.Addition
	// PutInto is the directory that is the keyring, if the key is to be put there by
	// hand, or empty.
	PutInto string
	// Notes are facts about the change, one sentence each.
	Notes []string
	// Outsider says that the user's own key may not sign a commit with this change,
	// and Own that the entry is that of the user's own key.
	Outsider, Own bool

	tree    worktree.Tree
	before  []byte // nil if there is no file
	content []byte
	signs   bool // the user's git can sign
}

// Make makes the change: it publishes the key first, since a key that nobody lists
// does no harm, and then writes the file.
func (c *Change) Make(ctx context.Context) (published gitwalk.ID, err error) {
	if c.Publication != nil {
		if published, err = c.Publication.Make(ctx); err != nil {
			return published, err
		}
	}
	return published, c.tree.Replace(fileName, c.before, c.content)
}

// Approvals is how many others must agree to the change before it is committed.
func (c *Change) Approvals() int {
	if c.Committed == nil {
		return 0
	}
	return c.Committed.Threshold - 1
}

// Remove plans to take an entry out, by its name or fingerprint.
func (d Desk) Remove(ctx context.Context, nameOrKey string) (*Change, error) {
	c, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	c.content, c.Entry, err = authfile.Remove(c.before, nameOrKey)
	if err != nil {
		return nil, err
	}
	return c, d.finish(ctx, c)
}

// open reads the file that is to be changed.
func (d Desk) open(ctx context.Context) (*Change, error) {
	c := &Change{}
	var err error
	if c.tree, err = worktree.Find(ctx, d.Git); err != nil {
		return nil, err
	}
	c.before, err = c.tree.Read(fileName, authz.MaxAuthorizations)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, outcome.UsageError(fmt.Errorf("there is no %s in %s", fileName, c.tree.Dir), `"nix-authorize init" begins with your own key`)
	}
	if err != nil {
		return nil, err
	}
	if c.Old, err = parse(c.before); err != nil {
		return nil, err
	}
	c.Committed, err = AtHead(d.Repository)
	return c, err
}

// finish reads what the file will say, and what the user's own key has to do with it.
func (d Desk) finish(ctx context.Context, c *Change) (err error) {
	if c.New, err = parse(c.content); err != nil {
		return err
	}
	signer, err := signing.Find(ctx, d.Git)
	if err != nil {
		return ctx.Err() // somebody else may commit
	}
	c.signs = true
	if c.Committed != nil {
		entry, listed := signer.Entry(c.Committed)
		c.Outsider = !listed || entry.Rights&authz.RightAuthorize == 0
	}
	if c.Old != nil {
		own, listed := signer.Entry(c.Old)
		c.Own = listed && own.Key == c.Entry.Key
	}
	return nil
}

func parse(content []byte) (*authz.Authorizations, error) {
	a, err := authz.ParseAuthorizations(authz.NixFormat, content)
	if err != nil {
		return nil, outcome.UsageError(fmt.Errorf("%s in the work tree is malformed: %w", fileName, err), "mend it by hand first")
	}
	return a, nil
}

// AtHead is what the file says at HEAD, nil if there is no commit, no file, or a
// malformed one.
func AtHead(repository *gitrepo.Repository) (*authz.Authorizations, error) {
	head, born, err := repository.Ref("HEAD")
	if err != nil || !born {
		return nil, err
	}
	source, err := repository.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	file, err := authz.FileAt(reader, authz.NixFormat, head)
	if err != nil {
		return nil, err
	}
	return file.Authorizations, nil
}
