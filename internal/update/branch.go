package update

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// moveBranch moves the branch, and the work tree if there is one, to an authentic
// tip, if branch and HEAD are still what they were.
func (p *puller) moveBranch(ctx context.Context, tip gitwalk.ID) error {
	if err := p.stillThere(); err != nil {
		return err
	}
	ref := "refs/heads/" + p.target.Local
	if !p.target.CheckedOut {
		if err := updateRefs(ctx, p.Git, update(ref, tip, p.before.local)); err != nil {
			return p.refError(err)
		}
		p.result.Moved, p.result.Branch = true, tip
		return nil
	}
	err := keepingWorkTree(ctx, p.Git, p.before.local, tip, func() error {
		return p.Git.Run(ctx, p.moveWorkTree(tip)...)
	})
	if err != nil {
		return p.workTreeError(err)
	}
	now, _, err := p.repository.Ref(ref)
	if err != nil {
		return verification.Classify(p.repository, err)
	}
	p.result.Moved, p.result.Branch = true, now
	if now != tip {
		return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("git has been asked to move %s to %s, and it is at %s", ref, tip, now),
			`"git reflog" shows what has happened; a hook of yours may have done it`)
	}
	return nil
}

// stillThere requires that branch and HEAD are what they were when the fetch came
// back: what follows is git's to do, and git goes by HEAD.
func (p *puller) stillThere() error {
	ref := "refs/heads/" + p.target.Local
	now, _, err := p.repository.Ref(ref)
	switch {
	case err != nil:
		return verification.Classify(p.repository, err)
	case now != p.before.local:
		return movedMeanwhile(fmt.Errorf("%s is at %s now", ref, now))
	case p.repository.HeadBranch() != p.target.Local:
		return movedMeanwhile(errors.New("HEAD is on another branch now"))
	}
	return nil
}

// moveWorkTree is the git command that moves HEAD and the work tree: forward, or back
// or across where the user has allowed it. Changes in the work tree that would be
// lost are as much a reason for git to stop as ever. A fast-forward is one, whatever
// the user wants merges to be.
func (p *puller) moveWorkTree(tip gitwalk.ID) []string {
	if p.result.Incoming.Relation != movement.Forward {
		return []string{"reset", "--quiet", "--keep", tip.String()}
	}
	var args []string
	if !strings.Contains(p.target.Local, "=") {
		args = []string{"-c", "branch." + p.target.Local + ".mergeOptions="}
	}
	return append(args, "merge", "--quiet", "--ff-only", "--no-squash", "--commit", "--no-stat", "--no-verify-signatures", tip.String())
}

// workTreeError passes on why git did not move the work tree.
func (p *puller) workTreeError(err error) error {
	failed, ok := gitcli.Failed(err)
	if !ok {
		return err
	}
	why := "and says why above"
	if p.Git.Stderr == nil {
		why = "(" + failed.Stderr + ")"
	}
	return outcome.UsageError(fmt.Errorf("the history is authentic, but git could not move the branch %s", why),
		"if your own changes are in the way, commit or stash them; then run the same command again")
}
