package roster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/signing"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/internal/worktree"
)

// A Listing is who is listed in a file, and what is known of the keys.
type Listing struct {
	// Revision is the commit whose file it is, as it was named, and At its id; both
	// are zero for the work tree.
	Revision       string
	At             gitwalk.ID
	Format         authz.Format
	Authorizations *authz.Authorizations
	Keyring        *keysource.Loaded
	// Own is the fingerprint that lists the user's own key, or empty.
	Own authz.Entry
	// Uncommitted is how the work tree's file differs from that at HEAD, nil for a
	// revision.
	Uncommitted *authz.FileChange
}

// List lists the file at a revision, or that of the work tree if it is empty.
func (d Desk) List(ctx context.Context, revision string) (*Listing, error) {
	l := &Listing{Revision: revision, Format: authz.NixFormat}
	var err error
	if revision == "" {
		err = d.listWorkTree(ctx, l)
	} else {
		err = d.listRevision(l)
	}
	if err != nil {
		return nil, err
	}
	if l.Keyring, err = d.keyring(); err != nil {
		return nil, err
	}
	signer, err := signing.Find(ctx, d.Git)
	if err == nil {
		l.Own, _ = signer.Entry(l.Authorizations)
	}
	return l, ctx.Err()
}

func (d Desk) listWorkTree(ctx context.Context, l *Listing) error {
	tree, err := worktree.Find(ctx, d.Git)
	if err != nil {
		return err
	}
	content, err := tree.Read(fileName, authz.MaxAuthorizations)
	if errors.Is(err, fs.ErrNotExist) {
		return outcome.UsageError(fmt.Errorf("there is no %s in %s", fileName, tree.Dir), `"nix-authorize init" begins with your own key; "nix-authorize key list HEAD" lists what is committed`)
	}
	if err != nil {
		return err
	}
	if l.Authorizations, err = parse(content); err != nil {
		return err
	}
	committed, err := AtHead(d.Repository)
	l.Uncommitted = authz.Compare(committed, l.Authorizations)
	return err
}

func (d Desk) listRevision(l *Listing) error {
	list, err := verification.ListKeys(d.Repository, verification.KeyListOptions{Dir: d.Dir, Keyring: d.Keyring, Revision: l.Revision})
	if err != nil {
		return err
	}
	l.At, l.Format, l.Authorizations = list.At, list.Format, list.Authorized
	switch {
	case list.Malformed != nil:
		return outcome.UsageError(fmt.Errorf("the %s of commit %s is malformed: %w", l.Format, l.At, list.Malformed), `"nix-authorize lint" says more`)
	case l.Authorizations == nil:
		return outcome.UsageError(fmt.Errorf("commit %s has no %s", l.At, l.Format), "name a commit that has one")
	}
	return nil
}

// keyring is the configured keyring, or an empty one if there is none.
func (d Desk) keyring() (*keysource.Loaded, error) {
	loaded, err := keysource.Load(d.Repository, d.Dir, d.Keyring, "")
	var absent *keysource.NotFoundError
	if errors.As(err, &absent) && absent.Default {
		return keysource.None(), nil
	}
	return loaded, err
}
