package update

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// before is where refs were before anything was judged; zero for none.
type before struct {
	local, tracking, keyring gitwalk.ID
	keyringRef               string // the remote's keyring branch, as it is tracked here
}

func readBefore(repository *gitrepo.Repository, t Target) (before, error) {
	var b before
	if t.Tracking != "" {
		b.keyringRef = strings.TrimSuffix(t.Tracking, t.Branch) + "keyring"
	}
	for ref, id := range map[string]*gitwalk.ID{"refs/heads/" + t.Local: &b.local, t.Tracking: &b.tracking, b.keyringRef: &b.keyring} {
		if ref == "" {
			continue
		}
		found, _, err := repository.Ref(ref)
		if err != nil {
			return b, err
		}
		*id = found
	}
	return b, nil
}

// memory is where the tip of this introduction, URL and branch is remembered.
func (p *puller) memory(v *verification.Verification) *state.Tip {
	remote := remoteurl.Normalize(p.target.URL, p.Verification.Dir)
	return state.Open(p.StateDir, state.Key{Introduction: v.Policy.Introduction, Remote: remote, Branch: p.target.Branch})
}

// move remembers an authentic tip and moves refs and work tree to it. What it has
// remembered stays even if a ref cannot move: it has been seen.
func (p *puller) move(ctx context.Context, v *verification.Verification, tip gitwalk.ID) error {
	p.at(StepRemember)
	own := p.hasOwnCommits(ctx)
	if err := p.remember(v, tip); err != nil {
		return err
	}
	p.at(StepRefs)
	if err := p.moveTracking(ctx, tip); err != nil {
		return err
	}
	p.at(StepBranch)
	err := p.moveBranch(ctx, tip, own)
	p.result.Branch, _, _ = p.repository.Ref("refs/heads/" + p.target.Local)
	return err
}

func (p *puller) remember(v *verification.Verification, tip gitwalk.ID) error {
	in := p.result.Incoming
	r := state.Remembered{Tip: tip, At: time.Now(), CommitTime: in.Signed}
	if in.TipSigner != nil {
		r.Signer, r.SignerName = in.TipSigner.Key, in.TipSigner.Name
	}
	return p.memory(v).Remember(p.remembered, r)
}

// moveTracking moves the remote-tracking refs, all or none, if they are still where
// they were.
func (p *puller) moveTracking(ctx context.Context, tip gitwalk.ID) error {
	var commands strings.Builder
	keyring, _, err := p.repository.Ref(p.quarantine.Keyring)
	if err != nil {
		return err
	}
	if !keyring.IsZero() && p.before.keyringRef != "" && keyring != p.before.keyring {
		fmt.Fprintf(&commands, "update %s %s %s\n", p.before.keyringRef, keyring, p.before.keyring)
	}
	if p.target.Tracking != "" && tip != p.before.tracking {
		fmt.Fprintf(&commands, "update %s %s %s\n", p.target.Tracking, tip, p.before.tracking)
	}
	if commands.Len() == 0 {
		return nil
	}
	if err := updateRefs(ctx, p.Git, commands.String()); err != nil {
		return movedMeanwhile(err)
	}
	p.result.Moved = true
	return nil
}

// moveBranch moves the branch and the work tree if that is a fast-forward.
func (p *puller) moveBranch(ctx context.Context, tip gitwalk.ID, own bool) error {
	relation := p.result.Incoming.Relation
	if relation != movement.Forward {
		if relation == movement.Same || !p.AllowDowngrade || own {
			return nil
		}
		return p.resetBranch(ctx, tip)
	}
	ref := "refs/heads/" + p.target.Local
	if now, _, err := p.repository.Ref(ref); err != nil {
		return err
	} else if now != p.before.local {
		return movedMeanwhile(fmt.Errorf("%s is at %s now", ref, now))
	}
	if !p.target.CheckedOut {
		if err := updateRefs(ctx, p.Git, fmt.Sprintf("update %s %s %s\n", ref, tip, p.before.local)); err != nil {
			return movedMeanwhile(err)
		}
		p.result.Moved = true
		return nil
	}
	err := keepingWorkTree(ctx, p.Git, p.before.local, tip, func() error {
		return p.Git.Run(ctx, "merge", "--quiet", "--ff-only", "--no-stat", "--no-verify-signatures", tip.String())
	})
	if err != nil {
		return p.workTreeError(err)
	}
	p.result.Moved = true
	return nil
}

// hasOwnCommits says whether the branch has commits that the remote never served, or
// might have: those must not be lost.
func (p *puller) hasOwnCommits(ctx context.Context) bool {
	seen := p.lastSeen()
	if seen.IsZero() {
		return true
	}
	relation, err := movement.Relate(ctx, p.repository, p.before.local, seen)
	return err != nil || relation != movement.Same && relation != movement.Forward
}

// resetBranch moves a branch back or across, which the user has allowed. Changes in
// the work tree that would be lost are as much a reason for git to stop as ever.
func (p *puller) resetBranch(ctx context.Context, tip gitwalk.ID) error {
	if !p.target.CheckedOut {
		return updateRefs(ctx, p.Git, fmt.Sprintf("update refs/heads/%s %s %s\n", p.target.Local, tip, p.before.local))
	}
	err := keepingWorkTree(ctx, p.Git, p.before.local, tip, func() error {
		return p.Git.Run(ctx, "reset", "--quiet", "--keep", tip.String())
	})
	if err != nil {
		return p.workTreeError(err)
	}
	p.result.Moved = true
	return nil
}

func movedMeanwhile(err error) error {
	return outcome.UncheckedError("", fmt.Errorf("something else has moved a ref meanwhile: %w", err), "nothing was overwritten; run the same command again")
}

// workTreeError passes on why git did not move the work tree.
func (p *puller) workTreeError(err error) error {
	var failed *gitcli.Error
	if !errors.As(err, &failed) {
		return err
	}
	why := "and says why above"
	if p.Git.Stderr == nil {
		why = "(" + failed.Stderr + ")"
	}
	return outcome.UsageError(fmt.Errorf("the history is authentic, but git could not move the branch %s", why),
		"if your own changes are in the way, commit or stash them; then run the same command again")
}
