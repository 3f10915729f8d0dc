package hook

import (
	"context"
	"fmt"
	"slices"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// A judge decides about the updates of one run.
type judge struct {
	*Run
	ctx        context.Context
	repository *gitrepo.Repository
	config     gitrepo.Config
	protection *Protection

	// updates are all of them: where keys come with a branch, they are needed
	// before any ref has moved.
	updates []update
	benches []*bench
	class   outcome.Class
	begun   bool
}

// A bench is a verification and what it has said so far. There is one for each
// policy, and it judges no tip twice.
type bench struct {
	settings trust.Settings
	*verification.Verification
	reports map[gitwalk.ID]*authz.Report
	// signers have signed the tips that were not known to be authentic before.
	signers map[gitwalk.ID]*authz.Signer
}

// all judges the updates and returns the class of the first veto.
func (j *judge) all(updates []update) (outcome.Class, error) {
	j.updates, j.class = updates, outcome.Authentic
	for _, u := range updates {
		if err := j.one(u); err != nil {
			return j.class, err
		}
	}
	return j.class, nil
}

func (j *judge) one(u update) error {
	if u.ref == origHead {
		return j.merge()
	}
	if ref, ok := j.protection.find(u.ref); ok {
		return j.update(ref, u)
	}
	return nil
}

// merge judges what git is about to merge.
func (j *judge) merge() error {
	updates, err := incoming(j.repository, j.config, j.Getenv)
	if err != nil {
		return fmt.Errorf("finding out what is being merged: %w", err)
	}
	for _, u := range updates {
		if ref, ok := j.protection.find(u.ref); ok {
			if err := j.update(ref, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// update judges one update of a protected ref. Only an error that has nothing to do
// with this ref is returned; all others are a veto.
func (j *judge) update(ref protectedRef, u update) error {
	veto := Veto{Ref: ref.ref}
	var err error
	if j.Name != PrePush {
		if veto.Old, _, err = j.repository.Ref(ref.ref); err != nil {
			return verification.Classify(j.repository, err)
		}
	}
	if target, ok := u.target(); ok {
		if veto.Err = j.symbolic(ref, target); veto.Err != nil {
			j.veto(ref, u, veto)
		}
		return nil
	}
	if veto.New, err = u.id(); err != nil {
		return err
	}
	// Git packs refs by writing them once more, and a branch that is bad already
	// must not be in the way of that.
	if veto.New == veto.Old {
		return nil
	}
	b, report, err := j.verdict(ref, veto.New)
	authentic := err == nil && report.Outcome() == authz.Authentic
	switch {
	case authentic && j.Name == ReferenceTransaction:
		err = j.checkContinues(b, ref, veto.Old, veto.New)
	case authentic && j.Name == PreReceive:
		err = j.checkFollows(b, ref, veto.Old, veto.New)
	}
	if j.ctx.Err() != nil {
		return j.ctx.Err()
	}
	if veto.Report, veto.Err = report, err; b != nil {
		veto.Verification = b.Verification
	}
	if !authentic || err != nil {
		j.veto(ref, u, veto)
	}
	return nil
}

// symbolic requires that what a protected ref shall stand for is judged when it moves.
func (j *judge) symbolic(ref protectedRef, target string) error {
	if _, protected := j.protection.find(target); protected {
		return nil
	}
	return outcome.UsageError(fmt.Errorf("%s would stand for %s, which is not protected", ref.ref, target),
		"give the branch a commit of its own")
}

func (j *judge) veto(ref protectedRef, u update, v Veto) {
	v.Hint = j.hint(ref, u, v)
	if j.class == outcome.Authentic {
		j.class = v.Class()
	}
	j.Veto(v)
}

// verdict judges a commit that a ref is to have.
func (j *judge) verdict(ref protectedRef, id gitwalk.ID) (*bench, *authz.Report, error) {
	if err := j.begin(); err != nil {
		return nil, nil, err
	}
	b, err := j.bench(ref.branch)
	if err != nil {
		return nil, nil, err
	}
	if report := b.reports[id]; report != nil {
		return b, report, nil
	}
	report, _, err := b.Judge(j.ctx, id, func(e authz.Event) {
		if v, ok := e.(*authz.Verdict); ok && v.Commit == id {
			b.signers[id] = v.Signer
		}
		if j.Observe != nil {
			j.Observe(e)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	b.reports[id] = report
	return b, report, nil
}

// bench makes the verification for a branch, or finds that of another branch with
// the same settings.
func (j *judge) bench(branch string) (*bench, error) {
	options := verification.Options{
		Dir: directory(j.repository, j.Dir), Getenv: j.Getenv, MaxRefusals: j.MaxRefusals,
	}
	settings, _, err := verification.Introduction(j.repository, branch, options)
	if err != nil {
		return nil, err
	}
	settings.Origin = ""
	for _, b := range j.benches {
		if b.settings == settings {
			return b, nil
		}
	}
	options.KeyCommits = j.keyCommits(settings.Keyring)
	v, err := verification.Prepare(j.repository, branch, options)
	if err != nil {
		return nil, err
	}
	b := &bench{settings, v, make(map[gitwalk.ID]*authz.Report), make(map[gitwalk.ID]*authz.Signer)}
	j.benches = append(j.benches, b)
	return b, nil
}

// keyCommits are the commits that the branches of the keyring get in this very run,
// for example in a push of a branch together with the keys that it needs.
func (j *judge) keyCommits(keyring string) []gitwalk.ID {
	refs := keysource.Refs(keyring)
	var ids []gitwalk.ID
	for _, u := range j.updates {
		if id, err := gitwalk.ParseID(u.value); err == nil && slices.Contains(refs, u.ref) {
			ids = append(ids, id)
		}
	}
	return ids
}
