// Package update brings new commits into a checkout: nothing that is not authentic
// ever reaches a branch or a work tree.
//
// What the user's git fetches goes into a quarantine, refs of its own. The object
// id that stands there is judged, is compared with what was seen before, is shown,
// and is what refs and work tree are moved to. Nothing is asked of the remote
// twice, so a remote that answers differently the second time gains nothing.
package update

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// Options of Pull.
type Options struct {
	// Remote and Branch are as in FindTarget.
	Remote, Branch string
	// DryRun judges and shows, and moves nothing.
	DryRun bool
	// NewestAuthorized settles for the newest authentic commit along the first
	// parents of a tip that is refused.
	NewestAuthorized bool
	// AllowDowngrade accepts a tip that does not continue what was seen before.
	AllowDowngrade bool
	// MaxAge is how old the date of the tip may be; 0 is any age.
	MaxAge time.Duration
	// StateDir is where tips are remembered; empty remembers nothing.
	StateDir     string
	Verification verification.Options
	Git          gitcli.User
	// FetchArgs are more arguments for "git fetch", such as --progress.
	FetchArgs []string
	// Observe is told how far the engine is. It may be nil.
	Observe func(authz.Event)
	// Accept is shown what comes in before anything moves, and says whether it
	// may. It may be nil.
	Accept func(*Incoming) (bool, error)
	// AtStep is called before each step. It is for tests, which end the process
	// there or make trouble.
	AtStep func(Step)
}

// A Step is a point at which a pull may be interrupted.
type Step string

// The steps of Pull and Clone, in their order.
const (
	StepFetch    Step = "fetch"
	StepJudge    Step = "judge"
	StepRemember Step = "remember"
	StepRefs     Step = "refs"
	StepBranch   Step = "branch"
	StepDiscard  Step = "discard"
	StepDone     Step = "done"
)

func (o *Options) at(step Step) {
	if o.AtStep != nil {
		o.AtStep(step)
	}
}

// A Result is what Pull has done.
type Result struct {
	Target Target
	// Verification judged, and Report is the verdict on the tip that the remote
	// serves.
	Verification *verification.Verification
	Report       *authz.Report
	// Incoming is what has come in, nil if the tip was refused and nothing older
	// was taken in its place.
	Incoming *Incoming
	// Moved says whether refs have moved, and Branch is where the branch is now.
	Moved    bool
	Branch   gitwalk.ID
	Warnings []verification.Concern
}

// Pull updates the branch that is checked out. A history that is not authentic is no
// error: it is in the report, and nothing has moved. Errors of the classes downgrade
// and stale likewise mean that nothing has moved.
func Pull(ctx context.Context, repository *gitrepo.Repository, o Options) (result *Result, err error) {
	target, err := FindTarget(repository, o.Remote, o.Branch)
	if err != nil {
		return nil, err
	}
	settings, _, err := verification.Introduction(repository, target.Local, o.Verification)
	if err != nil {
		return nil, err
	}
	held, err := lock(repository)
	if err != nil {
		return nil, err
	}
	defer held.Close()
	if err := discardLeftovers(ctx, o.Git); err != nil {
		return nil, err
	}
	q := newQuarantine(repository, o.Git)
	defer func() {
		o.at(StepDiscard)
		err = errors.Join(err, q.discard())
		o.at(StepDone)
	}()
	o.at(StepFetch)
	if err := q.fetch(ctx, target, remoteKeyring(settings.Keyring, target.Remote), o.FetchArgs...); err != nil {
		return nil, err
	}
	p := puller{Options: &o, repository: repository, target: target, quarantine: q, result: &Result{Target: target}}
	return p.result, p.run(ctx)
}

// puller is one call of Pull after the fetch.
type puller struct {
	*Options
	repository *gitrepo.Repository
	target     Target
	quarantine *quarantine
	result     *Result
	// before is what the refs are now; they move only if they still are.
	before before
	// remembered is the last tip that was found authentic, nil for none.
	remembered *state.Remembered
}

