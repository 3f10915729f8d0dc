package main

import (
	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/roster"
)

const keyAddHelp = `Let a key sign: add it to .nix-authorizations in the work tree.

An SSH public key stands in the file whole. An OpenPGP key is listed by its
fingerprint, and the key itself is published on the keyring branch by a commit of its
own; it comes from a file, or by its fingerprint from your own gpg.

Compare the fingerprint with what its owner tells you by another way than the network.

Exit codes: 0 added, 2 wrong usage or configuration, 5 could not read.`

func (a *app) keyAddCommand() *cobra.Command {
	var (
		addition roster.Addition
		keyring  string
	)
	cmd := &cobra.Command{
		Use:   "add NAME (--ssh KEY|FILE | --openpgp FINGERPRINT|FILE)",
		Short: "let a key sign",
		Long:  keyAddHelp,
		Example: `  nix-authorize key add bob --ssh bob.pub
  nix-authorize key add carol --openpgp "BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA"
  nix-authorize key add hello-maintainer --ssh dave.pub --paths pkgs/by-name/he/hello/
  nix-authorize key add github-web-flow --openpgp web-flow.gpg --may merge`,
		Args: cobra.ExactArgs(1),
	}
	flags := cmd.Flags()
	flags.StringVar(&addition.SSH, "ssh", "", "an SSH public `KEY`, or the name of its file")
	flags.StringVar(&addition.OpenPGP, "openpgp", "", "the `FINGERPRINT` of an OpenPGP key that gpg or the keyring has, or the name of a file with the public key")
	flags.StringSliceVar(&addition.May, "may", nil, "what it may sign: some of `commit,merge,authorize` (default: all; with --paths: commit)")
	flags.StringSliceVar(&addition.Paths, "paths", nil, "it may change nothing but what is at or below these `PATHS`")
	flags.StringVar(&keyring, "keyring", "", "publish an OpenPGP key on this `BRANCH` (default: as configured, or keyring)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		addition.Name = args[0]
		if _, err := a.start(cmd); err != nil {
			return err
		}
		desk, err := a.desk(cmd, keyring)
		if err != nil {
			return err
		}
		change, err := desk.Add(cmd.Context(), addition)
		return a.change(cmd, desk, change, err)
	}
	return cmd
}
