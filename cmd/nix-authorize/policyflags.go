package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/report"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// policyFlags are the flags that say by what a history is judged.
type policyFlags struct {
	settings   trust.Settings
	historical string
	noCache    bool
}

func (p *policyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&p.settings.Introduction, "introduction", "", "the introduction: a full `COMMIT` id")
	flags.StringVar(&p.settings.Signer, "signer", "", "the `FINGERPRINT` of the key that signed the introduction")
	flags.StringVar(&p.settings.Keyring, "keyring", "", "where to look up OpenPGP keys: a `BRANCH`, or a directory such as ./keys")
	flags.StringVar(&p.settings.Authorizations, "authorizations", "", "the `FILE` in each tree that lists who may sign: .nix-authorizations or .guix-authorizations")
	flags.StringVar(&p.historical, "historical-authorizations", "", "a `FILE` with the authorizations of commits that have none in their tree")
	p.settings.Origin = "the command line"
}

// A subject is a revision that is about to be judged, with all that this needs.
type subject struct {
	*verification.Verification
	name     string // as the user gave it
	revision gitrepo.Revision
}

// subject opens the repository and prepares to judge a revision of it.
func (a *app) subject(cmd *cobra.Command, policy *policyFlags, name string, maxRefusals int) (*subject, error) {
	repository, err := a.open(cmd)
	if err != nil {
		return nil, err
	}
	revision, err := verification.Resolve(repository, name)
	if err != nil {
		return nil, err
	}
	// A commit named by its id belongs to no branch; the one that is checked
	// out says which settings count.
	if revision.Branch == "" {
		revision.Branch = repository.HeadBranch()
	}
	v, err := a.prepare(repository, policy, revision, maxRefusals)
	if err != nil {
		return nil, err
	}
	return &subject{v, name, revision}, nil
}

func (s *subject) started() report.Started { return started(s.Verification, s.name, s.revision) }

// prepare makes a verification for a revision.
func (a *app) prepare(repository *gitrepo.Repository, p *policyFlags, revision gitrepo.Revision, maxRefusals int) (*verification.Verification, error) {
	v, err := verification.Prepare(repository, revision.Branch, verification.Options{
		Dir: a.dir, Getenv: a.getenv, Settings: p.settings, Historical: p.historical,
		NoCache: p.noCache, MaxRefusals: maxRefusals,
	})
	if err != nil {
		return nil, err
	}
	a.warnOfSkipped(v.Keyring.Skipped)
	return v, nil
}

// warnOfSkipped tells of the first few key files that were passed over. A hostile
// keyring can have thousands.
func (a *app) warnOfSkipped(skipped []keyring.Skipped) {
	const most = 5
	const hint = `"nix-authorize keyring list" shows all that was found and skipped`
	for i, s := range skipped {
		if i == most {
			text := fmt.Sprintf("%d more files or keys of the keyring were skipped", len(skipped)-most)
			a.report.Handle(report.Warning{Code: "skipped-key", Text: text, Hint: hint})
			return
		}
		a.report.Handle(report.Warning{Code: "skipped-key", Text: fmt.Sprintf("skipped %s of the keyring: %s", s.File, s.Detail)})
	}
}

func started(v *verification.Verification, name string, revision gitrepo.Revision) report.Started {
	return report.Started{
		Policy: v.Policy, Origin: v.Origin, Revision: name, Tip: revision.ID,
		Keyring: v.Keyring.Name, MissingHint: verification.MissingHint(v.Repository),
	}
}
