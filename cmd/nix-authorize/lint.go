package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/lint"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const lintHelp = `Find what should be mended before it troubles anybody, in the authorizations file of
the work tree, or of REVISION: a malformed file, keys that are missing from the
keyring, weak, expired or revoked, thresholds that cannot be met, keys that have signed
nothing lately, paths that do not exist, names and files that look like others.

It judges no history; "nix-authorize verify" does.

Exit codes: 0 no errors (with --strict: no warnings either), 1 errors, 2 wrong usage or
configuration, 5 could not read.`

func (a *app) lintCommand() *cobra.Command {
	var (
		o      lint.Options
		strict bool
	)
	cmd := &cobra.Command{
		Use:   "lint [REVISION | --worktree]",
		Short: "find what should be mended in the authorizations file",
		Long:  lintHelp,
		Args:  cobra.MaximumNArgs(1),
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.WorkTree, "worktree", false, "check the file in the work tree (the default where there is one)")
	flags.BoolVar(&strict, "strict", false, "warnings are errors")
	flags.IntVar(&o.Recent, "recent", 1000, "look for the signers of the last `N` commits; 0 for none")
	flags.StringVar(&o.Keyring, "keyring", "", "look OpenPGP keys up in this `BRANCH` or directory")
	flags.StringVar(&o.Authorizations, "authorizations", "", "the `FILE` to check (default: as recorded, or the one that is there)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.WorkTree && len(args) > 0 {
			return errors.New("a revision and --worktree contradict each other")
		}
		o.Revision = revisionOr(args, "")
		return a.lint(cmd, o, strict)
	}
	return cmd
}

func (a *app) lint(cmd *cobra.Command, o lint.Options, strict bool) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	repository, err := a.open(cmd)
	if err != nil {
		return err
	}
	o.Dir, o.Git = a.dir, a.userGit()
	subject, findings, err := lint.Run(cmd.Context(), repository, o)
	if err != nil {
		return verification.Classify(repository, err)
	}
	class := outcome.Authentic
	for _, finding := range findings {
		if finding.Severity == lint.Error || strict && finding.Severity == lint.Warning {
			class = outcome.Refused
		}
	}
	show.Handle(report.Linted{Subject: subject, Findings: findings, Class: class})
	return verdict(class)
}
