// Package update brings new commits into a checkout: nothing that is not authentic
// ever reaches a branch or a work tree.
//
// What the user's git fetches goes into a quarantine, refs of its own. The object
// id that stands there is judged, is compared with what was seen before, is shown,
// and is what refs and work tree are moved to. Nothing is asked of the remote
// twice, so a remote that answers differently the second time gains nothing.
//
// The tip is remembered before anything moves. If the process ends in between, the
// memory is ahead of the refs, and the next pull takes them along: nothing is lost.
// In the other order a tip that has reached the user could be withdrawn again by
// the remote, unnoticed. Where the tip cannot be remembered nothing moves.
package update

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// Pull updates the branch that is checked out. A history that is not authentic is no
// error: it is in the report, and nothing has moved. Errors of the classes downgrade
// and stale likewise mean that nothing has moved.
func Pull(ctx context.Context, repository *gitrepo.Repository, o Options) (*Result, error) {
	target, err := FindTarget(ctx, repository, o.Git, o.Remote, o.Branch)
	if err != nil {
		return nil, err
	}
	settings, _, err := verification.Introduction(repository, target.Local, o.Verification)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(repository)
	if err != nil {
		return nil, err
	}
	defer unlock()
	others, err := elsewhere(ctx, repository, o.Git, target)
	if err != nil {
		return nil, err
	}
	if err := checkElsewhere(others, target); err != nil {
		return nil, err
	}
	p := puller{
		Options: &o, repository: repository, target: target, elsewhere: others,
		quarantine: newQuarantine(repository, o.Git), result: &Result{Target: target},
	}
	return p.result, p.pull(ctx, settings)
}

// puller is one call of Pull or Clone after it is known what is to be done.
type puller struct {
	*Options
	repository *gitrepo.Repository
	target     Target
	elsewhere  map[string]string // as from the function elsewhere
	quarantine *quarantine
	backfill   backfill
	result     *Result
	// before is what the refs are now; they move only if they still are.
	before before
	// remembered is the last tip that was found authentic, nil for none.
	remembered *state.Remembered
}

// pull fetches, does the rest, and clears the quarantine away in any case.
func (p *puller) pull(ctx context.Context, settings trust.Settings) (err error) {
	defer func() {
		p.at(StepDiscard)
		if left := p.quarantine.discard(); left != nil {
			p.result.Warnings = append(p.result.Warnings, notDiscarded(left))
		}
		p.at(StepDone)
	}()
	p.at(StepFetch)
	branch := remoteKeyring(settings.Keyring, p.target.Remote)
	if err := p.quarantine.fetch(ctx, p.target, branch, p.FetchArgs...); err != nil {
		return err
	}
	p.at(StepJudge)
	if p.before, err = readBefore(p.repository, p.target, p.keyringRef(branch)); err != nil {
		return err
	}
	v, tip, err := p.decide(ctx)
	if err != nil || tip.IsZero() || p.DryRun {
		return err
	}
	return p.move(ctx, v, tip)
}

// decide says which commit everything is to move to, or none: what was fetched is
// authentic, it continues what was seen before, and the user has accepted it.
func (p *puller) decide(ctx context.Context) (*verification.Verification, gitwalk.ID, error) {
	v, err := p.prepare(ctx)
	if err != nil {
		return nil, gitwalk.ID{}, err
	}
	p.result.Branch = p.before.local
	tip, err := p.judge(ctx, v, p.quarantine.Tip)
	if err != nil || tip.IsZero() {
		return nil, gitwalk.ID{}, err
	}
	if err := p.checkMovement(ctx, v, tip); err != nil {
		return nil, gitwalk.ID{}, err
	}
	if err := p.result.Incoming.complete(ctx, p, v); err != nil {
		return nil, gitwalk.ID{}, err
	}
	if p.Accept != nil {
		if ok, err := p.Accept(ctx, p.result.Incoming); err != nil || !ok {
			return nil, gitwalk.ID{}, err
		}
	}
	return v, tip, nil
}

func notDiscarded(err error) verification.Concern {
	return verification.Concern{
		Code: "quarantine-left", Text: "the refs below " + quarantineRefs + " could not be deleted: " + err.Error(),
		Hint: "the next pull deletes them; they are in nobody's way",
	}
}
