package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const pullHelp = `Update the branch that is checked out from a remote, and only if what the remote
serves is authentic.

Your git fetches into a quarantine. What came in is judged, must continue both your
branch and the tip that was verified last, and is shown; then the branch and the work
tree move to exactly that commit. If it is refused, nothing has moved.

Commits of your own are never rebased or merged; you are told the command for it.

Exit codes: 0 up to date or updated, 1 refused, 2 wrong usage or configuration,
3 downgrade: the remote has gone back, 4 stale: the tip is older than --max-age,
5 could not check, 130 interrupted.`

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
	flags.BoolVarP(&p.yes, "yes", "y", false, "do not ask before a change of the authorizations comes in")
}

func (a *app) pullCommand() *cobra.Command {
	var flags pullFlags
	cmd := &cobra.Command{
		Use:   "pull [REMOTE [BRANCH]]",
		Short: "update the branch that is checked out, if what comes in is authentic",
		Long:  pullHelp,
		Args:  cobra.MaximumNArgs(2),
	}
	flags.add(cmd)
	cmd.Flags().BoolVarP(&flags.DryRun, "dry-run", "n", false, "judge and show what would come in, and move nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			flags.Remote = args[0]
		}
		if len(args) > 1 {
			flags.Branch = args[1]
		}
		return a.pull(cmd, &flags)
	}
	return cmd
}

func (a *app) pull(cmd *cobra.Command, flags *pullFlags) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	repository, err := a.open(cmd)
	if err != nil {
		return err
	}
	target, err := update.FindTarget(repository, flags.Remote, flags.Branch)
	if err != nil {
		return err
	}
	fallback, err := a.namedByURL(target.URL, target.Branch)
	if err != nil {
		return err
	}
	asked := &asker{ctx: cmd.Context(), app: a, yes: flags.yes}
	options, err := a.updateOptions(flags, fallback, asked)
	if err != nil {
		return err
	}
	if options.MaxAge, err = maxAge(flags.maxAge, repository, target.Local, fallback.maxAge); err != nil {
		return err
	}
	result, err := update.Pull(cmd.Context(), repository, options)
	if err != nil {
		return err
	}
	return a.showUpdate(show, report.Pulled{Result: result, DryRun: flags.DryRun, Accepted: !asked.declined})
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
		Historical: flags.policy.historical, NoCache: flags.policy.noCache,
	}
	options.Git = gitcli.User{Dir: a.dir, Stderr: a.gitStderr()}
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
	return a.stderr
}

// showUpdate shows what an update has done and ends the command.
func (a *app) showUpdate(show report.Handler, e report.Pulled) error {
	r := e.Result
	for _, warning := range r.Warnings {
		show.Handle(report.Warning(warning))
	}
	s := report.Started{Revision: r.Target.Branch, Tip: r.Report.Tip}
	if v := r.Verification; v != nil {
		s.Policy, s.Origin, s.Keyring, s.MissingHint = v.Policy, v.Origin, v.Keyring.Name, verification.MissingHint(v.Repository)
	}
	show.Handle(s)
	show.Handle(e)
	if r.Incoming != nil {
		return nil
	}
	return verdict(outcome.Of(r.Report.Outcome()))
}

// asker shows what comes in and asks, where somebody can answer, whether a change
// of the authorizations may come in.
type asker struct {
	ctx      context.Context
	app      *app
	yes      bool
	declined bool
}

func (q *asker) accept(in *update.Incoming) (bool, error) {
	q.app.report.Handle(report.Incoming{Incoming: in})
	if q.yes || in.Authorizations.IsEmpty() || in.From.IsZero() || !q.app.canAsk() {
		return true, nil
	}
	yes, err := q.app.ask(q.ctx, "the rights change as shown; move to this commit?")
	q.declined = err == nil && !yes
	return yes, err
}
