package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/introductions"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
)

const introductionsHelp = `Give introductions names, so that "nix-authorize clone NAME" works, and "pull" in a
checkout of the same URL without further ado.

They are in ~/.config/nix-authorize/introductions.yaml, and for all users of a machine
in /etc/nix-authorize/introductions.yaml. The user's own come first.`

func (a *app) introductionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "introductions",
		Short: "list, add and show named introductions",
		Long:  introductionsHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.introductionsListCommand(), a.introductionsShowCommand(), a.introductionsAddCommand())
	return cmd
}

func (a *app) introductionsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "list the named introductions",
		Long:  "List the named introductions, those of the user first.\n\nExit codes: 0 listed, 2 a file cannot be read or is malformed.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.listIntroductions(cmd, func(l *introductions.List) ([]introductions.Entry, error) { return l.All(), nil })
		},
	}
}

func (a *app) introductionsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "show one introduction, with a line to paste into a README",
		Long:  "Show one introduction, with a line to paste into a README.\n\nExit codes: 0 shown, 2 there is none of the name, or a file cannot be read or is malformed.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.listIntroductions(cmd, func(l *introductions.List) ([]introductions.Entry, error) {
				entry, ok := l.ByName(args[0])
				if !ok {
					return nil, outcome.UsageError(fmt.Errorf("there is no introduction of the name %q", args[0]), `"nix-authorize introductions list" shows those that there are`)
				}
				return []introductions.Entry{entry}, nil
			})
		},
	}
}

func (a *app) listIntroductions(cmd *cobra.Command, choose func(*introductions.List) ([]introductions.Entry, error)) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	list, err := introductions.Load(introductions.DefaultPaths(a.getenv))
	if err != nil {
		return err
	}
	entries, err := choose(list)
	if err != nil {
		return err
	}
	show.Handle(report.Introductions{Entries: entries})
	return nil
}

const introductionsAddHelp = `Add an introduction to the user's file. An existing one of the name, or for the same
URL and branch, is replaced only with --replace; old and new are shown.

Get commit and signer from the project by a way that does not depend on whoever serves
the repository.

Exit codes: 0 added, 2 wrong usage, or another one is there already.`

func (a *app) introductionsAddCommand() *cobra.Command {
	var replace bool
	texts := map[string]*string{}
	cmd := &cobra.Command{
		Use:   "add NAME URL",
		Short: "add a named introduction",
		Long:  introductionsAddHelp,
		Example: `  nix-authorize introductions add guix https://git.guix.gnu.org/guix.git --branch master \
      --introduction 9edb3f66fd807b096b48283debdcddccfea34bad \
      --signer "BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA" \
      --authorizations .guix-authorizations`,
		Args: cobra.ExactArgs(2),
	}
	for _, flag := range []struct{ name, usage string }{
		{"introduction", "the introduction: a full `COMMIT` id"},
		{"signer", "the `FINGERPRINT` of the key that signed the introduction"},
		{"branch", "the `BRANCH` that it counts for (default: every branch)"},
		{"keyring", "where to look up OpenPGP keys: a `BRANCH`, or the absolute path of a directory"},
		{"authorizations", "the `FILE` in each tree that lists who may sign"},
		{"max-age", "refuse tips older than this `DURATION`, such as 14d"},
	} {
		texts[flag.name] = cmd.Flags().String(flag.name, "", flag.usage)
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "replace another introduction that is there already")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		fields := map[string]string{"url": args[1]}
		for name, text := range texts {
			fields[name] = *text
		}
		return a.addIntroduction(cmd, args[0], fields, replace)
	}
	return cmd
}

func (a *app) addIntroduction(cmd *cobra.Command, name string, fields map[string]string, replace bool) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	entry, err := introductions.New(name, fields)
	if err != nil {
		return err
	}
	change, err := introductions.Add(introductions.DefaultPaths(a.getenv), entry, replace)
	if err != nil {
		return err
	}
	show.Handle(report.Introductions{Entries: []introductions.Entry{change.New}, Old: change.Old, Added: true})
	return nil
}
