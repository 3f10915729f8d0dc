package main

import (
	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const approvalsHelp = `Show who agrees to a change of .nix-authorizations, how many must, who still may, and
which approvals do not count and why.

The change is that from HEAD to the work tree (with --staged: to the index); with
REVISION, the one that this commit makes, whose signer counts, too.

Exit codes: 0 shown, 2 wrong usage or configuration, 5 could not read.`

func (a *app) approvalsCommand() *cobra.Command {
	var (
		staged  bool
		keyring string
	)
	cmd := &cobra.Command{
		Use:   "approvals [REVISION]",
		Short: "show who agrees to a change of the authorizations",
		Long:  approvalsHelp,
		Args:  cobra.MaximumNArgs(1),
	}
	addProposalFlags(cmd, &staged, &keyring)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		show, err := a.start(cmd)
		if err != nil {
			return err
		}
		desk, err := a.desk(cmd, keyring)
		if err != nil {
			return err
		}
		p, err := a.proposal(cmd, desk, proposalOptions(desk, args, staged))
		if err != nil {
			return verification.Classify(desk.Repository, err)
		}
		show.Handle(report.Proposal{Proposal: p})
		return nil
	}
	return cmd
}
