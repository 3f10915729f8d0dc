package authz

import (
	"errors"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// uncheckedAt says which commit an object error is about; other errors pass.
func (r *run) uncheckedAt(commit gitwalk.ID, err error) error {
	if unchecked := uncheckedFrom(commit, err); unchecked != nil {
		return unchecked
	}
	return err
}

// uncheckedFrom turns the failure to read an object into the reason for which
// the commit could not be checked, and returns nil for any other error.
func uncheckedFrom(commit gitwalk.ID, err error) *UncheckedError {
	var (
		unchecked *UncheckedError
		missing   *gitwalk.MissingError
		corrupt   *gitwalk.CorruptError
		git       *gitwalk.CannotMergeError
		limit     *gitwalk.LimitError
	)
	switch {
	case errors.As(err, &unchecked):
		return unchecked
	case errors.As(err, &missing):
		return &UncheckedError{Commit: commit, Reason: MissingObject, Detail: missing.Error(), Cause: err}
	case errors.As(err, &corrupt):
		return &UncheckedError{Commit: commit, Reason: CorruptObject, Detail: corrupt.Error(), Cause: err}
	case errors.As(err, &git):
		return &UncheckedError{Commit: commit, Reason: CannotCheck, Detail: git.Error(), Cause: err}
	case errors.As(err, &limit):
		return &UncheckedError{Commit: commit, Reason: CannotCheck, Detail: limit.Error(), Cause: err}
	}
	return nil
}
