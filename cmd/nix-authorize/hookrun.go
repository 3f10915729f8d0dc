package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/hook"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// maxVetoRefusals is how many refused commits a veto shows, the same as "verify".
const maxVetoRefusals = 20

// hookRunCommand is for the scripts that "hook install" writes.
func (a *app) hookRunCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "run NAME [ARGUMENT]...",
		Short:              "judge what git is about to do; git runs this",
		Hidden:             true,
		DisableFlagParsing: true, // the arguments are git's
		Args:               cobra.MinimumNArgs(1),
		RunE:               func(cmd *cobra.Command, args []string) error { return a.runHook(cmd, args) },
	}
}

// runHook shows everything on standard error: standard output is no place for people
// when git runs a hook.
func (a *app) runHook(cmd *cobra.Command, args []string) error {
	a.report = &report.Text{Out: a.stderr, Err: a.stderr, Color: report.ColorAuto, Getenv: a.getenv}
	if _, err := a.start(cmd); err != nil {
		return err
	}
	r := &hook.Run{
		Name: hook.Name(args[0]), Args: args[1:], Dir: a.dir, Getenv: a.getenv, MaxRefusals: maxVetoRefusals,
		Pace:    takeOn,
		Observe: func(e authz.Event) { a.report.Handle(report.Progress{Event: e}) },
		Veto:    a.veto,
	}
	class, err := r.Do(cmd.Context(), cmd.InOrStdin())
	if err != nil {
		return err
	}
	return verdict(class)
}

// veto says why git may not move a ref: what "verify" says, and what stays.
func (a *app) veto(v hook.Veto) {
	if v.Err != nil {
		a.report.Handle(report.Failed{Error: outcome.From(v.Err)})
	} else {
		name := strings.TrimPrefix(strings.TrimPrefix(v.Ref, "refs/heads/"), "refs/remotes/")
		a.report.Handle(started(v.Verification, name, verification.Exactly(v.New)))
		a.report.Handle(report.Finished{Report: v.Report})
	}
	a.report.Handle(report.Vetoed{Veto: v})
}
