package measure

import (
	"context"

	"github.com/nix-authorize/nix-authorize/bench/floor"
	"github.com/nix-authorize/nix-authorize/bench/history"
)

// A Plan says what to measure.
type Plan struct {
	Commits []int  // lengths of histories to generate
	Merges  int    // first-parent merges that trees decide; 0 for none
	ByGit   int    // those that need git; 0 for none
	Corpora string // a directory with real histories, or empty
}

// Run measures everything.
func (l *Lab) Run(ctx context.Context, plan Plan) (*Results, error) {
	clean, err := l.open()
	if err != nil {
		return nil, err
	}
	defer clean()
	r := &Results{Machine: machine(ctx)}
	used := startUse()
	defer func() { r.Machine.Others = used.byOthers() }()
	subjects, err := l.subjects(ctx, plan)
	if err != nil {
		return nil, err
	}
	var corpus *subject
	withGPG := true // with one generated history, the others are alike
	for i, s := range subjects {
		h, err := l.whole(ctx, s, s.name == "guix" || s.record != nil && withGPG)
		if err != nil {
			return nil, err
		}
		r.Histories = append(r.Histories, h)
		withGPG = withGPG && s.record == nil
		if s.name == "guix" {
			corpus = &subjects[i]
		}
	}
	if r.Merges, err = l.allMerges(ctx, plan); err != nil {
		return nil, err
	}
	l.Log("signatures")
	if r.Operations, err = floor.Measure(ctx, allKinds(r.Histories)); err != nil {
		return nil, err
	}
	for i := range r.Histories {
		if r.Histories[i].Signing, err = r.Operations.Sum(r.Histories[i].Signatures); err != nil {
			return nil, err
		}
	}
	r.Others = l.others(ctx, corpus)
	return r, nil
}

// subjects are the histories in the order in which they are shown: real ones first.
func (l *Lab) subjects(ctx context.Context, plan Plan) (subjects []subject, err error) {
	if plan.Corpora != "" {
		if subjects, err = l.corpora(ctx, plan.Corpora); err != nil {
			return nil, err
		}
	}
	for _, commits := range plan.Commits {
		s, err := l.history(ctx, history.Params{Rule: history.Strict, Commits: commits})
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

// whole measures everything with one history.
func (l *Lab) whole(ctx context.Context, s subject, withGPG bool) (History, error) {
	l.Log("%s, %d commits: from the start", s.name, s.length)
	h, home, err := l.measured(ctx, s)
	if err != nil {
		return h, err
	}
	if err := l.half(ctx, s, &h); err != nil {
		return h, err
	}
	l.Log("%s, %d commits: warm", s.name, s.length)
	if err := l.warm(ctx, s, &h, home); err != nil {
		return h, err
	}
	if s.record != nil {
		l.Log("%s, %d commits: pull", s.name, s.length)
		if err := l.pulls(ctx, s, &h, home); err != nil {
			return h, err
		}
	}
	if withGPG {
		h.GitLog, err = l.gitLog(ctx, s)
	}
	return h, err
}

func (l *Lab) allMerges(ctx context.Context, plan Plan) (all []Merges, err error) {
	for _, params := range []history.Params{
		{Rule: history.Vouched, Commits: plan.Merges},
		{Rule: history.Vouched, Commits: plan.ByGit, ByGit: 100},
	} {
		if params.Commits == 0 {
			continue
		}
		s, err := l.history(ctx, params)
		if err != nil {
			return nil, err
		}
		l.Log("%d vouched merges, %d %% of them by git", s.length, params.ByGit)
		m, err := l.merges(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}
