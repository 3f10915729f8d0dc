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
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/movement"
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
	if err := discardLeftovers(ctx, o.Git); err != nil {
		return nil, userGit(err)
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

// prepare gets ready to judge what has been fetched, with the keys that came with it.
func (p *puller) prepare(ctx context.Context) (*verification.Verification, error) {
	p.Verification.MoreKeys = p.quarantine.Keyring
	settings, introduction, err := verification.Introduction(p.repository, p.target.Local, p.Verification)
	if err != nil {
		return nil, err
	}
	fill := backfill{repository: p.repository, git: p.Git, remote: p.target.Remote, fetchArgs: p.FetchArgs}
	refs := append(keysource.Refs(settings.Keyring), p.quarantine.Keyring)
	if err := fill.keyring(ctx, introduction.Commit, refs...); err != nil {
		return nil, err
	}
	v, err := verification.Prepare(p.repository, p.target.Local, p.Verification)
	if err != nil {
		return nil, err
	}
	p.result.Verification = v
	return v, fill.history(ctx, v, p.quarantine.Tip)
}

// judge judges a tip and says which commit may be moved to: the tip, or with
// NewestAuthorized an older one, or none.
func (p *puller) judge(ctx context.Context, v *verification.Verification, tip gitwalk.ID) (gitwalk.ID, error) {
	incoming, err := newIncoming(ctx, p, v, tip)
	if err != nil {
		return gitwalk.ID{}, err
	}
	report, uncached, err := v.JudgeAgain(ctx, tip, incoming.observe(p.Observe), incoming.contains)
	if err != nil {
		return gitwalk.ID{}, err
	}
	first := p.result.Report == nil
	if first {
		p.result.Report = report
	}
	if uncached != nil {
		p.result.Warnings = append(p.result.Warnings, verification.NotCached(uncached))
	}
	switch {
	case report.Outcome() == authz.Authentic:
		p.result.Incoming = incoming
		return tip, nil
	case first && p.NewestAuthorized:
		older, err := newestAuthentic(ctx, v, tip, p.before.local)
		if err != nil || older.IsZero() {
			return gitwalk.ID{}, err
		}
		return p.judge(ctx, v, older)
	}
	return gitwalk.ID{}, nil
}

// checkMovement requires that an authentic tip continues what was seen before and is
// fresh, and finds out whether the branch can move to it.
func (p *puller) checkMovement(ctx context.Context, v *verification.Verification, tip gitwalk.ID) error {
	var err error
	if p.remembered, err = p.memory(v).Load(); err != nil {
		return err
	}
	if last := p.lastSeen(); !last.IsZero() && !p.AllowDowngrade {
		relation, err := movement.Relate(ctx, p.repository, last, tip)
		if err != nil {
			return verification.Classify(p.repository, err)
		}
		if err := movement.CheckContinues(relation, last, tip); err != nil {
			return err
		}
	}
	in := p.result.Incoming
	commit, _, err := v.CommitAt(tip)
	if err != nil {
		return err
	}
	in.Signed = commit.CommitTime
	in.Moves = in.Relation == movement.Forward ||
		in.Relation != movement.Same && p.AllowDowngrade && !p.hasOwnCommits(ctx)
	return movement.CheckAge(tip, in.Signed, p.MaxAge, time.Now())
}

// lastSeen is the tip that a new one has to continue: the one that is remembered for
// the introduction, URL and branch, or else what the tracking ref says.
func (p *puller) lastSeen() gitwalk.ID {
	if p.remembered != nil {
		return p.remembered.Tip
	}
	return p.before.tracking
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

func notDiscarded(err error) verification.Concern {
	return verification.Concern{
		Code: "quarantine-left", Text: "the refs below " + quarantineRefs + " could not be deleted: " + err.Error(),
		Hint: "the next pull deletes them; they are in nobody's way",
	}
}
