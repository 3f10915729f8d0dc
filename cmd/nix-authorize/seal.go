package main

import (
	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/seal"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const sealHelp = `Vouch for the head of a pull request, so that the forge may merge it ("merges:
vouched"): put an empty commit on top of it, signed by you.

REVISION is the head, by default what is checked out. If a merge would be authentic
already, because whoever made the head is listed, that is said and nothing is done.

Your signature answers for all that the branch brings in, whoever made it, and for as
long as your key is listed. Look at it first.

Exit codes: 0 sealed, or not needed, or not done because you said no, 1 the base is
not authentic, 2 wrong usage or configuration, 5 could not check, 130 interrupted.`

func (a *app) sealCommand() *cobra.Command {
	var (
		policy        policyFlags
		base, message string
		leave         consent
	)
	cmd := &cobra.Command{
		Use:   "seal [REVISION]",
		Short: "vouch for a pull request by an empty signed commit",
		Long:  sealHelp,
		Args:  cobra.MaximumNArgs(1),
	}
	policy.add(cmd)
	a.addCPU(cmd)
	cmd.Flags().BoolVar(&policy.noCache, "no-cache", false, "judge everything again and remember nothing")
	cmd.Flags().StringVar(&base, "base", "", "the `REVISION` into which it will be merged (default: what the branch follows, or origin/HEAD)")
	cmd.Flags().StringVarP(&message, "message", "m", "", "the `MESSAGE` of the seal")
	leave.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := a.start(cmd); err != nil {
			return err
		}
		repository, err := a.open(cmd)
		if err != nil {
			return err
		}
		plan, err := a.planSeal(cmd, repository, &policy, base, revisionOr(args, "HEAD"))
		if err != nil {
			return verification.Classify(repository, err)
		}
		return verification.Classify(repository, a.seal(cmd, plan, message, leave))
	}
	return cmd
}

// planSeal finds out what a merge of a head into a base would come to.
func (a *app) planSeal(cmd *cobra.Command, repository *gitrepo.Repository, policy *policyFlags, base, name string) (*seal.Plan, error) {
	head, err := verification.Resolve(repository, name)
	if err != nil {
		return nil, err
	}
	if base == "" {
		if base, err = seal.Base(repository); err != nil {
			return nil, err
		}
	}
	into, err := verification.Resolve(repository, base)
	if err != nil {
		return nil, err
	}
	v, err := a.prepare(repository, policy, into, 1)
	if err != nil {
		return nil, err
	}
	check, uncached, err := v.CheckMerge(cmd.Context(), into.ID, head.ID, func(e authz.Event) { a.report.Handle(report.Progress{Event: e}) })
	if err != nil {
		return nil, err
	}
	if uncached != nil {
		a.report.Handle(report.Warning(verification.NotCached(uncached)))
	}
	if judged := check.History; judged.Outcome() != authz.Authentic {
		a.report.Handle(started(v, base, into))
		a.report.Handle(report.Finished{Report: judged})
		return nil, verdict(outcome.Of(judged.Outcome()))
	}
	return seal.Prepare(cmd.Context(), v, a.userGit(), base, check)
}

func (a *app) seal(cmd *cobra.Command, plan *seal.Plan, message string, leave consent) error {
	a.report.Handle(report.SealPlan{Plan: plan})
	if plan.Sealed {
		return nil
	}
	if yes, err := leave.given(cmd.Context(), a, "vouch for all of this?"); !yes || err != nil {
		return err
	}
	sealed, err := plan.Make(cmd.Context(), message)
	if err != nil {
		return err
	}
	a.report.Handle(report.Sealed{Seal: sealed})
	return nil
}
