package update

import (
	"context"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
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
	// StateDir is where tips are remembered.
	StateDir     string
	Verification verification.Options
	Git          gitcli.User
	// FetchArgs are more arguments for "git fetch", such as --progress.
	FetchArgs []string
	// Observe is told how far the engine is. It may be nil.
	Observe func(authz.Event)
	// Accept is shown what comes in before anything moves, and says whether it
	// may. In a dry run nothing will move. It may be nil.
	Accept func(ctx context.Context, in *Incoming) (bool, error)
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
	// Moved says whether refs have moved, and Branch is where the branch is at
	// the end, zero if it has no commit.
	Moved    bool
	Branch   gitwalk.ID
	Warnings []verification.Concern
}
