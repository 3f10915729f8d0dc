package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/founding"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const initHelp = `Begin to authorize commits in this repository.

Your git's signing key (gpg.format, user.signingKey) is listed in a new file
.nix-authorizations. An OpenPGP key is published on the branch "keyring" as well. One
commit with that file alone, signed by you, is the introduction: where trust starts.
It is recorded here, and printed as you publish it. Nothing is pushed.

A .nix-authorizations that is in the work tree and not committed yet, written by hand
or by "nix-authorize import", is taken as it is.

Everything is shown before it is done, and you are asked.

Exit codes: 0 done, or not done because you said no, 2 wrong usage or configuration,
5 could not check, 130 interrupted.`

func (a *app) initCommand() *cobra.Command {
	var (
		o      founding.Options
		merges string
		leave  consent
	)
	cmd := &cobra.Command{
		Use:   "init",
		Short: "begin: list your own key, and make the introduction",
		Long:  initHelp,
		Args:  cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Name, "name", "", "what the file calls you: a `NAME` (default: git's user.name)")
	flags.StringVar(&merges, "merges", "", "the `RULE` for merges: strict, signed or vouched")
	flags.StringVar(&o.Keyring, "keyring", "", "publish OpenPGP keys on this `BRANCH` (default: keyring)")
	flags.StringVarP(&o.Message, "message", "m", "", "the `MESSAGE` of the introduction")
	leave.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch o.Merges = authz.MergeRule(merges); o.Merges {
		case "", authz.MergesStrict, authz.MergesSigned, authz.MergesVouched:
		default:
			return outcome.UsageError(fmt.Errorf("unknown rule for merges %q", merges), "one of strict, signed, vouched")
		}
		return a.init(cmd, o, leave)
	}
	return cmd
}

func (a *app) init(cmd *cobra.Command, o founding.Options, leave consent) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	repository, err := a.open(cmd)
	if errors.As(err, new(*gitrepo.NotARepositoryError)) {
		return outcome.UsageError(err, `"git init" makes one, or name a checkout with -C DIRECTORY`)
	}
	if err != nil {
		return err
	}
	o.Dir, o.Getenv, o.Git = a.dir, a.getenv, a.userGit()
	plan, err := founding.Prepare(cmd.Context(), repository, o)
	if err != nil {
		return verification.Classify(repository, err)
	}
	show.Handle(report.FoundingPlan{Plan: plan})
	if yes, err := leave.given(cmd.Context(), a, "make this?"); !yes || err != nil {
		return err
	}
	founded, err := plan.Found(cmd.Context())
	if err != nil {
		return verification.Classify(repository, err)
	}
	show.Handle(report.Founded{Founded: founded})
	return nil
}

// userGit is git as the user has set it up.
func (a *app) userGit() gitcli.User { return gitcli.User{Dir: a.dir, Stderr: a.gitStderr()} }
