package verification

import (
	"errors"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
)

// KeyListOptions say what to list.
type KeyListOptions struct {
	Dir                     string
	Keyring, Authorizations string // before what is recorded; may be empty
	Revision                string
	// RevisionIsDefault says that nobody has asked for the revision, so that it
	// may be one that does not exist yet.
	RevisionIsDefault bool
}

// A KeyList is a keyring and who is authorized at a revision.
type KeyList struct {
	Keyring  *keysource.Loaded
	Revision string
	At       gitwalk.ID // zero if there is no revision to look at
	Format   authz.Format
	// Authorized are the authorizations at that revision, nil if it has none.
	Authorized *authz.Authorizations
	// Malformed is why the revision's file says nothing although it is there.
	Malformed error
}

// ListKeys loads the keyring and the authorizations at a revision. It needs no
// introduction and judges nothing.
func ListKeys(repository *gitrepo.Repository, o KeyListOptions) (*KeyList, error) {
	list := &KeyList{Revision: o.Revision}
	revision, err := repository.Resolve(o.Revision)
	if err != nil && !(o.RevisionIsDefault && isUnborn(err)) {
		return nil, classify(repository, err)
	}
	list.At = revision.ID
	config, err := repository.Config()
	if err != nil {
		return nil, classify(repository, err)
	}
	recorded := trust.Recorded(config, revision.Branch)
	if o.Keyring == "" {
		o.Keyring = recorded.Keyring
	}
	if o.Authorizations == "" {
		o.Authorizations = recorded.Authorizations
	}
	if list.Keyring, err = keysource.Load(repository, o.Dir, o.Keyring, ""); err != nil {
		var absent *keysource.NotFoundError
		if !errors.As(err, &absent) || !absent.Default {
			return nil, classify(repository, err)
		}
		list.Keyring = keysource.None()
	}
	if list.At.IsZero() {
		return list, nil
	}
	return list, list.authorizations(repository, o.Authorizations)
}

// isUnborn says whether a revision could not be found because there is none yet.
func isUnborn(err error) bool {
	return errors.As(err, new(*gitrepo.EmptyRepositoryError)) || errors.As(err, new(*gitrepo.UnknownRevisionError))
}

// authorizations reads the file of the given name, or the one that is there.
func (l *KeyList) authorizations(repository *gitrepo.Repository, name string) (err error) {
	if name == "" {
		l.Format, err = FormatOf(repository, l.At)
	} else if l.Format, err = authz.ParseFormat(name); err != nil {
		err = outcome.UsageError(err, "")
	}
	if err != nil {
		return err
	}
	v := Verification{Repository: repository}
	v.Policy.Introduction.Format = l.Format
	_, file, err := v.CommitAt(l.At)
	if err != nil {
		return classify(repository, err)
	}
	l.Authorized, l.Malformed = file.Authorizations, file.Err
	return nil
}
