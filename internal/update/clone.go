package update

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/remoteurl"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// CloneOptions are the options of Clone.
type CloneOptions struct {
	Options
	URL string
	// Dir is the directory to be made; empty takes the last part of the URL.
	Dir string
	// Branch is the branch to be cloned; empty takes the remote's HEAD.
	Branch string
	// Filter is passed on to "git clone --filter".
	Filter string
	// Keep leaves the repository, without a work tree, where it is if the history
	// is refused.
	Keep bool
	// Open opens the repository that has been made.
	Open func(ctx context.Context, dir string) (*gitrepo.Repository, error)
}

// A CloneResult is what Clone has done.
type CloneResult struct {
	Result
	Dir string // absolute; of what was made or, if it was refused, kept
}

// Clone makes a checkout whose history is authentic. Everything is done in a
// directory beside the one that was asked for, which gets that name at the very end;
// there is no work tree before the tip is found authentic. A history that is not
// authentic is no error: it is in the report, and nothing is left.
func Clone(ctx context.Context, o CloneOptions) (result *CloneResult, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	draft, err := newDraft(o.Dir, o.URL, o.Verification.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, draft.discard()) }()
	o.Verification.Settings = o.Verification.Settings.Or(o.Verification.Fallback)
	o.Git.Detached = true
	c := cloner{CloneOptions: &o, dir: draft.path}
	result, authentic, err := c.run(ctx)
	if err != nil || !authentic && !o.Keep {
		return result, err
	}
	if err := draft.settle(); err != nil {
		return nil, err
	}
	result.Dir = draft.dir
	c.at(StepDone)
	return result, nil
}

// check refuses what git could take for something else.
func (o *CloneOptions) check() error {
	if o.URL == "" || strings.HasPrefix(o.URL, "-") {
		return outcome.UsageError(fmt.Errorf("%q is not the address of a repository", o.URL), "nix-authorize clone URL [DIRECTORY]")
	}
	if o.Branch != "" && !gitrepo.ValidBranch(o.Branch) {
		return outcome.UsageError(fmt.Errorf("%q is not the name of a branch", o.Branch), "name a branch of the remote, such as main")
	}
	return nil
}

// cloner is one call of Clone.
type cloner struct {
	*CloneOptions
	dir string // where the repository is made
}

// run does everything up to the last renaming, and says whether the history is
// authentic.
func (c *cloner) run(ctx context.Context) (*CloneResult, bool, error) {
	c.at(StepFetch)
	if err := c.fetch(ctx); err != nil {
		return nil, false, err
	}
	result := &CloneResult{}
	p, err := c.puller(ctx, &result.Result)
	if err != nil {
		return nil, false, err
	}
	if err := c.fetchKeyring(ctx, p); err != nil {
		return nil, false, err
	}
	c.at(StepJudge)
	v, tip, err := p.decide(ctx)
	if err != nil || tip.IsZero() {
		return result, false, err
	}
	return result, true, c.settle(ctx, p, v, tip)
}

// fetch makes the repository without a work tree. Of the remote's branches it has the
// one that is to be judged, and no tags. Objects of a local repository are copied as
// from any other, checked, and not shared with it.
func (c *cloner) fetch(ctx context.Context) error {
	args := []string{
		"clone", "--quiet", "--no-checkout", "--single-branch", "--no-tags", "--no-recurse-submodules", "--no-local", "--origin", "origin",
	}
	if c.Branch != "" {
		args = append(args, "--branch", c.Branch)
	}
	if c.Filter != "" {
		args = append(args, "--filter="+c.Filter)
	}
	err := c.Git.Run(ctx, append(append(args, c.FetchArgs...), "--", c.URL, c.dir)...)
	failed, ok := gitcli.Failed(err)
	switch {
	case !ok:
		return err
	case strings.HasPrefix(failed.Stderr, "Remote branch "):
		return c.noBranch(c.Branch)
	}
	return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("cloning %s: %w", c.address(), failed),
		fmt.Sprintf(`nothing is left here; "git ls-remote %s" shows whether the remote can be reached`, c.address()))
}

func (c *cloner) address() string { return remoteurl.Shown(c.URL) }

func (c *cloner) noBranch(name string) error {
	return outcome.UsageError(fmt.Errorf("%s has no branch %q", c.address(), name),
		fmt.Sprintf(`"git ls-remote --heads %s" lists its branches; name one with --branch`, c.address()))
}

// puller looks at the repository that has been made as a pull would.
func (c *cloner) puller(ctx context.Context, result *Result) (*puller, error) {
	repository, err := c.Open(ctx, c.dir)
	if err != nil {
		return nil, err
	}
	branch := repository.HeadBranch()
	if branch == "" { // of a tag, or of a remote whose own HEAD is detached
		return nil, outcome.UsageError(fmt.Errorf("%s is on no branch", c.address()), "name a branch with --branch")
	}
	options := c.Options
	options.Git.Dir = c.dir
	target, err := FindTarget(ctx, repository, options.Git, "", "")
	if err != nil {
		return nil, err
	}
	tip, ok, err := repository.Ref("refs/heads/" + branch)
	if err != nil {
		return nil, verification.Classify(repository, err)
	}
	if !ok {
		return nil, c.noBranch(branch)
	}
	result.Target = target
	return &puller{
		Options: &options, repository: repository, target: target, result: result,
		quarantine: &quarantine{repository: repository, git: options.Git, Tip: tip},
	}, nil
}

// fetchKeyring gets the remote's keyring branch, if it has one, to where later
// fetches will put it and keys are looked up.
func (c *cloner) fetchKeyring(ctx context.Context, p *puller) error {
	name := remoteKeyring(c.Verification.Settings.Keyring, "origin")
	if name == "" || name == p.target.Branch {
		return nil
	}
	refspec := "+refs/heads/" + name + "*:refs/remotes/origin/" + name + "*"
	if err := p.Git.Run(ctx, "config", "--add", "remote.origin.fetch", refspec); err != nil {
		return err
	}
	args := append([]string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap="}, c.FetchArgs...)
	if err := p.Git.Run(ctx, append(args, "origin", refspec)...); err != nil {
		return fetchError(p.target, err)
	}
	return nil
}

// settle records the introduction, remembers the tip and makes the work tree.
func (c *cloner) settle(ctx context.Context, p *puller, v *verification.Verification, tip gitwalk.ID) error {
	settings := trust.Of(v.Policy.Introduction)
	settings.Keyring = v.Keyring.Recordable(c.Verification.Settings.Keyring, c.Verification.Dir)
	if _, err := trust.Record(ctx, p.repository, "", settings); err != nil {
		return err
	}
	c.at(StepRemember)
	if err := p.remember(v, tip); err != nil {
		return err
	}
	c.at(StepBranch)
	if fetched := p.quarantine.Tip; tip != fetched { // the newest authorized one
		commands := update("refs/heads/"+p.target.Local, tip, fetched) + update(p.target.Tracking, tip, fetched)
		if err := updateRefs(ctx, p.Git, commands); err != nil {
			return err
		}
	}
	if err := p.Git.Run(ctx, "checkout", "--quiet", "--force", "--"); err != nil {
		return fmt.Errorf("checking out %s: %w", tip, err)
	}
	p.result.Moved, p.result.Branch = true, tip
	return nil
}
