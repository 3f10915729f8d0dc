package authz

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A HeadRelation is where a head stands that somebody wants to merge.
type HeadRelation string

// The relations of a head to the commit that it is to be merged into.
const (
	HeadContained   HeadRelation = "contained"    // it is an ancestor: there is nothing to merge
	HeadFastForward HeadRelation = "fast-forward" // it descends from the base
	HeadDiverged    HeadRelation = "diverged"     // both have commits of their own
	HeadUnrelated   HeadRelation = "unrelated"    // they have no common ancestor
)

// A MergeNeed is how a head must be merged so that the result is authentic.
type MergeNeed string

// The ways to merge.
const (
	NeedsNothing     MergeNeed = "nothing"      // there is nothing to merge
	NeedsMerge       MergeNeed = "merge"        // any merge commit, as a forge's merge button makes it
	NeedsFastForward MergeNeed = "fast-forward" // the branch moves to the head as it is
	NeedsSignedMerge MergeNeed = "signed-merge" // a merge that is signed by one of the Mergers
)

// A MergeCheck is what can be said of a merge before it is made: by the file and
// the rule of the base alone, never by those of the head.
type MergeCheck struct {
	Base, Head gitwalk.ID
	// History is the verdict on the history of Base. If that is not authentic
	// nothing more is known, and the other fields are empty.
	History *Report
	// Authorizations are what the file of Base says, nil if it has none.
	Authorizations *Authorizations
	Rule           MergeRule
	Relation       HeadRelation
	// HeadReport is, by the strict rule, the verdict on the history of Head:
	// on each of its commits that Base does not have.
	HeadReport *Report
	// Verdict is the verdict on the merge. By the rule "vouched" it is that of a
	// merge that nobody signs, by the others that of one that is made as Needs
	// says, as far as the commits of the head are not judged by HeadReport.
	Verdict *Verdict
	Needs   MergeNeed
	// Commits are those of Head that Base does not have, parents first, of which
	// the list has the last maxListed.
	CommitCount int
	Commits     []*NewCommit
	// Changes is what the merge changes in the tree of Base.
	Changes *MergeChanges
	// Mergers are the entries of Base's file whose signature on the merge would
	// be accepted.
	Mergers []Entry
	// File is what becomes of the authorizations file, nil if it stays as it is.
	File *FileProposal
}

// A NewCommit is a commit that a merge would bring in.
type NewCommit struct {
	Commit  gitwalk.ID
	Subject string // hostile text
	Parents []gitwalk.ID
	// Signer is set when the signature was verified. Its name is that of Base's
	// file, or by the strict rule that of the parent's that decided.
	Signer *Signer
	// Problem is why there is no verified signer, in words.
	Problem string
	// Verdict is that of the strict rule, nil by the others: there the commits
	// of a head are content.
	Verdict *Verdict
	// Vouches says that the merge rests on the signature of this commit.
	Vouches bool
}

// maxListed is how many new commits are looked at one by one.
const maxListed = 1000

// Outcome is the verdict on a merge that is made as Needs says.
func (m *MergeCheck) Outcome() Outcome {
	switch {
	case m.History.Outcome() != Authentic:
		return m.History.Outcome()
	case m.Verdict != nil && m.Verdict.Refusal != nil:
		return Refused
	case m.Verdict != nil && m.Verdict.Unchecked != nil:
		return Unchecked
	case m.HeadReport != nil:
		return m.HeadReport.Outcome()
	case m.Verdict == nil:
		return Unchecked
	}
	return Authentic
}

// Ready says whether anybody may merge: a merge commit that nobody signs, as a
// forge makes it, would be authentic.
func (m *MergeCheck) Ready() bool { return m.Outcome() == Authentic && m.Needs == NeedsMerge }

// Refusals are all reasons against the merge.
func (m *MergeCheck) Refusals() []*Refusal {
	var all []*Refusal
	for _, r := range []*Report{m.History, m.HeadReport} {
		if r != nil {
			all = append(all, r.Refusals...)
		}
	}
	if m.Verdict != nil && m.Verdict.Refusal != nil {
		all = append(all, m.Verdict.Refusal)
	}
	return all
}

// UncheckedErrors are the reasons for which there is no verdict.
func (m *MergeCheck) UncheckedErrors() []*UncheckedError {
	var all []*UncheckedError
	for _, r := range []*Report{m.History, m.HeadReport} {
		if r != nil {
			all = append(all, r.Unchecked...)
		}
	}
	if m.Verdict != nil && m.Verdict.Unchecked != nil {
		all = append(all, m.Verdict.Unchecked)
	}
	return all
}

// CheckMerge says what verdict a merge of head into base would have. The history of
// base is judged first, as Verify does it; then what head brings, by the file and
// the rule of base.
//
// The error is not nil only if there is nothing to say: ctx was cancelled, or the
// repository cannot be opened or read at all.
func (v *Verifier) CheckMerge(ctx context.Context, base, head gitwalk.ID) (*MergeCheck, error) {
	history, err := v.Verify(ctx, base)
	if err != nil {
		return nil, err
	}
	check := &MergeCheck{Base: base, Head: head, History: history}
	if history.Outcome() != Authentic {
		return check, nil
	}
	source, err := v.Objects.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	m := &merging{
		MergeCheck: check, verifier: v, ctx: ctx,
		files:    newFiles(v.Policy.Introduction.Format, reader),
		evidence: newReading(ctx, reader, v),
		facts:    gatherer{reader: reader, keys: v.Keys, format: v.Policy.Introduction.Format},
	}
	if err := m.check(); err != nil {
		if err := m.unanswered(err); err != nil {
			return nil, err
		}
	}
	if check.Verdict != nil {
		return check, cancelled(check.Verdict)
	}
	return check, nil
}

// unanswered makes of an error the verdict that it means for the merge, or returns
// it if the caller has given up.
func (m *merging) unanswered(err error) error {
	if ctxErr := m.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	j := m.verifier.Policy.judgement(&Facts{Commit: m.Head})
	if isMalformed(err) {
		j.refuse(MalformedCommit, m.Base, "what would be merged is malformed: %s", err)
	} else {
		j.unanswered(err)
	}
	m.Verdict = j.verdict
	return nil
}
