package seal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/shell"
)

// A Seal is one that was put.
type Seal struct {
	*Plan
	Commit gitwalk.ID
	// Next are the commands to run next.
	Next []string
}

// Make puts an empty signed commit on top of the head, and makes sure that a merge
// would be authentic then. What is staged and the work tree stay as they are.
func (p *Plan) Make(ctx context.Context, message string) (*Seal, error) {
	if message == "" {
		message = p.message()
	}
	head := p.Check.Head.String()
	tree, err := p.git.Output(ctx, "rev-parse", "--verify", "--end-of-options", head+"^{tree}")
	if err != nil {
		return nil, err
	}
	out, err := p.git.Feed(ctx, message, "commit-tree", "--gpg-sign", "-p", head, strings.TrimSpace(string(tree)))
	if err != nil {
		return nil, p.signer.CommitError(err)
	}
	s := &Seal{Plan: p}
	if s.Commit, err = gitwalk.ParseID(strings.TrimSpace(string(out))); err != nil {
		return nil, err
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	err = p.git.Run(ctx, "update-ref", "-m", "nix-authorize: seal", "refs/heads/"+p.Branch, s.Commit.String(), head)
	if err != nil {
		return nil, outcome.UncheckedError("", fmt.Errorf("the branch %s has moved meanwhile: %w", p.Branch, err), "nothing was overwritten; look at what is new and run the same command again")
	}
	s.Next, err = s.push()
	return s, err
}

// message says what the seal is for.
func (p *Plan) message() string {
	commits := "1 commit"
	if n := p.Check.CommitCount; n != 1 {
		commits = fmt.Sprintf("%d commits", n)
	}
	return fmt.Sprintf("Seal: vouch for %s\n\nWhoever signs this empty commit answers for all that the branch brings in:\n%s up to %s.\n",
		commits, commits, p.Check.Head)
}

// check judges a merge of the sealed head before any branch moves to it.
func (s *Seal) check(ctx context.Context) error {
	check, _, err := s.v.CheckMerge(ctx, s.Check.Base, s.Commit, nil)
	if err != nil {
		return err
	}
	if check.Ready() {
		return nil
	}
	why := errors.New("a merge would not be authentic all the same")
	for _, refusal := range check.Refusals() {
		why = fmt.Errorf("%w: %s", why, refusal.Detail)
	}
	return outcome.UsageError(why, "the branch was left as it is; see which key your git signs with, and whether it is in the keyring")
}

// push is how the seal gets to the forge.
func (s *Seal) push() ([]string, error) {
	config, err := s.repository.Config()
	if err != nil {
		return nil, err
	}
	remote, follows := "origin", s.Branch
	if name, ok := config.Get("branch", s.Branch, "remote"); ok && name != "." {
		remote = name
		if merge, ok := config.Get("branch", s.Branch, "merge"); ok && !s.isBase(name+"/"+strings.TrimPrefix(merge, "refs/heads/")) {
			follows = strings.TrimPrefix(merge, "refs/heads/")
		}
	}
	if name, ok := config.Get("branch", s.Branch, "pushRemote"); ok {
		remote = name
	}
	if follows == s.Branch {
		return []string{shell.Line("git", "push", remote, s.Branch)}, nil
	}
	return []string{shell.Line("git", "push", remote, s.Branch+":"+follows)}, nil
}

// isBase says whether a remote-tracking branch is the one that the head will be
// merged into: nobody pushes the seal there.
func (s *Seal) isBase(name string) bool {
	tip, found, err := s.repository.Ref("refs/remotes/" + name)
	return err == nil && found && tip == s.Check.Base
}
