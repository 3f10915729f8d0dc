package main

import "github.com/spf13/cobra"

const keyRemoveHelp = `Let a key sign no longer: take it out of .nix-authorizations in the work tree.

NAME is what the file calls it. What it has signed before stays authentic, so the
public key stays in the keyring.

Exit codes: 0 removed, 2 wrong usage or configuration, 5 could not read.`

func (a *app) keyRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME|FINGERPRINT",
		Short: "let a key sign no longer",
		Long:  keyRemoveHelp,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := a.start(cmd); err != nil {
				return err
			}
			desk, err := a.desk(cmd, "")
			if err != nil {
				return err
			}
			change, err := desk.Remove(cmd.Context(), args[0])
			return a.change(cmd, desk, change, err)
		},
	}
}
