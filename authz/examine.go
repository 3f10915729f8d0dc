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
	evidence := newReading(ctx, r.reader, r.Verifier)
	evidence.next()
	facts.Evidence = evidence
	verdict := judge(facts)
	if err := cancelled(verdict); err != nil {
		return nil, err
	}
	if raw, err := r.reader.Commit(id); standing != BesideIntroduction || err != nil || hiddenParents(id, raw) == nil {
		verdict = placed(standing, verdict)
	}
	return &Examination{Standing: standing, Facts: *facts, Verdict: verdict}, nil
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
	return r.complete(ctx, &gathered.facts, r.files.gathered(&gathered), nil)
}

// introductionFacts leaves the parents out: they have no say, and in a shallow
// clone they may be missing.
func (r *run) introductionFacts(ctx context.Context, introduction gitwalk.ID) (*Facts, error) {
	gathered := r.gatherer().gather(introduction)
	gathered.facts.Parents = nil
	return r.complete(ctx, &gathered.facts, r.files.gathered(&gathered), nil)
}

func (r *run) gatherer() *gatherer {
	return &gatherer{reader: r.reader, keys: r.Keys, format: r.Policy.Introduction.Format}
}

func (r *run) standing(ctx context.Context, id gitwalk.ID) (Standing, error) {
	introduction := r.Policy.Introduction.Commit
	if id == introduction {
		return IsIntroduction, nil
	}
	bases, err := gitwalk.MergeBases(ctx, r.reader, introduction, id)
	switch {
	case isMalformed(err): // no commit, or it stands above one that is none
		return r.standingBeyond(ctx, id)
	case err != nil:
		return "", err
	case len(bases) == 1 && bases[0] == introduction:
		return AboveIntroduction, nil
	case len(bases) == 1 && bases[0] == id:
		return BelowIntroduction, nil
	}
	return BesideIntroduction, nil
}

// standingBeyond is standing for histories in which something is no commit and
// counts as one without parents.
func (r *run) standingBeyond(ctx context.Context, id gitwalk.ID) (Standing, error) {
	introduction := r.Policy.Introduction.Commit
	above, err := gitwalk.IsAncestor(ctx, r.reader, introduction, id)
	if above || err != nil {
		return AboveIntroduction, err
	}
	below, err := gitwalk.IsAncestor(ctx, r.reader, id, introduction)
	if below || err != nil {
		return BelowIntroduction, err
	}
	return BesideIntroduction, nil
}

// FileAt reads the authorizations file in the tree of a commit.
func FileAt(reader *gitwalk.Reader, format Format, commit gitwalk.ID) (*File, error) {
	return newFiles(format, reader).of(commit)
}
