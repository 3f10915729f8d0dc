package main

import (
	"context"

	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

// asker shows what comes in and asks, where somebody sees it and can answer, whether
// a change of the authorizations may come in.
type asker struct {
	app      *app
	never    bool // there is nothing to ask
	declined bool
}

func (q *asker) accept(ctx context.Context, in *update.Incoming) (bool, error) {
	asks := !q.never && in.Moves && !in.Authorizations.IsEmpty() && q.app.canAsk() && report.IsTerminal(q.app.stdout)
	q.app.report.Handle(report.Incoming{Incoming: in, Asks: asks})
	if !asks {
		return true, nil
	}
	yes, err := q.app.ask(ctx, "the rights change as shown; move to this commit?")
	q.declined = err == nil && !yes
	return yes, err
}
