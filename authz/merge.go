package authz

import "errors"

// signedMerge requires that whoever merged may do so by the first parent's file: the
// signer answers for what is merged.
func (j *judgement) signedMerge() bool {
	return j.octopus() || j.signedBy()
}

// octopus refuses merges of more than two, which neither a forge nor a review of the
// difference to the first parent deals with.
func (j *judgement) octopus() bool {
	if n := len(j.facts.Parents); n > 2 {
		return j.refuse(Unauthorized, j.facts.Parents[0].ID, "it merges %d branches at once, which the rule \"merges: %s\" does not allow",
			n-1, j.policy.mergeRule(j.facts.Parents))
	}
	return false
}

// vouchedMerge accepts, besides what signedMerge accepts, a merge that nobody
// authorized has signed, as a forge makes it: if it contains nothing but what its
// parents do, leaves the file alone, and somebody answers for what it brings in.
func (j *judgement) vouchedMerge() bool {
	if !j.signedMerge() {
		return false
	}
	refused := j.verdict.Refusal
	if refused == nil || len(j.facts.Parents) != 2 || !lacksSigner[refused.Reason] {
		return true
	}
	j.verdict = &Verdict{Commit: j.facts.Commit, Subject: j.facts.Subject, Signer: refused.Signer}
	if j.changesFile(refused) || j.mechanicalAndVouched(refused) {
		if again := j.verdict.Refusal; again != nil {
			again.Claimed = refused.Claimed
		}
		return true
	}
	j.verdict.Signer = nil // whoever has signed the merge itself does not count
	return false
}

// lacksSigner has the reasons for which a merge has no authorized signature. The
// others are about the merge itself, and no voucher mends them.
var lacksSigner = map[Reason]bool{
	Unsigned: true, BadSignature: true, WeakSignature: true,
	UnsupportedSignature: true, UnknownKey: true, Unauthorized: true,
}

// changesFile refuses a merge that changes the authorizations file: nobody who
// answers for a merge has said anything about that.
func (j *judgement) changesFile(refused *Refusal) bool {
	first := j.facts.Parents[0]
	if j.facts.File.same(first.File) {
		return false
	}
	return j.refuse(Unauthorized, first.ID, "it changes %s, and only a merge that is signed by a key that may authorize can do that (%s)",
		j.policy.Introduction.Format.FileName(), refused.Detail)
}

// mechanicalAndVouched requires both. Where nobody can tell whether the merge is
// mechanical, it can still be certain that nobody answers for it.
func (j *judgement) mechanicalAndVouched(refused *Refusal) bool {
	if j.facts.Evidence == nil {
		return j.unanswered(errNoEvidence)
	}
	if j.mechanical(refused) && j.verdict.Refusal != nil {
		return true
	}
	if j.vouched(refused); j.verdict.Refusal != nil {
		j.verdict.Unchecked = nil
	}
	return !j.verdict.Authentic()
}

// mechanical requires that nothing was slipped in.
func (j *judgement) mechanical(refused *Refusal) bool {
	first := j.facts.Parents[0]
	mechanics, err := j.facts.Evidence.Mechanical(j.facts.Commit)
	switch {
	case isMalformed(err):
		return j.refuse(NotMechanical, first.ID, "what it merges is malformed: %s", err)
	case err != nil:
		return j.unanswered(err)
	case !mechanics.Holds:
		return j.refuse(NotMechanical, first.ID, "it is not signed by a key that may merge (%s), and it is no mechanical merge: %s",
			refused.Detail, describeMechanics(mechanics))
	}
	j.verdict.Mechanics = &mechanics
	return false
}

// vouched requires that somebody answers for what is merged.
func (j *judgement) vouched(refused *Refusal) bool {
	first := j.facts.Parents[0]
	v := vouching{keys: j.policy.authorizations(first), evidence: j.facts.Evidence}
	err := v.merge(j.facts.Commit, first.ID, j.facts.Parents[1].ID, 0)
	var why *notVouchedError
	switch {
	case errors.As(err, &why):
		return j.refuse(NotVouched, first.ID, "it is not signed by a key that may merge (%s), and nobody answers for what it merges: %s", refused.Detail, why)
	case isMalformed(err):
		return j.refuse(NotVouched, first.ID, "what it merges is malformed: %s", err)
	case err != nil:
		return j.unanswered(err)
	}
	j.verdict.Vouchers = v.vouchers
	return false
}
