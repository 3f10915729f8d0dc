package update

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
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

func readBefore(repository *gitrepo.Repository, t Target, keyringRef string) (before, error) {
	b := before{keyringRef: keyringRef}
	for ref, id := range map[string]*gitwalk.ID{"refs/heads/" + t.Local: &b.local, t.Tracking: &b.tracking, keyringRef: &b.keyring} {
		if ref == "" {
			continue
		}
		found, _, err := repository.Ref(ref)
		if err != nil {
			return b, verification.Classify(repository, err)
		}
		*id = found
	}
	return b, nil
}

// keyringRef is as in Target, unless another worktree has it checked out.
func (p *puller) keyringRef(branch string) string {
	ref := p.target.keyringRef(branch)
	if _, taken := p.elsewhere[ref]; taken {
		return ""
	}
	return ref
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
	if err := p.remember(v, tip); err != nil {
		return err
	}
	p.at(StepRefs)
	if err := p.moveTracking(ctx, tip); err != nil {
		return err
	}
	p.at(StepBranch)
	if !p.result.Incoming.Moves {
		return nil
	}
	return p.moveBranch(ctx, tip)
}

func (p *puller) remember(v *verification.Verification, tip gitwalk.ID) error {
	in := p.result.Incoming
	r := state.Remembered{Tip: tip, At: time.Now(), CommitTime: in.Signed}
	switch {
	case in.TipSigner != nil:
		r.Signer, r.SignerName = in.TipSigner.Key, in.TipSigner.Name
	case p.remembered != nil && p.remembered.Tip == tip:
		r.Signer, r.SignerName = p.remembered.Signer, p.remembered.SignerName
	}
	return p.memory(v).Remember(p.remembered, r)
}

// moveTracking moves the remote-tracking refs, all or none, if they are still where
// they were.
func (p *puller) moveTracking(ctx context.Context, tip gitwalk.ID) error {
	var commands strings.Builder
	keyring, _, err := p.repository.Ref(p.quarantine.Keyring)
	if err != nil {
		return verification.Classify(p.repository, err)
	}
	if !keyring.IsZero() && p.before.keyringRef != "" && keyring != p.before.keyring {
		commands.WriteString(update(p.before.keyringRef, keyring, p.before.keyring))
	}
	if p.target.Tracking != "" && tip != p.before.tracking {
		commands.WriteString(update(p.target.Tracking, tip, p.before.tracking))
	}
	if commands.Len() == 0 {
		return nil
	}
	if err := updateRefs(ctx, p.Git, commands.String()); err != nil {
		return p.refError(err)
	}
	p.result.Moved = true
	return nil
}

// update is the command for "git update-ref --stdin" that moves a ref itself, not
// what it may stand for, if it is still where it was.
func update(ref string, to, from gitwalk.ID) string {
	return fmt.Sprintf("option no-deref\nupdate %s %s %s\n", ref, to, from)
}

// updateRefs runs the commands of "git update-ref --stdin", all of them or none.
func updateRefs(ctx context.Context, git gitcli.User, commands string) error {
	_, err := git.Feed(ctx, commands, "update-ref", "-m", "nix-authorize", "--stdin")
	if _, failed := gitcli.Failed(err); failed {
		return fmt.Errorf("moving refs: %w", err)
	}
	return err
}

// refError says why refs could not move: somebody else has moved them, or git says it.
func (p *puller) refError(err error) error {
	if _, failed := gitcli.Failed(err); !failed {
		return err
	}
	now, readErr := readBefore(p.repository, p.target, p.before.keyringRef)
	if readErr == nil && now == p.before {
		return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("the history is authentic, but its refs cannot move: %w", err), "nothing was moved; if a hook of yours has said no, see githooks(5), reference-transaction")
	}
	return movedMeanwhile(errors.Join(err, readErr))
}

func movedMeanwhile(err error) error {
	return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("something else has moved a ref meanwhile: %w", err), "nothing was overwritten; run the same command again")
}
