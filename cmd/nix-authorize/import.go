package main

import "github.com/spf13/cobra"

const importHelp = `Write a .nix-authorizations with the keys of a .guix-authorizations: FILE, or that of
the work tree.

What cannot be taken over as it is, such as a name that two keys have, is told. In
.nix-authorizations, the fingerprint of a primary key stands for its signing subkeys,
too. Nothing is committed; "nix-authorize init" goes on from there.

Exit codes: 0 written, 2 wrong usage or configuration.`

func (a *app) importCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "import [FILE]",
		Short: "make a .nix-authorizations from a .guix-authorizations",
		Long:  importHelp,
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := a.start(cmd); err != nil {
				return err
			}
			desk, err := a.desk(cmd, "")
			if err != nil {
				return err
			}
			change, err := desk.Import(cmd.Context(), revisionOr(args, ""))
			return a.change(cmd, desk, change, err)
		},
	}
}
