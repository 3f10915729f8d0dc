package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/nix-authorize/nix-authorize/bench/history"
)

// generate writes a history, or the rest of one that was begun, and prints what a
// verifier has to know of it.
func generate(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	var params history.Params
	flags.StringVar(&params.Rule, "rule", history.Strict, "the `RULE` for merges: strict or vouched")
	flags.IntVar(&params.Commits, "commits", 100_000, "how many `COMMITS` there are above the introduction; with -rule vouched, first-parent merges")
	flags.IntVar(&params.ByGit, "git", 0, "how many of a `HUNDRED` vouched merges trees alone do not decide")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return flag.ErrHelp
	}
	start := time.Now()
	record, err := history.Generate(ctx, flags.Arg(0), params, func(r *history.Record) {
		fmt.Fprintf(os.Stderr, "%d of %d commits after %.0f s\n", r.Commits(), params.Commits, time.Since(start).Seconds())
	})
	if err != nil {
		return err
	}
	fmt.Println("introduction", record.Introduction)
	fmt.Println("signer", record.Signer)
	fmt.Println("tip", record.Tip)
	for commits, id := range record.Before {
		fmt.Println("before", commits, id)
	}
	return nil
}
