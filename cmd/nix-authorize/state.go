package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

const stateHelp = `The last authentic tip of each remote branch is remembered outside of the repository,
so that a remote cannot lead back to an older one unnoticed.`

func (a *app) stateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "look into the memory of authentic tips",
		Long:  stateHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.stateListCommand(), a.stateForgetCommand())
	return cmd
}

func (a *app) stateListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "list the tips that are remembered",
		Long:  "List the tips that are remembered.\n\nExit codes: 0 listed, 2 wrong usage, 5 could not read.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			show, err := a.start(cmd)
			if err != nil {
				return err
			}
			dir, err := stateDir(a.getenv)
			if err != nil {
				return err
			}
			tips, err := state.List(dir)
			if err != nil {
				return err
			}
			show.Handle(report.States{Tips: tips})
			return nil
		},
	}
}

const stateForgetHelp = `Forget the remembered tips of a remote, for one branch or for all. With them goes the
protection from being led back to an older version, until the next pull.

URL is that of the remote, or a path of "state list" for a file that cannot be read.
Without it, the tip of the branch that is checked out here is forgotten.

Exit codes: 0 forgotten, 2 wrong usage or nothing of the kind is remembered, 5 could
not be removed.`

func (a *app) stateForgetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget [URL [BRANCH]]",
		Short: "forget the remembered tips of a remote",
		Long:  stateForgetHelp,
		Args:  cobra.MaximumNArgs(2),
		RunE:  a.forget,
	}
}

// toForget is the remote and branch that the arguments of "state forget" name.
func (a *app) toForget(cmd *cobra.Command, args []string) (url, branch string, err error) {
	switch len(args) {
	case 2:
		return args[0], args[1], nil
	case 1:
		return args[0], "", nil
	}
	repository, err := a.open(cmd)
	if err != nil {
		return "", "", err
	}
	target, err := update.FindTarget(cmd.Context(), repository, a.userGit(), "", "")
	return target.URL, target.Branch, err
}

func (a *app) forget(cmd *cobra.Command, args []string) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	url, branch, err := a.toForget(cmd, args)
	if err != nil {
		return err
	}
	dir, err := stateDir(a.getenv)
	if err != nil {
		return err
	}
	tips, err := state.List(dir)
	if err != nil {
		return err
	}
	remote := remoteurl.Normalize(url, a.dir)
	var forgotten []state.Listed
	for _, tip := range tips {
		key := tip.Key()
		match := tip.Err == nil && key.Remote == remote && (branch == "" || branch == key.Branch)
		if !match && tip.Path() != url {
			continue
		}
		if _, err := tip.Forget(); err != nil {
			return err
		}
		forgotten = append(forgotten, tip)
	}
	if len(forgotten) == 0 {
		return outcome.UsageError(errors.New("nothing of the kind is remembered"), `"nix-authorize state list" shows what is`)
	}
	show.Handle(report.States{Tips: forgotten, Forgotten: true})
	return nil
}
