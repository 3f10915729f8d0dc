package update

import (
	"context"
	"errors"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// A Status is what is known of a checkout without asking its remote.
type Status struct {
	Target       Target
	Introduction authz.Introduction
	Origin       string // where the introduction comes from, in words
	Local        gitwalk.ID
	// Remembered is the last tip that a pull or clone found authentic, nil for
	// none.
	Remembered *state.Remembered
	// Relation is where the branch stands with respect to that tip.
	Relation movement.Relation
	// Ahead and Behind are how many commits each has that the other has not.
	Ahead, Behind int
	// MaxAge is the greatest age that is allowed, 0 for any.
	MaxAge time.Duration
}

// Stale says whether the last tip would be refused for its age now.
func (s *Status) Stale() bool {
	return s.Remembered != nil && movement.CheckAge(s.Remembered.Tip, s.Remembered.CommitTime, s.MaxAge, time.Now()) != nil
}

// GetStatus looks at the branch that is checked out.
func GetStatus(ctx context.Context, repository *gitrepo.Repository, o Options) (*Status, error) {
	target, err := FindTarget(ctx, repository, o.Git, o.Remote, o.Branch)
	if err != nil {
		return nil, err
	}
	settings, introduction, err := verification.Introduction(repository, target.Local, o.Verification)
	if err != nil {
		return nil, err
	}
	if introduction.Format == "" {
		if introduction.Format, err = verification.FormatOf(repository, introduction.Commit); err != nil {
			return nil, err
		}
	}
	s := &Status{Target: target, Introduction: introduction, Origin: settings.Origin, MaxAge: o.MaxAge}
	if s.Local, _, err = repository.Ref("refs/heads/" + target.Local); err != nil {
		return nil, err
	}
	key := state.Key{Introduction: introduction, Remote: remoteurl.Normalize(target.URL, o.Verification.Dir), Branch: target.Branch}
	if s.Remembered, err = state.Open(o.StateDir, key).Load(); err != nil || s.Remembered == nil || s.Local.IsZero() {
		return s, err
	}
	return s, s.relate(ctx, repository)
}

// relate compares the branch with the remembered tip.
func (s *Status) relate(ctx context.Context, repository *gitrepo.Repository) (err error) {
	tip := s.Remembered.Tip
	s.Relation, err = movement.Relate(ctx, repository, s.Local, tip)
	if errors.As(err, new(*gitwalk.MissingError)) {
		s.Relation = movement.Vanished
		return nil
	}
	if err != nil {
		return verification.Classify(repository, err)
	}
	if s.Ahead, err = movement.Count(ctx, repository, s.Local, tip); err != nil {
		return verification.Classify(repository, err)
	}
	s.Behind, err = movement.Count(ctx, repository, tip, s.Local)
	return verification.Classify(repository, err)
}
