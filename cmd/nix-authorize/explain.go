package main

import (
	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
)

const explainHelp = `Show why one commit is or is not authentic, step by step: where it stands with
respect to the introduction, its form, its signature and key, what the
authorizations of each parent say about that key, and what the rule makes of it.

This is about the commit alone. "nix-authorize verify" judges what it builds on too.

Exit codes: 0 authentic, 1 refused, 2 wrong usage or configuration, 5 could not
check, 130 interrupted.`

func (a *app) explainCommand() *cobra.Command {
	var policy policyFlags
	cmd := &cobra.Command{
		Use:   "explain COMMIT",
		Short: "show why one commit is or is not authentic",
		Long:  explainHelp,
		Args:  cobra.ExactArgs(1),
	}
	policy.add(cmd)
	a.addCPU(cmd)
	policy.noCache = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return a.explain(cmd, args[0], &policy) }
	return cmd
}

func (a *app) explain(cmd *cobra.Command, name string, policy *policyFlags) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	s, err := a.subject(cmd, policy, name, 0)
	if err != nil {
		return err
	}
	examination, err := s.Examine(cmd.Context(), s.revision.ID)
	if err != nil {
		return err
	}
	show.Handle(report.Explained{
		Started: s.started(), Examination: examination, Steps: s.Policy.Explain(examination),
	})
	return verdict(outcome.OfVerdict(examination.Verdict))
}
