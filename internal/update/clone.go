package update

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
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
	if o.Dir == "" {
		if o.Dir = defaultDir(o.URL); o.Dir == "" {
			return nil, outcome.UsageError(fmt.Errorf("%q does not tell what to call the directory", o.URL), "name it: nix-authorize clone URL DIRECTORY")
		}
	}
	dir := o.Dir
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(o.Verification.Dir, dir)
	}
	if err := checkFree(dir); err != nil {
		return nil, err
	}
	draft, err := os.MkdirTemp(filepath.Dir(dir), draftPrefix(dir))
	if err != nil {
		return nil, outcome.UsageError(err, "clone into a directory that exists and that you may write to")
	}
	o.Verification.Settings = o.Verification.Settings.Or(o.Verification.Fallback)
	o.Git.Detached = true
	c := cloner{CloneOptions: &o, draft: draft}
	kept := false
	defer func() {
		if !kept {
			err = errors.Join(err, os.RemoveAll(draft))
		}
	}()
	result, authentic, err := c.run(ctx)
	if err != nil || !authentic && !o.Keep {
		return result, err
	}
	if err := os.Rename(draft, dir); err != nil {
		return nil, err
	}
	kept = true
	result.Dir = dir
	c.at(StepDone)
	return result, nil
}

// cloner is one call of Clone.
type cloner struct {
	*CloneOptions
	draft string
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
	v, err := p.prepare(ctx)
	if err != nil {
		return nil, false, err
	}
	tip, err := p.judge(ctx, v, p.quarantine.Tip)
	if err != nil || tip.IsZero() {
		return result, false, err
	}
	if err := p.checkMovement(ctx, v, tip); err != nil {
		return nil, false, err
	}
	if c.Accept != nil {
		if ok, err := c.Accept(p.result.Incoming); err != nil || !ok {
			return nil, false, err
		}
	}
	return result, true, c.settle(ctx, p, v, tip)
}

// puller looks at the repository that has been made as a pull would.
func (c *cloner) puller(ctx context.Context, result *Result) (*puller, error) {
	repository, err := c.Open(ctx, c.draft)
	if err != nil {
		return nil, err
	}
	target, err := FindTarget(repository, "", "")
	if err != nil {
		return nil, err
	}
	target.URL = c.URL
	tip, ok, err := repository.Ref("refs/heads/" + target.Local)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, outcome.UsageError(fmt.Errorf("%s has no branch %q", c.URL, target.Local), "name one with --branch")
	}
	options := c.Options
	options.Git.Dir = c.draft
	result.Target = target
	return &puller{
		Options: &options, repository: repository, target: target, result: result,
		quarantine: &quarantine{repository: repository, git: options.Git, Tip: tip},
	}, nil
}

// settle records the introduction, remembers the tip and makes the work tree.
func (c *cloner) settle(ctx context.Context, p *puller, v *verification.Verification, tip gitwalk.ID) error {
	settings := trust.Of(v.Policy.Introduction)
	settings.Keyring = c.Verification.Settings.Keyring
	if _, err := trust.Record(ctx, p.repository, "", settings); err != nil {
		return err
	}
	c.at(StepRemember)
	if err := p.remember(v, tip); err != nil {
		return err
	}
	c.at(StepBranch)
	if fetched := p.quarantine.Tip; tip != fetched { // the newest authorized one
		commands := fmt.Sprintf("update refs/heads/%s %s %s\nupdate %s %[2]s %[3]s\n", p.target.Local, tip, fetched, p.target.Tracking)
		if err := updateRefs(ctx, p.Git, commands); err != nil {
			return err
		}
	}
	if err := p.Git.Run(ctx, "checkout", "--quiet", "--force", "--"); err != nil {
		return fmt.Errorf("checking out %s: %w", tip, err)
	}
	p.result.Moved = true
	return nil
}

// fetch makes the repository without a work tree. Of the remote's branches it has the
// one that is to be judged, and no tags.
func (c *cloner) fetch(ctx context.Context) error {
	args := []string{"clone", "--quiet", "--no-checkout", "--single-branch", "--no-tags", "--no-recurse-submodules", "--origin", "origin"}
	if c.Branch != "" {
		if !gitrepo.ValidBranch(c.Branch) {
			return outcome.UsageError(fmt.Errorf("%q is not the name of a branch", c.Branch), "")
		}
		args = append(args, "--branch", c.Branch)
	}
	if c.Filter != "" {
		args = append(args, "--filter="+c.Filter)
	}
	git := c.Git
	git.Dir = filepath.Dir(c.draft)
	err := git.Run(ctx, append(append(args, c.FetchArgs...), "--", c.URL, c.draft)...)
	var failed *gitcli.Error
	if errors.As(err, &failed) {
		return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("cloning %s: %w", c.URL, failed), "see what git says above; nothing is left here")
	}
	return err
}

// fetchKeyring gets the remote's keyring branch, if it has one, to where later
// fetches will put it.
func (c *cloner) fetchKeyring(ctx context.Context, p *puller) error {
	name := remoteKeyring(c.Verification.Settings.Keyring, "origin")
	if name == "" {
		return nil
	}
	if err := p.Git.Run(ctx, "config", "--add", "remote.origin.fetch", "+refs/heads/"+name+"*:refs/remotes/origin/"+name+"*"); err != nil {
		return err
	}
	args := append([]string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap="}, c.FetchArgs...)
	if err := p.Git.Run(ctx, append(args, "origin", "+refs/heads/"+name+"*:refs/remotes/origin/"+name+"*")...); err != nil {
		return fetchError(p.target, err)
	}
	ref := "refs/remotes/origin/" + name
	_, ok, err := p.repository.Ref(ref)
	if ok {
		p.quarantine.Keyring = ref
	}
	return err
}

// defaultDir is the last part of a URL, without ".git".
func defaultDir(url string) string {
	url = strings.TrimSuffix(strings.TrimRight(url, "/"), ".git")
	name := url[strings.LastIndexAny(url, "/:")+1:]
	if name == "." || name == ".." || strings.HasPrefix(name, "-") {
		return ""
	}
	return name
}

func draftPrefix(dir string) string { return "." + filepath.Base(dir) + ".nix-authorize-" }

// checkFree requires that nothing would be overwritten, and clears away what a run
// for the same directory left a day ago or more when it was killed.
func checkFree(dir string) error {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 || err != nil && !errors.Is(err, os.ErrNotExist) {
		return outcome.UsageError(fmt.Errorf("%s exists already and is not an empty directory", dir), "name another directory, or use nix-authorize pull in the one that is there")
	}
	parent := filepath.Dir(dir)
	siblings, _ := os.ReadDir(parent)
	for _, sibling := range siblings {
		if info, err := sibling.Info(); err == nil && strings.HasPrefix(sibling.Name(), draftPrefix(dir)) && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(filepath.Join(parent, sibling.Name())) // it is in nobody's way
		}
	}
	return nil
}
