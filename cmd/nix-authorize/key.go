package main

import (
	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/roster"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const keyHelp = `Change and show who may sign commits here: the keys in .nix-authorizations.

The file in the work tree is edited, comments in it stay. Nothing is committed on your
branch; the commands for that are printed. A change counts from the next commit on.`

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "add, remove and list those who may sign",
		Long:  keyHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.keyAddCommand(), a.keyRemoveCommand(), a.keyListCommand())
	return cmd
}

// desk begins a command of a maintainer. The keyring comes before the configured one.
func (a *app) desk(cmd *cobra.Command, keyring string) (roster.Desk, error) {
	desk := roster.Desk{Dir: a.dir, Keyring: keyring}
	repository, err := a.open(cmd)
	if err != nil {
		return desk, err
	}
	desk.Repository, desk.Git = repository, a.userGit()
	if keyring != "" {
		return desk, nil
	}
	config, err := repository.Config()
	if err != nil {
		return desk, verification.Classify(repository, err)
	}
	desk.Keyring = trust.Recorded(config, repository.HeadBranch()).Keyring
	return desk, nil
}

// change shows a change of the list of keys, makes it and says what comes next.
func (a *app) change(cmd *cobra.Command, desk roster.Desk, change *roster.Change, err error) error {
	if err != nil {
		return verification.Classify(desk.Repository, err)
	}
	a.report.Handle(report.RosterPlan{Change: change})
	published, err := change.Make(cmd.Context())
	if err != nil {
		return verification.Classify(desk.Repository, err)
	}
	a.report.Handle(report.RosterChanged{Change: change, Published: published})
	return nil
}
