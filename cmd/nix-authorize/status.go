package main

import (
	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

const statusHelp = `Show what is known of the branch that is checked out, without asking its remote: the
introduction, the last tip that was found authentic, when, by whom it was signed and
how old it is, and whether the branch is ahead of it or behind.

Exit codes: 0 shown, 2 wrong usage or configuration, 5 could not read.`

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "show the introduction and the last authentic tip",
		Long:  statusHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.status(cmd) },
	}
}

func (a *app) status(cmd *cobra.Command) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	repository, err := a.open(cmd)
	if err != nil {
		return err
	}
	target, err := update.FindTarget(cmd.Context(), repository, a.userGit(), "", "")
	if err != nil {
		return err
	}
	known, err := a.namedByURL(target.URL, target.Branch)
	if err != nil {
		return err
	}
	options, err := a.updateOptions(&pullFlags{}, known, &asker{app: a})
	if err != nil {
		return err
	}
	if options.MaxAge, err = maxAge("", repository, target.Local, known.maxAge); err != nil {
		return err
	}
	status, err := update.GetStatus(cmd.Context(), repository, options)
	if err != nil {
		return err
	}
	show.Handle(report.Status{Status: status})
	return nil
}
