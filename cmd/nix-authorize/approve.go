package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/approval"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/roster"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const approveHelp = `Agree to a change of .nix-authorizations, where the old file wants more than one key
to agree ("threshold").

The change is that from HEAD to the work tree (with --staged: to the index); with
REVISION, the one that this commit makes. It is shown as people and rights. Your git's
signing key signs a text that names exactly this pair of files, and the signature is
written to .nix-authorizations.d/approvals in the work tree. It counts in the commit
that makes the change, and only there.

Your key must be one that may authorize by the old file.

Exit codes: 0 approved, or not because you said no, or because no approval is needed,
2 wrong usage or configuration, 5 could not read, 130 interrupted.`

func (a *app) approveCommand() *cobra.Command {
	var (
		staged  bool
		keyring string
		leave   consent
	)
	cmd := &cobra.Command{
		Use:   "approve [REVISION]",
		Short: "agree to a change of the authorizations",
		Long:  approveHelp,
		Args:  cobra.MaximumNArgs(1),
	}
	addProposalFlags(cmd, &staged, &keyring)
	leave.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := a.start(cmd); err != nil {
			return err
		}
		desk, err := a.desk(cmd, keyring)
		if err != nil {
			return err
		}
		err = a.approve(cmd, desk, proposalOptions(desk, args, staged), leave)
		return verification.Classify(desk.Repository, err)
	}
	return cmd
}

func addProposalFlags(cmd *cobra.Command, staged *bool, keyring *string) {
	cmd.Flags().BoolVar(staged, "staged", false, "the change is that to the index, not to the work tree")
	cmd.Flags().StringVar(keyring, "keyring", "", "look OpenPGP keys up in this `BRANCH` or directory")
}

func proposalOptions(desk roster.Desk, args []string, staged bool) approval.Options {
	return approval.Options{Dir: desk.Dir, Git: desk.Git, Keyring: desk.Keyring, Revision: revisionOr(args, ""), Staged: staged}
}

// proposal reads a change and warns of what may not be what is meant.
func (a *app) proposal(cmd *cobra.Command, desk roster.Desk, o approval.Options) (*approval.Proposal, error) {
	if o.Staged && o.Revision != "" {
		return nil, outcome.UsageError(errors.New("a revision and --staged contradict each other"), "leave one of them out")
	}
	p, err := approval.Read(cmd.Context(), desk.Repository, o)
	if err != nil {
		return nil, err
	}
	if p.StagedDiffers {
		a.report.Handle(report.Warning{
			Code: "staged-differs", Text: "the index has yet another .nix-authorizations than the work tree",
			Hint: "this is about the one in " + p.New.Where + "; \"git add .nix-authorizations\" makes them the same",
		})
	}
	return p, nil
}

func (a *app) approve(cmd *cobra.Command, desk roster.Desk, o approval.Options, leave consent) error {
	p, err := a.proposal(cmd, desk, o)
	if err != nil {
		return err
	}
	if p.Needed() == 1 {
		a.report.Handle(report.Proposal{Proposal: p})
		return nil
	}
	ballot, err := p.Prepare(cmd.Context(), o)
	if err != nil {
		return err
	}
	a.report.Handle(report.Proposal{Proposal: p, Ballot: ballot})
	if ballot.Given != nil {
		a.report.Handle(report.Approved{Ballot: ballot})
		return nil
	}
	if yes, err := leave.given(cmd.Context(), a, "sign that you agree to exactly this?"); !yes || err != nil {
		return err
	}
	approved, err := ballot.Approve(cmd.Context())
	if err != nil {
		return err
	}
	a.report.Handle(report.Approved{Ballot: ballot, Now: approved})
	return nil
}
