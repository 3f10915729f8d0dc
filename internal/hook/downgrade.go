package hook

import (
	"errors"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const hintDowngrade = "the remote withholds commits or its history was rewritten; ask the project; " +
	"if going back is what you want: nix-authorize pull --allow-downgrade"

// checkContinues requires that the tip of a remote's branch continues the last one
// that was seen, and remembers it. The tip is authentic. A branch of the user's own
// may go back.
func (j *judge) checkContinues(ref protectedRef, veto Veto) error {
	if ref.remote == "" {
		return nil
	}
	memory := j.memory(ref, veto.Verification)
	var remembered *state.Remembered
	var err error
	if memory != nil {
		if remembered, err = memory.Load(); err != nil {
			return err
		}
	}
	if err := j.compare(ref, remembered, veto); err != nil || memory == nil {
		return err
	}
	if remembered != nil && remembered.Tip == veto.New {
		return nil
	}
	return j.remember(memory, remembered, veto)
}

// memory is where the tip of a remote's branch is remembered, or nil if the remote is
// not configured or the user has no place for state.
func (j *judge) memory(ref protectedRef, v *verification.Verification) *state.Tip {
	dir, ok := state.Dir(j.Getenv)
	url, configured := j.config.Get("remote", ref.remote, "url")
	if !ok || !configured {
		return nil
	}
	return state.Open(dir, state.Key{
		Introduction: v.Policy.Introduction,
		Remote:       remoteurl.Normalize(url, directory(j.repository, j.Dir)),
		Branch:       ref.served,
	})
}

// compare compares a tip with the one that is remembered, or else with what the ref
// is now. That may be from a time before there were hooks, and counts only if it is
// authentic: the way from a bad tip to a good one must be free.
func (j *judge) compare(ref protectedRef, remembered *state.Remembered, veto Veto) error {
	last := veto.Old
	if remembered != nil {
		last = remembered.Tip
	}
	if last.IsZero() {
		return nil
	}
	err := j.relate(last, veto.New)
	if err == nil || remembered != nil {
		return err
	}
	if _, report, unknown := j.verdict(ref, last); unknown == nil && report.Outcome() != authz.Authentic {
		return nil
	}
	return err
}

func (j *judge) relate(last, tip gitwalk.ID) error {
	relation, err := movement.Relate(j.ctx, j.repository, last, tip)
	if err != nil {
		return verification.Classify(j.repository, err)
	}
	err = movement.CheckContinues(relation, last, tip)
	var downgrade *outcome.Error
	if errors.As(err, &downgrade) {
		downgrade.Hint = hintDowngrade
	}
	return err
}

func (j *judge) remember(memory *state.Tip, old *state.Remembered, veto Veto) error {
	examination, err := veto.Verification.Examine(j.ctx, veto.New)
	if err != nil {
		return err
	}
	commit, _, err := veto.Verification.CommitAt(veto.New)
	if err != nil {
		return err
	}
	now := state.Remembered{Tip: veto.New, At: time.Now(), CommitTime: commit.CommitTime}
	if signer := examination.Verdict.Signer; signer != nil {
		now.Signer, now.SignerName = signer.Key, signer.Name
	}
	return memory.Remember(old, now)
}
