package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// pullFlags are the flags that pull and clone have in common.
type pullFlags struct {
	policy policyFlags
	maxAge string
	yes    bool
	update.Options
}

func (p *pullFlags) add(cmd *cobra.Command) {
	p.policy.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&p.policy.noCache, "no-cache", false, "judge everything again and remember no verdict")
	flags.BoolVar(&p.NewestAuthorized, "newest-authorized", false, "if the tip is refused, settle for the newest authentic commit along first parents")
	flags.BoolVar(&p.AllowDowngrade, "allow-downgrade", false, "accept a tip that does not continue what was verified before")
	flags.StringVar(&p.maxAge, "max-age", "", "refuse a tip whose date is older than this `DURATION`, such as 14d or 36h")
}

// updateOptions are the options of an update, but for its age limit.
func (a *app) updateOptions(flags *pullFlags, named named, asked *asker) (update.Options, error) {
	options := flags.Options
	dir, err := stateDir(a.getenv)
	if err != nil {
		return options, err
	}
	options.StateDir = dir
	options.Verification = verification.Options{
		Dir: a.dir, Getenv: a.getenv, Settings: flags.policy.settings, Fallback: named.settings,
		Historical: flags.policy.historical, NoCache: flags.policy.noCache, MaxRefusals: defaultMaxRefusals,
	}
	options.Git = a.userGit()
	if options.Git.Stderr != nil && report.IsTerminal(a.stderr) {
		options.FetchArgs = []string{"--progress"}
	}
	options.Observe = func(e authz.Event) { a.report.Handle(report.Progress{Event: e}) }
	options.Accept = asked.accept
	return options, nil
}

// gitStderr is where git may talk to the user: nowhere if a program is listening.
func (a *app) gitStderr() io.Writer {
	if a.format == "json" || a.quiet {
		return nil
	}
	return &report.GitSays{Out: a.stderr}
}
