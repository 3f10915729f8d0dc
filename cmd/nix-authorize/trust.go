package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const trustHelp = `Record an introduction in this repository's configuration, so that "verify" and
other commands know where trust starts.

COMMIT is a full commit id and SIGNER the fingerprint of the key that signed it, as
the project publishes them. Get both by a way that does not depend on whoever serves
the repository. The commit must be here and its signature is checked first.

With --branch, the introduction counts for that branch alone.

Exit codes: 0 recorded, 1 the introduction is not signed by that key, 2 wrong usage,
5 could not check.`

func (a *app) trustCommand() *cobra.Command {
	var (
		settings trust.Settings
		branch   string
		replace  bool
	)
	cmd := &cobra.Command{
		Use:   "trust COMMIT SIGNER",
		Short: "record the introduction that verification starts from",
		Long:  trustHelp,
		Args:  cobra.ExactArgs(2),
	}
	flags := cmd.Flags()
	flags.StringVar(&settings.Keyring, "keyring", "", "where to look up OpenPGP keys: a `BRANCH`, or a directory such as ./keys")
	flags.StringVar(&settings.Authorizations, "authorizations", "", "the `FILE` in each tree that lists who may sign (default: the one that the introduction has)")
	flags.StringVar(&branch, "branch", "", "record it for this `BRANCH` alone")
	flags.BoolVar(&replace, "replace", false, "replace an introduction that is recorded already")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		settings.Introduction, settings.Signer = args[0], args[1]
		return a.trust(cmd, settings, branch, replace)
	}
	return cmd
}

func (a *app) trust(cmd *cobra.Command, settings trust.Settings, branch string, replace bool) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	if _, err := settings.Parse(); err != nil {
		return err
	}
	repository, err := a.open(cmd)
	if err != nil {
		return err
	}
	config, err := repository.Config()
	if err != nil {
		return err
	}
	if err := trust.CheckReplace(config, branch, settings, replace); err != nil {
		return err
	}
	v, err := verification.Prepare(repository, branch, verification.Options{Dir: a.dir, Getenv: a.getenv, Settings: settings, NoCache: true})
	if err != nil {
		return err
	}
	examination, err := v.Examine(cmd.Context(), v.Policy.Introduction.Commit)
	if err != nil {
		return err
	}
	if judged := examination.Verdict; !judged.Authentic() {
		show.Handle(started(v, "", verification.Exactly(judged.Commit)))
		show.Handle(report.Finished{Report: reportOf(v.Policy, judged)})
		return verdict(outcome.OfVerdict(judged))
	}
	settings.Introduction = v.Policy.Introduction.Commit.String()
	settings.Signer = string(v.Policy.Introduction.Signer)
	settings.Authorizations = v.Policy.Introduction.Format.FileName()
	settings.Keyring = v.Keyring.Recordable(settings.Keyring, a.dir)
	file, err := trust.Record(cmd.Context(), repository, branch, settings)
	if err != nil {
		return fmt.Errorf("recording the introduction: %w", err)
	}
	show.Handle(report.Trusted{
		Introduction: v.Policy.Introduction, Signer: examination.Verdict.Signer,
		Subject: examination.Verdict.Subject, Branch: branch, File: file,
	})
	return nil
}

// reportOf is the report on a history of which only the introduction was judged.
func reportOf(policy authz.Policy, v *authz.Verdict) *authz.Report {
	r := &authz.Report{Policy: policy, Tip: v.Commit}
	if v.Refusal != nil {
		r.Refusals = append(r.Refusals, v.Refusal)
	}
	if v.Unchecked != nil {
		r.Unchecked = append(r.Unchecked, v.Unchecked)
	}
	return r
}
