package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/keyring"
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

func (a *app) pullCommand() *cobra.Command {
	var flags pullFlags
	cmd := &cobra.Command{
		Use:   "pull [REMOTE [BRANCH]]",
		Short: "update the branch that is checked out, if what comes in is authentic",
		Long:  pullHelp,
		Args:  cobra.MaximumNArgs(2),
	}
	flags.add(cmd)
	a.addCPU(cmd)
	cmd.Flags().BoolVarP(&flags.yes, "yes", "y", false, "do not ask before a change of the authorizations comes in")
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
	target, err := update.FindTarget(cmd.Context(), repository, a.userGit(), flags.Remote, flags.Branch)
	if err != nil {
		return err
	}
	fallback, err := a.namedByURL(target.URL, target.Branch)
	if err != nil {
		return err
	}
	asked := &asker{app: a, never: flags.yes || flags.DryRun}
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

// showUpdate shows what an update has done and ends the command.
func (a *app) showUpdate(show report.Handler, e report.Pulled) error {
	r := e.Result
	if r.Incoming == nil {
		a.warnOfSkipped(distinct(r.Verification.Keyring.Skipped))
	}
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

// distinct leaves out what was said before: the keyring of the remote, and the same as
// it was here already, have the same bad files.
func distinct(skipped []keyring.Skipped) []keyring.Skipped {
	var first []keyring.Skipped
	for _, s := range skipped {
		if !slices.Contains(first, s) {
			first = append(first, s)
		}
	}
	return first
}
