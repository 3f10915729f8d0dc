package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/hook"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const hookHelp = `Let git itself ask before a branch moves. With the hooks in place a plain "git pull",
"git fetch", "git merge", "git commit" or "git push" is stopped if it would move a
protected branch to a commit that "nix-authorize verify" refuses, and says the same.

Protected are branches with an introduction of their own ("nix-authorize trust
--branch"), and, where the repository has an introduction, those that
"git config nix-authorize.protect" names; * stands for any characters. All other
refs, the keyring, tags, and the deletion of any ref are let through.`

func (a *app) hookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hook",
		Short: "let git ask before it moves a branch",
		Long:  hookHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.hookInstallCommand(), a.hookUninstallCommand(), a.hookStatusCommand(), a.hookRunCommand())
	return cmd
}

const hookInstallHelp = `Put the hooks in place: reference-transaction, which is asked about every change of a
ref, pre-push, and in a bare repository pre-receive. They go where git looks for hooks
(core.hooksPath). A hook that is there already is kept and run afterwards.

Unless it is configured already which branches are protected, these will be the one
that is checked out and the main branch of the remote "origin".

Exit codes: 0 done, 2 wrong usage or something is in the way, 5 could not be done.`

func (a *app) hookInstallCommand() *cobra.Command {
	var protect []string
	cmd := &cobra.Command{
		Use:   "install",
		Short: "put the hooks in place",
		Long:  hookInstallHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.installHooks(cmd, protect) },
	}
	cmd.Flags().StringArrayVar(&protect, "protect", nil, "protect this `BRANCH` too, or all that a pattern such as 'release-*' names; can be repeated")
	return cmd
}

func (a *app) installHooks(cmd *cobra.Command, protect []string) error {
	repository, place, protection, err := a.startHooks(cmd)
	if err != nil {
		return err
	}
	if !protection.Any() {
		return outcome.UsageError(errors.New("no introduction is configured for this repository, so hooks could not judge anything"),
			"get commit and signer of the introduction from the project by a way you trust, then run: nix-authorize trust COMMIT SIGNER")
	}
	added, err := newPatterns(repository, protection, protect)
	if err != nil {
		return err
	}
	program, err := a.program()
	if err != nil {
		return err
	}
	hooks, err := place.Install(program)
	if err != nil {
		return err
	}
	if len(added) > 0 {
		if _, err := trust.Protect(cmd.Context(), repository, added); err != nil {
			return err
		}
		protection.Patterns = append(protection.Patterns, added...)
	}
	a.report.Handle(report.Hooks{Place: place, Hooks: hooks, Installed: true, Protection: protection})
	return working(hooks)
}

// startHooks begins a command about hooks.
func (a *app) startHooks(cmd *cobra.Command) (*gitrepo.Repository, *hook.Place, *hook.Protection, error) {
	if _, err := a.start(cmd); err != nil {
		return nil, nil, nil, err
	}
	repository, err := a.open(cmd)
	if err != nil {
		return nil, nil, nil, err
	}
	config, err := repository.Config()
	if err != nil {
		return nil, nil, nil, verification.Classify(repository, err)
	}
	place, err := hook.Find(cmd.Context(), repository, a.dir)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, concern := range place.Concerns() {
		a.report.Handle(report.Warning(concern))
	}
	return repository, place, hook.ProtectionIn(config), nil
}

// newPatterns are the patterns that are to be configured beside those that are: what
// the user names, or what is usual if there are none yet.
func newPatterns(repository *gitrepo.Repository, protection *hook.Protection, named []string) ([]string, error) {
	if len(named) == 0 && len(protection.Patterns) == 0 && protection.General {
		return hook.Usual(repository)
	}
	var added []string
	for _, pattern := range named {
		if err := hook.CheckPattern(pattern); err != nil {
			return nil, err
		}
		if !slices.Contains(protection.Patterns, pattern) && !slices.Contains(added, pattern) {
			added = append(added, pattern)
		}
	}
	return added, nil
}

// program is the path by which hooks find this program. Where PATH leads to it, that
// path is taken: it is the one that stays when another version is installed.
func (a *app) program() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	running, err := os.Stat(self)
	if err != nil {
		return "", err
	}
	for _, dir := range filepath.SplitList(a.getenv("PATH")) {
		path := filepath.Join(dir, "nix-authorize")
		if found, err := os.Stat(path); err == nil && filepath.IsAbs(dir) && os.SameFile(found, running) {
			return path, nil
		}
	}
	return self, nil
}

// working requires that git asks all hooks.
func working(hooks []hook.Hook) error {
	for _, h := range hooks {
		if h.Works() {
			continue
		}
		why := h.Broken
		if why == "" {
			why = "it is " + string(h.State)
		}
		return outcome.UsageError(errors.New("the hook "+string(h.Name)+" does not work: "+why), "nix-authorize hook install")
	}
	return nil
}

const hookUninstallHelp = `Take the hooks away and put those back that were there before. What "hook install" has
not written stays as it is; nix-authorize.protect stays in the configuration.

Exit codes: 0 done, 2 wrong usage or a hook was changed by hand, 5 could not be done.`

func (a *app) hookUninstallCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "uninstall",
		Short: "take the hooks away",
		Long:  hookUninstallHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, place, _, err := a.startHooks(cmd)
			if err != nil {
				return err
			}
			taken, err := place.Uninstall()
			if err != nil {
				return err
			}
			a.report.Handle(report.Hooks{Place: place, Taken: taken})
			return nil
		},
	}
}

const hookStatusHelp = `Tell which hooks are in place, whether they work, and which branches they protect.

Exit codes: 0 the hooks are in place and protect something, 2 they do not, 5 could not
be found out.`

func (a *app) hookStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "tell which hooks are in place and what they protect",
		Long:  hookStatusHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, place, protection, err := a.startHooks(cmd)
			if err != nil {
				return err
			}
			hooks, err := place.List()
			if err != nil {
				return err
			}
			a.report.Handle(report.Hooks{Place: place, Hooks: hooks, Protection: protection})
			if err := working(hooks); err != nil {
				return err
			}
			return protecting(protection)
		},
	}
}

// protecting requires that there is a branch that hooks would judge.
func protecting(p *hook.Protection) error {
	switch {
	case !p.Any():
		return outcome.UsageError(errors.New("no branch is protected: no introduction is configured"), "nix-authorize trust COMMIT SIGNER")
	case len(p.Own) == 0 && len(p.Patterns) == 0:
		return outcome.UsageError(errors.New("no branch is protected: nix-authorize.protect is not configured"), "nix-authorize hook install")
	}
	return nil
}