func (p *puller) run(ctx context.Context) (err error) {
	p.at(StepJudge)
	if p.before, err = readBefore(p.repository, p.target); err != nil {
		return err
	}
	v, err := p.prepare(ctx)
	if err != nil {
		return err
	}
	tip, err := p.judge(ctx, v, p.quarantine.Tip)
	if err != nil || tip.IsZero() {
		return err
	}
	if err := p.checkMovement(ctx, v, tip); err != nil {
		return err
	}
	if p.Accept != nil {
		if ok, err := p.Accept(p.result.Incoming); err != nil || !ok {
			return err
		}
	}
	if p.DryRun {
		return nil
	}
	return p.move(ctx, v, tip)
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
	if p.result.Report == nil {
		p.result.Report = report
	}
	if uncached != nil {
		p.result.Warnings = append(p.result.Warnings, verification.NotCached(uncached))
	}
	switch {
	case report.Outcome() == authz.Authentic:
		p.result.Incoming = incoming
		return tip, incoming.complete(p, v)
	case p.NewestAuthorized && p.result.Report == report:
		older, err := newestAuthentic(ctx, v, tip, p.before.local)
		if err != nil || older.IsZero() {
			return gitwalk.ID{}, err
		}
		return p.judge(ctx, v, older)
	}
	return gitwalk.ID{}, nil
}

// checkMovement requires that an authentic tip continues what was seen before and is
// fresh.
func (p *puller) checkMovement(ctx context.Context, v *verification.Verification, tip gitwalk.ID) error {
	var err error
	if p.remembered, err = p.memory(v).Load(); err != nil {
		return err
	}
	last := p.lastSeen()
	if !last.IsZero() && !p.AllowDowngrade {
		relation, err := movement.Relate(ctx, p.repository, last, tip)
		if err != nil {
			return err
		}
		if err := movement.CheckContinues(relation, last, tip); err != nil {
			return err
		}
	}
	return movement.CheckAge(tip, p.result.Incoming.Signed, p.MaxAge, time.Now())
}

// lastSeen is the tip that a new one has to continue: the one that is remembered for
// the introduction, URL and branch, or else what the tracking ref says.
func (p *puller) lastSeen() gitwalk.ID {
	if p.remembered != nil {
		return p.remembered.Tip
	}
	return p.before.tracking
}

// newestAuthentic finds the newest commit along the first parents of a tip whose
// history is authentic, from and the introduction among them, or none. Everything below an
// authentic commit is authentic, so it halves what is in question at each step.
func newestAuthentic(ctx context.Context, v *verification.Verification, tip, from gitwalk.ID) (gitwalk.ID, error) {
	chain, err := firstParents(ctx, v, tip, from)
	if err != nil {
		return gitwalk.ID{}, err
	}
	var newest gitwalk.ID
	for len(chain) > 0 {
		middle := len(chain) / 2
		report, _, err := v.Judge(ctx, chain[middle], nil)
		if err != nil {
			return gitwalk.ID{}, err
		}
		if report.Outcome() == authz.Authentic {
			newest, chain = chain[middle], chain[:middle]
		} else {
			chain = chain[middle+1:]
		}
	}
	return newest, nil
}

// firstParents are the first-parent ancestors of tip down to from or the
// introduction, newest first.
func firstParents(ctx context.Context, v *verification.Verification, tip, from gitwalk.ID) ([]gitwalk.ID, error) {
	source, err := v.Repository.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	var chain []gitwalk.ID
	for id := tip; ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		raw, err := reader.Commit(id)
		if err != nil {
			return nil, err
		}
		links, err := gitwalk.ParseLinks(raw)
		if err != nil {
			return nil, fmt.Errorf("commit %s: %w", id, err)
		}
		if id != tip {
			chain = append(chain, id)
		}
		if len(links.Parents) == 0 || id == from || id == v.Policy.Introduction.Commit {
			return chain, nil
		}
		id = links.Parents[0]
	}
}
