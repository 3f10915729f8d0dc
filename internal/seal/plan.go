// Package seal vouches for the head of a branch that a forge will merge: by an empty
// commit on top of it, whose signer answers for all that the branch brings in.
package seal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/shell"
	"github.com/nix-authorize/nix-authorize/internal/signing"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// A Plan is a seal that can be put on a head.
type Plan struct {
	// Check is what a merge of the head into the base would come to without it.
	Check *authz.MergeCheck
	// Base is what the user calls the base.
	Base string
	// Sealed says that nothing is to be done: the merge would be authentic.
	Sealed bool
	// Own is the entry of the user's key by the base's file.
	Own authz.Entry
	// Branch is the one that is checked out and gets the seal.
	Branch string

	repository *gitrepo.Repository
	v          *verification.Verification
	git        gitcli.User
	signer     *signing.Signer
}

// Prepare finds out whether a seal is needed, and whether the user can give it. The
// check must be one whose base is authentic. An error is a usage error with a hint.
func Prepare(ctx context.Context, v *verification.Verification, git gitcli.User, base string, check *authz.MergeCheck) (*Plan, error) {
	p := &Plan{Check: check, Base: base, repository: v.Repository, v: v, git: git}
	if err := p.sense(); err != nil {
		return nil, err
	}
	if p.Sealed = check.Ready(); p.Sealed {
		return p, nil
	}
	if err := p.helps(); err != nil {
		return nil, err
	}
	if err := p.checkedOut(); err != nil {
		return nil, err
	}
	return p, p.own(ctx)
}

// sense makes sure that a seal means something for this base and head.
func (p *Plan) sense() error {
	c := p.Check
	switch {
	case c.Relation == authz.HeadContained:
		return outcome.UsageError(fmt.Errorf("commit %s is part of %s already", c.Head, p.Base), "name the branch into which it will be merged with --base")
	case c.Rule == authz.MergesSigned:
		return outcome.UsageError(fmt.Errorf("%s has the rule \"merges: signed\", by which whoever merges vouches", p.Base), "sign the merge: git merge --no-ff --gpg-sign")
	case c.Rule != authz.MergesVouched:
		return outcome.UsageError(fmt.Errorf("%s has the rule \"merges: strict\", by which each commit must be signed by a key that is listed", p.Base),
			"a seal vouches for nothing here; who is listed must make the changes again as signed commits")
	case c.File != nil:
		return outcome.UsageError(fmt.Errorf("the branch changes %s, and no seal vouches for that", authz.NixFormat),
			"a key that may authorize must sign the merge (git merge --no-ff --gpg-sign), or the change must go in by itself")
	}
	return nil
}

// helps makes sure that what is missing is a voucher and nothing else.
func (p *Plan) helps() error {
	switch verdict := p.Check.Verdict; {
	case verdict.Unchecked != nil:
		return outcome.UncheckedError(verdict.Unchecked.Reason, verdict.Unchecked, "whether a merge would be authentic cannot be told here")
	case verdict.Refusal != nil && verdict.Refusal.Reason != authz.NotVouched:
		return outcome.UsageError(fmt.Errorf("a merge into %s would be refused with a seal, too: %s", p.Base, verdict.Refusal.Detail),
			"merge "+shell.Word(p.Base)+" into the branch first, settle there what both have changed, and seal the result")
	}
	return nil
}

// checkedOut makes sure that the head is the tip of the branch that is checked out.
func (p *Plan) checkedOut() error {
	p.Branch = p.repository.HeadBranch()
	tip, _, err := p.repository.Ref("HEAD")
	if err != nil {
		return err
	}
	if p.Branch == "" || tip != p.Check.Head {
		return outcome.UsageError(fmt.Errorf("commit %s is not the tip of a branch that is checked out", p.Check.Head),
			"check out the branch of the pull request, for example with \"git switch BRANCH\", look at it, and run this again")
	}
	return nil
}

// own makes sure that the user may vouch for all that the branch changes.
func (p *Plan) own(ctx context.Context) (err error) {
	if p.signer, err = signing.Find(ctx, p.git); err != nil {
		return err
	}
	var could []string
	for _, e := range p.Check.Changes.Could {
		could = append(could, e.Name)
	}
	entry, listed := p.signer.Entry(p.Check.Authorizations)
	for _, e := range p.Check.Changes.Could {
		if listed && e.Key == entry.Key {
			p.Own = entry
			return nil
		}
	}
	hint := "nobody who is listed may vouch for all of it"
	if len(could) > 0 {
		hint = "these may: " + strings.Join(could, ", ")
	}
	switch {
	case !listed:
		return outcome.UsageError(fmt.Errorf("your key, %s, is not listed in the authorizations of %s", p.signer.Key, p.Base), hint)
	case entry.Rights&authz.RightCommit == 0:
		return outcome.UsageError(fmt.Errorf("your key, %s, may only %s", p.signer.Key, entry.Rights), hint)
	}
	return outcome.UsageError(fmt.Errorf("your key, %s, may change only what is below %s, and the branch changes more", p.signer.Key, strings.Join(entry.Paths, ", ")), hint)
}

// Base finds the branch that a head will be merged into: what the checked-out branch
// follows, if that is another than its own copy, or the default branch of origin.
func Base(repository *gitrepo.Repository) (string, error) {
	config, err := repository.Config()
	if err != nil {
		return "", err
	}
	local := repository.HeadBranch()
	remote, _ := config.Get("branch", local, "remote")
	merge, _ := config.Get("branch", local, "merge")
	follows := strings.TrimPrefix(merge, "refs/heads/")
	candidates := []string{"origin/HEAD"}
	if follows != "" && follows != local && remote != "" && remote != "." {
		candidates = append([]string{remote + "/" + follows}, candidates...)
	}
	for _, name := range candidates {
		if _, found, err := repository.Ref("refs/remotes/" + name); err != nil || found {
			return name, err
		}
	}
	return "", outcome.UsageError(errors.New("which branch will it be merged into?"), "name it, for example: --base origin/main")
}
