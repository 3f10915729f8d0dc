package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
)

// canAsk says whether somebody is there to answer a question.
func (a *app) canAsk() bool {
	return a.format != "json" && report.IsTerminal(os.Stdin) && report.IsTerminal(a.stderr)
}

// ask asks a question, which ends with a question mark, and says whether the answer
// is yes. The error is ctx.Err() or one of reading.
func (a *app) ask(ctx context.Context, question string) (bool, error) {
	fmt.Fprint(a.stderr, question+" [y/N] ")
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // ends with the process if it is interrupted: nothing wakes a read up
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		answers <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.stderr)
		return false, ctx.Err()
	case given := <-answers:
		if given.err != nil && !errors.Is(given.err, io.EOF) {
			return false, given.err
		}
		yes := strings.ToLower(strings.TrimSpace(given.line))
		return yes == "y" || yes == "yes", nil
	}
}

// consent is how a command that signs or commits in the user's name gets leave to
// do what it has shown.
type consent struct{ yes, dryRun bool }

func (c *consent) add(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVarP(&c.dryRun, "dry-run", "n", false, "show what would be done, and do nothing")
}

// given says whether to go on with what was shown. If not, the command has ended.
func (c consent) given(ctx context.Context, a *app, question string) (bool, error) {
	if c.dryRun {
		a.report.Handle(report.Unchanged{DryRun: true})
		return false, nil
	}
	if c.yes {
		return true, nil
	}
	if !a.canAsk() || a.quiet || !report.IsTerminal(a.stdout) { // nobody has seen what it is about
		return false, outcome.UsageError(errors.New("nobody is there to be asked whether this is right, so nothing was done"),
			"look at what would be done (--dry-run shows it), and add --yes")
	}
	yes, err := a.ask(ctx, question)
	if err == nil && !yes {
		a.report.Handle(report.Unchanged{})
	}
	return yes, err
}
