package main

import (
	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const keyringHelp = `The keyring is where public keys are looked up by fingerprint: a branch of the
repository ("keyring", then "origin/keyring", if nothing else is configured) or a
directory. It is not trusted. Who may sign is said by the authorizations file alone.`

func (a *app) keyringCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keyring",
		Short: "look into the keyring",
		Long:  keyringHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.keyringListCommand())
	return cmd
}

const keyringListHelp = `List the keys that were found, with fingerprint, kind and file; which of them are
authorized at REVISION (default: HEAD); which authorized keys are missing; and what
was skipped and why. User ids are what a key claims, not what anybody has verified.

Exit codes: 0 listed, 2 wrong usage or configuration, 5 could not read.`

func (a *app) keyringListCommand() *cobra.Command {
	var keyring, authorizations string
	cmd := &cobra.Command{
		Use:   "list [REVISION]",
		Short: "list keys and who of them is authorized",
		Long:  keyringListHelp,
		Args:  cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&keyring, "keyring", "", "a `BRANCH`, or a directory such as ./keys")
	cmd.Flags().StringVar(&authorizations, "authorizations", "", "the `FILE` in the tree that lists who may sign (default: as recorded, or the one that is there)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.listKeys(cmd, args, keyring, authorizations)
	}
	return cmd
}

func (a *app) listKeys(cmd *cobra.Command, args []string, keyring, authorizations string) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	repository, err := a.open(cmd)
	if err != nil {
		return err
	}
	listing, err := verification.ListKeys(repository, verification.KeyListOptions{
		Dir: a.dir, Keyring: keyring, Authorizations: authorizations,
		Revision: revisionOr(args, "HEAD"), RevisionIsDefault: len(args) == 0,
	})
	if err != nil {
		return err
	}
	show.Handle(report.Keys{KeyList: listing})
	return nil
}
