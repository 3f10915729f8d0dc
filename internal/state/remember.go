package state

import (
	"errors"
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/private"
)

// A ChangedError says that another process has remembered a tip, or forgotten it,
// since it was loaded.
type ChangedError struct {
	Key Key
	Now *Remembered // nil if it is forgotten
}

func (e *ChangedError) Error() string {
	if e.Now == nil {
		return fmt.Sprintf("the tip of %q in %q was forgotten meanwhile", e.Key.Branch, e.Key.Remote)
	}
	return fmt.Sprintf("another tip of %q in %q was remembered meanwhile: %s", e.Key.Branch, e.Key.Remote, e.Now.Tip)
}

// Remember replaces old, what Load returned before the tip was judged, by what is
// known now. If that is no longer the tip on file, nor the new one is, nothing is
// changed and the error is a *ChangedError: whether the new tip continues the
// other one has not been judged. Any error means that the file is as it was.
func (t *Tip) Remember(old *Remembered, now Remembered) error {
	content, err := t.format(now)
	if err == nil {
		err = t.file.Update(func(before []byte, err error) ([]byte, error) {
			found, err := t.parsed(before, err)
			if err != nil {
				return nil, err
			}
			if tip := tipOf(found); tip != tipOf(old) && tip != now.Tip {
				return nil, &ChangedError{t.key, found}
			}
			return content, nil
		})
	}
	if err != nil {
		return classify("the tip cannot be remembered", err)
	}
	return nil
}

// tipOf is the zero id if nothing is remembered.
func tipOf(r *Remembered) gitwalk.ID {
	if r == nil {
		return gitwalk.ID{}
	}
	return r.Tip
}

// Forget removes the file, whatever it says, and tells whether there was one.
func (t *Tip) Forget() (bool, error) {
	found, err := t.file.Remove()
	if err != nil {
		return false, classify("the remembered tip cannot be removed", err)
	}
	return found, nil
}

// classify gives an error class and hint.
func classify(what string, err error) error {
	var (
		odd     *private.OddError
		changed *ChangedError
		busy    *private.BusyError
		hint    string
	)
	switch {
	case errors.As(err, &odd):
		hint = odd.Fix + `; "nix-authorize state forget" gives the remembered tip up, and with it the protection from older versions of the branch`
	case errors.As(err, &changed), errors.As(err, &busy):
		hint = "run the same command again"
	default:
		hint = "the directory named by XDG_STATE_HOME, or else ~/.local/state, must be one that this user can write to"
	}
	return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("%s: %w", what, err), hint)
}
