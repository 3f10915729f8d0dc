package authz

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A Standing is where a commit stands with respect to the introduction.
type Standing string

// The standings. Only a descendant is judged by the rule.
const (
	IsIntroduction     Standing = "introduction"
	BelowIntroduction  Standing = "below-introduction"
	AboveIntroduction  Standing = "descendant"
	BesideIntroduction Standing = "unrelated"
)

// An Examination is the verdict on one commit with all that it rests on.
type Examination struct {
	Standing Standing
	Facts    Facts
	Verdict  *Verdict
}

// Examine judges one commit without the history below it. The error is an
// *UncheckedError if the repository does not have what the verdict rests on.
func (v *Verifier) Examine(ctx context.Context, id gitwalk.ID) (*Examination, error) {
	source, err := v.Objects.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	r := &run{Verifier: v, reader: reader, files: newFiles(v.Policy.Introduction.Format, reader)}
	return r.examine(ctx, id)
}

func (r *run) examine(ctx context.Context, id gitwalk.ID) (*Examination, error) {
	standing, err := r.standing(ctx, id)
	if err != nil {
		return nil, r.uncheckedAt(id, err)
	}
	judge, gatherFacts := r.Policy.Judge, r.facts
	if standing == IsIntroduction {
		judge, gatherFacts = r.Policy.JudgeIntroduction, r.introductionFacts
	}
	facts, err := gatherFacts(ctx, id)
	if err != nil {
		return nil, err
	}
	return &Examination{Standing: standing, Facts: *facts, Verdict: placed(standing, judge(facts))}, nil
}

// placed is the verdict on a commit that stands in this place. What lies below the
// introduction is accepted with it as a whole; what lies beside it is never
// authentic, whoever has signed it.
func placed(standing Standing, judged *Verdict) *Verdict {
	v := &Verdict{Commit: judged.Commit, Subject: judged.Subject, Signer: judged.Signer}
	switch standing {
	case BelowIntroduction:
		return v
	case BesideIntroduction:
		v.Refusal = &Refusal{
			Commit: v.Commit, Subject: v.Subject, Signer: v.Signer,
			Reason: NotDescendant, Detail: "it does not descend from the introduction",
		}
		return v
	}
	return judged
}

// facts gathers all that the rule looks at, with this goroutine alone.
func (r *run) facts(ctx context.Context, id gitwalk.ID) (*Facts, error) {
	gathered := r.gatherer().gather(id)
	return r.complete(ctx, &gathered, r.files.gathered(&gathered), nil)
}

// introductionFacts leaves the parents out: they have no say, and in a shallow
// clone they may be missing.
func (r *run) introductionFacts(ctx context.Context, introduction gitwalk.ID) (*Facts, error) {
	gathered := r.gatherer().gather(introduction)
	gathered.facts.Parents = nil
	return r.complete(ctx, &gathered, r.files.gathered(&gathered), nil)
}

func (r *run) gatherer() *gatherer {
	return &gatherer{reader: r.reader, keys: r.Keys, format: r.Policy.Introduction.Format}
}

func (r *run) standing(ctx context.Context, id gitwalk.ID) (Standing, error) {
	introduction := r.Policy.Introduction.Commit
	if id == introduction {
		return IsIntroduction, nil
	}
	above, err := gitwalk.IsAncestor(ctx, r.reader, introduction, id)
	if err != nil {
		return "", err
	}
	if above {
		return AboveIntroduction, nil
	}
	below, err := gitwalk.IsAncestor(ctx, r.reader, id, introduction)
	if err != nil {
		return "", err
	}
	if below {
		return BelowIntroduction, nil
	}
	return BesideIntroduction, nil
}

// FileAt reads the authorizations file in the tree of a commit.
func FileAt(reader *gitwalk.Reader, format Format, commit gitwalk.ID) (*File, error) {
	return newFiles(format, reader).of(commit)
}
