package founding

import (
	"context"
	"errors"
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// Founded is what was made.
type Founded struct {
	*Plan
	Introduction authz.Introduction
	Signed       *authz.Signer
	// KeyringCommit is zero if none was needed.
	KeyringCommit gitwalk.ID
	// RecordedIn is the configuration that has the introduction now.
	RecordedIn string
	// Next are the commands to run next. Clone and Trust are for others, who do not
	// have the repository yet and who do.
	Next         []string
	Clone, Trust string
}

// Found carries the plan out: the keyring first, then the file and the introduction,
// which is judged as anybody else would judge it, and then recorded. If it fails, it
// can be run again: what is there already is not made twice.
func (p *Plan) Found(ctx context.Context) (*Founded, error) {
	f := &Founded{Plan: p}
	var err error
	if p.Keyring != nil {
		if f.KeyringCommit, err = p.Keyring.Make(ctx); err != nil {
			return nil, p.Signer.CommitError(err)
		}
	}
	if !p.Existing {
		if err := p.tree.Replace(fileName, nil, p.Content); err != nil {
			return nil, err
		}
	}
	commit, err := p.commit(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.judge(ctx, commit); err != nil {
		return nil, err
	}
	settings := trust.Of(f.Introduction)
	settings.Keyring = p.o.Keyring
	if f.RecordedIn, err = trust.Record(ctx, p.repository, "", settings); err != nil {
		return nil, err
	}
	return f, f.publish(ctx)
}

// commit commits the file and nothing else: what the user has staged stays staged.
func (p *Plan) commit(ctx context.Context) (gitwalk.ID, error) {
	git := p.o.Git
	git.Dir = p.tree.Dir
	now, _, err := p.repository.Ref("refs/heads/" + p.Branch)
	if err == nil && (now != p.Parent || p.repository.HeadBranch() != p.Branch) {
		err = outcome.UsageError(errors.New("somebody else has committed or switched branches meanwhile"), "run the same command again")
	}
	if err == nil {
		err = git.Run(ctx, "add", "--force", "--", fileName)
	}
	if err != nil {
		return gitwalk.ID{}, err
	}
	err = git.Run(ctx, "commit", "--quiet", "--gpg-sign", "--message", p.Message, "--only", "--", fileName)
	if _, failed := gitcli.Failed(err); failed {
		_ = git.Run(context.WithoutCancel(ctx), "rm", "--quiet", "--cached", "--force", "--", fileName)
		return gitwalk.ID{}, p.notCommitted(err)
	}
	if err != nil {
		return gitwalk.ID{}, err
	}
	commit, _, err := p.repository.Ref("refs/heads/" + p.Branch)
	return commit, err
}

// notCommitted says what is left if git has made no commit.
func (p *Plan) notCommitted(err error) error {
	with := outcome.From(p.Signer.CommitError(err))
	with.Hint += fmt.Sprintf("; %s stays in the work tree, and the same command goes on from there", fileName)
	return with
}

// judge makes sure that the commit is what was planned, and that everybody else will
// see it so.
func (f *Founded) judge(ctx context.Context, commit gitwalk.ID) error {
	const hint = "a hook of git may have changed it; undo it with \"git reset --soft HEAD~\" and see what your hooks do"
	v := &verification.Verification{Repository: f.repository}
	v.Policy.Introduction.Format = authz.NixFormat
	made, file, err := v.CommitAt(commit)
	if err != nil {
		return err
	}
	if file.Authorizations == nil || !authz.Compare(f.Authorizations, file.Authorizations).IsEmpty() {
		return outcome.UsageError(fmt.Errorf("commit %s was made, and its %s is not the one that was shown", commit, fileName), hint)
	}
	result := f.Signer.Ring.Check(made.Payload(), made.Signature)
	if result.Problem != nil {
		return outcome.UsageError(fmt.Errorf("commit %s was made, and its signature does not count: %s", commit, result.Problem.Detail), hint)
	}
	f.Introduction = authz.Introduction{Commit: commit, Signer: result.Identity.Key, Format: authz.NixFormat}
	return f.examine(ctx)
}

// examine judges the introduction with the keyring that others have.
func (f *Founded) examine(ctx context.Context) error {
	settings := trust.Of(f.Introduction)
	settings.Keyring = f.o.Keyring
	v, err := verification.Prepare(f.repository, "", verification.Options{Dir: f.o.Dir, Getenv: f.o.Getenv, Settings: settings, NoCache: true})
	if err != nil {
		return err
	}
	examination, err := v.Examine(ctx, f.Introduction.Commit)
	if err != nil {
		return err
	}
	verdict := examination.Verdict
	switch {
	case verdict.Refusal != nil:
		return outcome.UsageError(fmt.Errorf("commit %s was made, and is no introduction: %s", f.Introduction.Commit, verdict.Refusal.Detail), "")
	case verdict.Unchecked != nil:
		return verdict.Unchecked
	}
	f.Signed = verdict.Signer
	return nil
}
