package hook

import (
	"errors"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/state"
)

const hintDowngrade = "the remote withholds commits or its history was rewritten; ask the project; " +
	"if going back is what you want: nix-authorize pull --allow-downgrade"

// checkContinues requires that the tip of a remote's branch continues the last one
// that was seen, and remembers it. The tip is authentic, and old is what the ref is
// now. A branch of the user's own may go back.
func (j *judge) checkContinues(b *bench, ref protectedRef, old, tip gitwalk.ID) error {
	if ref.remote == "" {
		return nil
	}
	memory := j.memory(b, ref)
	if memory == nil {
		return j.checkUnremembered(b, ref, old, tip)
	}
	remembered, err := memory.Load()
	if err != nil {
		return err
	}
	if remembered == nil {
		err = j.checkUnremembered(b, ref, old, tip)
	} else {
		err = j.relate(b, remembered.Tip, tip)
	}
	if err != nil || remembered != nil && remembered.Tip == tip {
		return err
	}
	return j.remember(b, memory, remembered, tip)
}

// memory is where the tip of a remote's branch is remembered, or nil if the remote is
// not configured or the user has no place for state.
func (j *judge) memory(b *bench, ref protectedRef) *state.Tip {
	dir, ok := state.Dir(j.Getenv)
	urls := j.config.RemoteURLs(ref.remote)
	if !ok || len(urls) == 0 {
		return nil
	}
	return state.Open(dir, state.Key{
		Introduction: b.Policy.Introduction,
		Remote:       remoteurl.Normalize(urls[0], directory(j.repository, j.Dir)),
		Branch:       ref.served,
	})
}

// checkUnremembered compares a tip with what the ref is now. That may be from a time
// before there were hooks, and counts only if it is authentic: the way from a bad tip
// to a good one must be free.
func (j *judge) checkUnremembered(b *bench, ref protectedRef, old, tip gitwalk.ID) error {
	if old.IsZero() {
		return nil
	}
	err := j.relate(b, old, tip)
	if err == nil || j.isBad(ref, old) {
		return nil
	}
	return err
}

func (j *judge) relate(b *bench, last, tip gitwalk.ID) error {
	relation, err := b.Relate(j.ctx, last, tip)
	if err != nil {
		return err
	}
	err = movement.CheckContinues(relation, last, tip)
	var downgrade *outcome.Error
	if errors.As(err, &downgrade) {
		downgrade.Hint = hintDowngrade
	}
	return err
}

func (j *judge) remember(b *bench, memory *state.Tip, old *state.Remembered, tip gitwalk.ID) error {
	signed, err := b.SignedDate(j.ctx, tip, 0)
	if err != nil {
		return err
	}
	now := state.Remembered{Tip: tip, At: time.Now(), CommitTime: signed}
	if signer := b.signers[tip]; signer != nil {
		now.Signer, now.SignerName = signer.Key, signer.Name
	}
	return memory.Remember(old, now)
}
