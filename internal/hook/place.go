package hook

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// A Place is where git looks for the hooks of a repository.
type Place struct {
	// Dir is the folder of the hooks. It need not exist.
	Dir  string
	Bare bool
	// Configured is core.hooksPath, with which the user has moved the hooks, and
	// Scope is where that is configured: "system", "global", "local", "worktree"
	// or "command". Both may be empty.
	Configured, Scope string
	workTree          string // empty in a bare repository
}

// oldest is the first git that asks a hook about every change of refs.
var oldest = gitcli.Version{Major: 2, Minor: 28}

// Find asks the user's git where it looks for the hooks of the repository of dir.
// Their own configuration counts, since it is that which git will follow.
func Find(ctx context.Context, repository *gitrepo.Repository, dir string) (*Place, error) {
	if err := checkVersion(ctx); err != nil {
		return nil, err
	}
	git := gitcli.User{Dir: dir}
	p := &Place{Dir: filepath.Join(repository.CommonDir(), "hooks")}
	if err := p.askKind(ctx, git); err != nil {
		return nil, classify(err)
	}
	if err := p.askConfigured(ctx, git); err != nil || p.Configured == "" {
		return p, classify(err)
	}
	p.Dir = p.Configured
	switch {
	case filepath.IsAbs(p.Configured):
	case p.Bare:
		p.Dir = filepath.Join(repository.GitDir(), p.Configured)
	case p.workTree == "":
		return nil, outcome.UsageError(fmt.Errorf("core.hooksPath is %q, which starts at a work tree, and there is none here", p.Configured),
			"run this in the work tree")
	default:
		p.Dir = filepath.Join(p.workTree, p.Configured)
	}
	if info, err := os.Stat(p.Dir); err == nil && !info.IsDir() {
		return nil, outcome.UsageError(fmt.Errorf("core.hooksPath is %q, which is no directory: git runs no hooks here", p.Configured),
			fmt.Sprintf("if hooks shall be run, take it out: git config --%s --unset core.hooksPath", p.Scope))
	}
	return p, nil
}

// checkVersion makes sure that git will ask the hook at all.
func checkVersion(ctx context.Context) error {
	version, err := gitcli.InstalledVersion(ctx)
	if err != nil {
		return classify(err)
	}
	if version.Before(oldest) {
		return outcome.UsageError(fmt.Errorf("the installed git has version %s and does not know the hook %s", version, ReferenceTransaction),
			fmt.Sprintf("install git %s or later", oldest))
	}
	return nil
}

func (p *Place) askKind(ctx context.Context, git gitcli.User) error {
	out, err := git.Output(ctx, "rev-parse", "--is-bare-repository", "--is-inside-work-tree")
	if err != nil {
		return err
	}
	answers := strings.Fields(string(out))
	p.Bare = len(answers) > 0 && answers[0] == "true"
	if len(answers) < 2 || answers[1] != "true" {
		return nil
	}
	out, err = git.Output(ctx, "rev-parse", "--show-toplevel")
	p.workTree = strings.TrimSuffix(string(out), "\n")
	return err
}

func (p *Place) askConfigured(ctx context.Context, git gitcli.User) error {
	out, err := git.Output(ctx, "config", "--show-scope", "--null", "--type=path", "--get", "core.hooksPath")
	const notSet = 1
	if gitcli.ExitCode(err) == notSet {
		return nil
	}
	scope, rest, _ := strings.Cut(string(out), "\x00")
	p.Scope, p.Configured = scope, strings.TrimSuffix(rest, "\x00")
	return err
}

// Wanted are the hooks that protect a repository of this kind.
func (p *Place) Wanted() []Name {
	if p.Bare {
		return names
	}
	return []Name{ReferenceTransaction, PrePush}
}

// Concerns are what people should know about the place.
func (p *Place) Concerns() []verification.Concern {
	var concerns []verification.Concern
	concern := func(code, text, hint string) {
		concerns = append(concerns, verification.Concern{Code: code, Text: text, Hint: hint})
	}
	switch {
	case p.Configured == "":
		return nil
	case p.Scope == "global" || p.Scope == "system":
		concern("shared-hooks", fmt.Sprintf("core.hooksPath is set for more than this repository (%s), so its hooks are those of others too", p.Scope),
			"repositories without an introduction are let alone; \"hook uninstall\" ends the protection in all of them")
	}
	if !filepath.IsAbs(p.Configured) {
		concern("relative-hooks", "core.hooksPath is relative: each linked worktree has hooks of its own, and pushes to this repository run none of them",
			"run \"hook install\" in each worktree, or configure an absolute path")
	}
	if p.inWorkTree() {
		concern("hooks-in-work-tree", "the hooks are in the work tree, so a commit that is checked out can replace them",
			"keep them elsewhere: git config --unset core.hooksPath")
	}
	return concerns
}

func (p *Place) inWorkTree() bool {
	if p.workTree == "" {
		return false
	}
	rel, err := filepath.Rel(p.workTree, p.Dir)
	return err == nil && filepath.IsLocal(rel) && rel != ".git" && !strings.HasPrefix(rel, ".git"+string(filepath.Separator))
}

// classify gives an error of the user's git a class and a hint.
func classify(err error) error {
	failed, ok := gitcli.Failed(err)
	if !ok || verification.HintOwner(failed) != "" {
		return verification.Classify(nil, err)
	}
	return outcome.UsageError(failed, "git must be able to work in this repository; try \"git status\" here")
}
