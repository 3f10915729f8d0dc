package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

const cloneHelp = `Clone a repository, and keep it only if its history is authentic.

There is no work tree before the tip has been judged. If it is refused, nothing is
left behind, unless --keep is given. The introduction is recorded in the new
repository, so that "nix-authorize pull" and "verify" know it.

URL may be the name of an introduction; "nix-authorize introductions list" shows
those that there are.

Exit codes: 0 cloned, 1 refused, 2 wrong usage or configuration, 3 downgrade: the
remote serves an older tip than was verified before, 4 stale: the tip is older than
--max-age, 5 could not check, 130 interrupted.`

func (a *app) cloneCommand() *cobra.Command {
	var (
		flags pullFlags
		clone update.CloneOptions
	)
	cmd := &cobra.Command{
		Use:   "clone URL [DIR]",
		Short: "clone a repository, if its history is authentic",
		Long:  cloneHelp,
		Example: `  nix-authorize clone https://example.org/channel.git --introduction COMMIT --signer FINGERPRINT
  nix-authorize clone guix`,
		Args: cobra.RangeArgs(1, 2),
	}
	flags.add(cmd)
	a.addCPU(cmd)
	cmd.Flags().StringVarP(&clone.Branch, "branch", "b", "", "the `BRANCH` to clone (default: the remote's own choice)")
	cmd.Flags().StringVar(&clone.Filter, "filter", "", "leave objects out until they are needed: blob:none or tree:0")
	cmd.Flags().BoolVar(&clone.Keep, "keep", false, "keep what was refused, without a work tree")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		clone.URL = args[0]
		if len(args) > 1 {
			clone.Dir = args[1]
		}
		return a.clone(cmd, &flags, clone)
	}
	return cmd
}

func (a *app) clone(cmd *cobra.Command, flags *pullFlags, clone update.CloneOptions) error {
	show, err := a.start(cmd)
	if err != nil {
		return err
	}
	given := flags.policy.settings
	known, err := a.namedOrURL(&clone, given.Introduction != "" || given.Signer != "")
	if err != nil {
		return err
	}
	asked := &asker{app: a, never: true}
	if clone.Options, err = a.updateOptions(flags, known, asked); err != nil {
		return err
	}
	if clone.MaxAge, err = maxAge(flags.maxAge, nil, "", known.maxAge); err != nil {
		return err
	}
	if settings := given.Or(known.settings); settings.Introduction == "" && settings.Signer == "" {
		return outcome.UsageError(fmt.Errorf("no introduction is known for %s", remoteurl.Shown(clone.URL)),
			"get commit and signer of the introduction from the project by a way you trust, then add --introduction COMMIT --signer FINGERPRINT")
	} else if _, err := settings.Parse(); err != nil {
		return err
	}
	clone.Open = func(ctx context.Context, dir string) (*gitrepo.Repository, error) {
		return verification.Open(ctx, dir, func(string) string { return "" })
	}
	result, err := update.Clone(cmd.Context(), clone)
	if err != nil {
		return err
	}
	return a.showUpdate(show, report.Pulled{Result: &result.Result, Dir: result.Dir, Accepted: true})
}
