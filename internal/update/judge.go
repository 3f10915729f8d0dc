package update

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// prepare gets ready to judge what has been fetched, with the keys that came with it.
func (p *puller) prepare(ctx context.Context) (*verification.Verification, error) {
	p.Verification.MoreKeys = p.quarantine.Keyring
	settings, introduction, err := verification.Introduction(p.repository, p.target.Local, p.Verification)
	if err != nil {
		return nil, err
	}
	p.backfill = backfill{repository: p.repository, git: p.Git, remote: p.target.Remote, fetchArgs: p.FetchArgs}
	refs := append(keysource.Refs(settings.Keyring), p.quarantine.Keyring)
	if err := p.backfill.keyring(ctx, introduction.Commit, refs...); err != nil {
		return nil, err
	}
	if err := p.checkHere(introduction.Commit); err != nil {
		return nil, err
	}
	v, err := verification.Prepare(p.repository, p.target.Local, p.Verification)
	if err != nil {
		return nil, err
	}
	if ref := p.quarantine.Keyring; ref != "" { // a name that says nothing to anybody, and is gone soon
		v.Keyring.Name = strings.Replace(v.Keyring.Name, "branch "+ref, "what has come in", 1)
	}
	p.result.Verification = v
	return v, nil
}

// checkHere requires that the introduction has come along.
func (p *puller) checkHere(introduction gitwalk.ID) error {
	source, err := p.repository.NewSource()
	if err != nil {
		return verification.Classify(p.repository, err)
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	_, err = reader.Commit(introduction)
	if !errors.As(err, new(*gitwalk.MissingError)) {
		return nil // whoever judges will say what else is wrong with it
	}
	hint := "compare its id with what the project publishes, and check address and branch"
	if p.repository.Shallow() {
		hint = verification.HintShallow
	}
	return outcome.UncheckedError(authz.MissingObject,
		fmt.Errorf("the introduction %s is not in what the remote serves as %s", introduction, p.target.Branch), hint)
}

// judge judges a tip and says which commit may be moved to: the tip, or with
// NewestAuthorized an older one, or none.
func (p *puller) judge(ctx context.Context, v *verification.Verification, tip gitwalk.ID) (gitwalk.ID, error) {
	incoming, err := newIncoming(ctx, p, v, tip)
	if err != nil {
		return gitwalk.ID{}, err
	}
	if err := p.backfill.history(ctx, v, tip, incoming.contains); err != nil {
		return gitwalk.ID{}, err
	}
	report, err := p.report(ctx, v, incoming)
	if err != nil {
		return gitwalk.ID{}, err
	}
	first := p.result.Report == nil
	if first {
		p.result.Report = report
	}
	switch {
	case report.Outcome() == authz.Authentic:
		p.result.Incoming = incoming
		return tip, nil
	case first && p.NewestAuthorized:
		older, err := newestAuthentic(ctx, v, tip, p.before.local)
		if err != nil || older.IsZero() {
			return gitwalk.ID{}, err
		}
		return p.judge(ctx, v, older)
	}
	return gitwalk.ID{}, nil
}

// report is the verdict on what comes in. What only the rule for merges, rights by
// path or a threshold turn out to need of a partial clone is fetched on the way.
func (p *puller) report(ctx context.Context, v *verification.Verification, in *Incoming) (*authz.Report, error) {
	for round := 0; ; round++ {
		in.begin()
		report, uncached, err := v.JudgeAgain(ctx, in.To, in.observe(p.Observe), in.contains)
		if err != nil {
			return nil, err
		}
		if uncached != nil {
			p.result.Warnings = append(p.result.Warnings, verification.NotCached(uncached))
		}
		in.lacking(report.Unchecked)
		if report.Outcome() != authz.Unchecked || len(in.missing) == 0 || !p.repository.PartialClone() || round == maxRounds {
			return report, nil
		}
		if err := p.backfill.below(ctx, slices.Collect(maps.Keys(in.missing))); err != nil {
			return nil, err
		}
	}
}
