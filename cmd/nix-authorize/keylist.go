package main

import (
	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const keyListHelp = `List who may sign and what: the keys in .nix-authorizations of the work tree, or of
REVISION; which of them is yours; which OpenPGP keys are missing from the keyring,
expired or revoked; and what is not committed yet.

It shows what the file says and judges no history.

Exit codes: 0 listed, 2 wrong usage or configuration, 5 could not read.`

func (a *app) keyListCommand() *cobra.Command {
	var keyring string
	cmd := &cobra.Command{
		Use:   "list [REVISION]",
		Short: "list those who may sign",
		Long:  keyListHelp,
		Args:  cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&keyring, "keyring", "", "look OpenPGP keys up in this `BRANCH` or directory")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		show, err := a.start(cmd)
		if err != nil {
			return err
		}
		desk, err := a.desk(cmd, keyring)
		if err != nil {
			return err
		}
		listing, err := desk.List(cmd.Context(), revisionOr(args, ""))
		if err != nil {
			return verification.Classify(desk.Repository, err)
		}
		show.Handle(report.Roster{Listing: listing})
		return nil
	}
	return cmd
}
