package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/pullrequest"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const checkPRHelp = `Say what verdict a merge of a head into a base would have, before it is made.

The base's history is judged first, and then what the head brings: by the file and
the rule of the base, and by the introduction that you trust, never by anything that
the head has. The rule decides what is asked:
  strict   each new commit must be authorized by its parents
  signed   who merges must sign the merge; it is said who may
  vouched  the head must be vouched for over all paths that it changes; it is said by
           whom it is, and what is missing

Without --base and --head, the branch that is checked out is compared with the one
that it follows. With --github, the event that has started a workflow says what is
meant, what the checkout lacks is fetched, and the verdict is shown as annotations,
as the summary of the job, and as outputs; docs/github-action.md has it all.

Exit codes: 0 authentic, once it is merged as it is said; 1 refused, 2 wrong usage
or configuration, 5 could not check, 130 interrupted.`

// checkPRFlags are the flags that are check-pr's own.
type checkPRFlags struct {
	base, head string
	github     githubFlags
	max        int
}

func (a *app) checkPRCommand() *cobra.Command {
	var (
		policy policyFlags
		flags  checkPRFlags
	)
	cmd := &cobra.Command{
		Use:   "check-pr",
		Short: "say whether a merge would be authentic, before it is made",
		Long:  checkPRHelp,
		Example: `  nix-authorize check-pr
  nix-authorize check-pr --base origin/main --head feature`,
		Args: cobra.NoArgs,
	}
	policy.add(cmd)
	a.addCPU(cmd)
	cmd.Flags().BoolVar(&policy.noCache, "no-cache", false, "judge everything again and remember nothing")
	cmd.Flags().StringVar(&flags.base, "base", "", "the `COMMIT` that is merged into")
	cmd.Flags().StringVar(&flags.head, "head", "", "the `COMMIT` that is merged")
	cmd.Flags().IntVar(&flags.max, "max-refusals", 20, "stop after `N` refused commits; 0 for no limit")
	flags.github.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.beginCheck(cmd, &flags.github); err != nil {
			return err
		}
		return a.forgive(&flags.github, a.checkPR(cmd.Context(), cmd, &policy, &flags))
	}
	return cmd
}

func (a *app) checkPR(ctx context.Context, cmd *cobra.Command, policy *policyFlags, flags *checkPRFlags) error {
	repository, err := a.open(cmd)
	if err != nil {
		return err
	}
	request, err := pullrequest.Find(repository, pullrequest.Source{
		Base: flags.base, Head: flags.head, GitHub: flags.github.on, Getenv: a.getenv,
	})
	if err != nil {
		return err
	}
	if request.Kind == pullrequest.Nothing {
		a.report.Handle(report.Checked{Request: &pullrequest.Resolved{Request: request}})
		return nil
	}
	options := verification.Options{Dir: a.dir, Getenv: a.getenv, Settings: policy.settings}
	settings, _, err := verification.Introduction(repository, request.Branch, options)
	if err != nil {
		return err
	}
	fetcher := pullrequest.Fetcher{Repository: repository, Git: gitcli.User{Dir: a.dir}}
	if flags.github.on {
		if err := fetcher.Fetch(ctx, request, settings.Keyring); err != nil {
			return err
		}
		if repository, err = verification.Open(ctx, a.dir, a.getenv); err != nil {
			return err
		}
	}
	resolved, err := request.Resolve(repository)
	if err != nil {
		return err
	}
	checked, err := a.judgeRequest(ctx, repository, policy, flags, resolved)
	if err != nil {
		return err
	}
	checked.Did, checked.ReportOnly = fetcher.Did, flags.github.reportOnly
	a.report.Handle(*checked)
	return verdict(checked.Class())
}

// judgeRequest judges a merge or a commit.
func (a *app) judgeRequest(ctx context.Context, repository *gitrepo.Repository, policy *policyFlags, flags *checkPRFlags, r *pullrequest.Resolved) (*report.Checked, error) {
	v, err := a.prepare(repository, policy, gitrepo.Revision{ID: r.HeadCommit.ID, Branch: r.Branch}, flags.max)
	if err != nil {
		return nil, err
	}
	a.report.Handle(started(v, r.Head, r.HeadCommit))
	observe := func(e authz.Event) { a.report.Handle(report.Progress{Event: e}) }
	checked := &report.Checked{Request: r}
	var uncached error
	if r.Kind == pullrequest.Commit {
		checked.Report, uncached, err = v.Judge(ctx, r.HeadCommit.ID, observe)
	} else {
		checked.Check, uncached, err = v.CheckMerge(ctx, r.BaseCommit.ID, r.HeadCommit.ID, observe)
	}
	if err != nil {
		return nil, err
	}
	if uncached != nil {
		a.report.Handle(report.Warning(verification.NotCached(uncached)))
	}
	at := r.HeadCommit.ID
	if r.Kind == pullrequest.Merge {
		at = r.BaseCommit.ID
	}
	for _, warning := range v.Concerns(at) {
		a.report.Handle(report.Warning(warning))
	}
	return checked, nil
}

// forgive ends a command that is only to report: nothing but a wrong configuration
// and an interrupt fails it.
func (a *app) forgive(g *githubFlags, err error) error {
	if err == nil || !g.reportOnly {
		return err
	}
	failed := outcome.From(err)
	if failed.Class == outcome.Usage || failed.Class == outcome.Interrupted {
		return err
	}
	if failed.Err != nil {
		forgiven := *failed
		forgiven.Class.Exit = 0
		a.report.Handle(report.Failed{Error: &forgiven})
	}
	return nil
}
