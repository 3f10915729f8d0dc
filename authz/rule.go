package authz

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Facts are all that the rule looks at to judge one commit.
type Facts struct {
	Commit  gitwalk.ID
	Subject string
	// Malformed is why the commit or its root tree is not in canonical form,
	// or nil. The other fields may be empty then.
	Malformed error
	// Signed says whether the commit has a signature; Signature is the outcome
	// of checking it.
	Signed    bool
	Signature signer.Result
	File      *File
	Parents   []Parent
	// Evidence answers further questions; nil answers none, and what depends on
	// them is then unchecked.
	Evidence Evidence
}

// A Parent is a parent with the authorizations file in its tree.
type Parent struct {
	ID   gitwalk.ID
	File *File
}

// Judge applies the rule to one commit other than the introduction. It looks at
// nothing but the facts: whether the parents are authentic is another verdict.
func (p *Policy) Judge(f *Facts) *Verdict {
	j := p.judgement(f)
	if j.malformed() {
		return j.verdict
	}
	j.decide()
	return j.verdict
}

// decide applies the rule for merges of the first parent's file, or the strict one.
func (j *judgement) decide() {
	j.counting = j.policy.counting(j.facts.Parents)
	switch j.policy.mergeRule(j.facts.Parents) {
	case MergesSigned:
		j.signedMerge()
	case MergesVouched:
		j.vouchedMerge()
	default:
		j.signedBy()
	}
}

// counting are the parents whose files say who may sign: all of them by the strict
// rule, otherwise the first.
func (p *Policy) counting(parents []Parent) []Parent {
	if p.mergeRule(parents) == MergesStrict {
		return parents
	}
	return parents[:1]
}

// signedBy requires an authorized signature: by a key that the file of each parent
// that counts lists, with the rights that the commit needs.
func (j *judgement) signedBy() bool {
	return j.signature(j.policy.refusedWeaknesses(j.facts)) || j.authorization() || j.ownFile() || j.paths() || j.threshold()
}

// mergeRule is the rule that decides about a commit with these parents: for a merge
// that of its first parent's authorizations, and the strict one for all else.
func (p *Policy) mergeRule(parents []Parent) MergeRule {
	if len(parents) > 1 {
		return p.rule(parents)
	}
	return MergesStrict
}

// rule is what the first parent's authorizations say about merges.
func (p *Policy) rule(parents []Parent) MergeRule {
	if len(parents) > 0 && parents[0].File != nil {
		if first := p.authorizations(parents[0]); first != nil {
			return first.Merges
		}
	}
	return MergesStrict
}

// refusedWeaknesses are what makes a signature too weak for this commit. Guix
// channels have histories with DSA and short RSA keys, and with SHA-1 before
// they had an authorizations file; what Guix accepts there must stay accepted.
func (p *Policy) refusedWeaknesses(f *Facts) signer.Weakness {
	if p.Introduction.Format != GuixFormat {
		return signer.WeakSHA1 | signer.WeakDSA | signer.WeakRSA
	}
	if f.File.Present() {
		return signer.WeakSHA1
	}
	for _, parent := range f.Parents {
		if parent.File.Present() {
			return signer.WeakSHA1
		}
	}
	return 0
}

// authorizations are A(P): what the parent's file says, or the historical ones
// if it has no file, or nil.
func (p *Policy) authorizations(parent Parent) *Authorizations {
	if parent.File.Err == nil && !parent.File.Present() {
		return p.Historical
	}
	return parent.File.Authorizations
}

// judgement is a verdict in the making. Its methods are the parts of the rule;
// each returns true when it has decided against the commit.
type judgement struct {
	policy  *Policy
	facts   *Facts
	verdict *Verdict
	// counting are the parents whose files count.
	counting []Parent
	// entries are what the authorizations of each of them list for the signer.
	entries []Entry
}

func (p *Policy) judgement(f *Facts) *judgement {
	return &judgement{policy: p, facts: f, verdict: &Verdict{Commit: f.Commit, Subject: f.Subject}}
}

// refuse records a refusal that the parent's file decided, or none if zero.
func (j *judgement) refuse(reason Reason, parent gitwalk.ID, format string, args ...any) bool {
	j.verdict.Refusal = &Refusal{
		Commit: j.facts.Commit, Subject: j.facts.Subject, Reason: reason,
		Signer: j.verdict.Signer, Parent: parent, Rule: j.policy.rule(j.facts.Parents), Detail: fmt.Sprintf(format, args...),
	}
	return true
}

// errNoEvidence is the answer of evidence that is not there.
var errNoEvidence = errors.New("the history that the verdict depends on cannot be looked at")

// unanswered records that the verdict depends on something that could not be found
// out.
func (j *judgement) unanswered(err error) bool {
	j.verdict.Unchecked = uncheckedFrom(j.facts.Commit, err)
	if j.verdict.Unchecked == nil {
		j.verdict.Unchecked = &UncheckedError{Commit: j.facts.Commit, Reason: CannotCheck, Detail: err.Error(), Cause: err}
	}
	return true
}

func (j *judgement) malformed() bool {
	if j.facts.Malformed == nil {
		return false
	}
	return j.refuse(MalformedCommit, gitwalk.ID{}, "%s", j.facts.Malformed)
}

// signature requires a verified signature without any of the refused
// weaknesses, and sets the verdict's signer.
func (j *judgement) signature(refused signer.Weakness) bool {
	if !j.facts.Signed {
		return j.refuse(Unsigned, gitwalk.ID{}, "it has no signature")
	}
	result := j.facts.Signature
	switch weak, problem := result.Weakness&refused, result.Problem; {
	case weak != 0:
		j.refuse(WeakSignature, gitwalk.ID{}, "its signature uses %s", weak)
	case problem != nil:
		j.refuse(reasonOf[problem.Kind], gitwalk.ID{}, "%s", problem.Detail)
	case result.Identity == nil || result.Identity.Key == "":
		j.refuse(BadSignature, gitwalk.ID{}, "its signature proves no key")
	default:
		j.verdict.Signer = &Signer{Identity: *result.Identity}
		return false
	}
	j.verdict.Refusal.Claimed = claimed(result)
	return true
}

// claimed is whom an unacceptable signature names as its maker.
func claimed(result signer.Result) string {
	switch {
	case result.Problem != nil:
		return result.Problem.Claimed
	case result.Identity != nil:
		return string(result.Identity.Key)
	}
	return ""
}

var reasonOf = map[signer.Kind]Reason{
	signer.Malformed:    MalformedCommit,
	signer.Unsupported:  UnsupportedSignature,
	signer.Weak:         WeakSignature,
	signer.UnknownKey:   UnknownKey,
	signer.BadSignature: BadSignature,
}

// authorization requires the signer in the authorizations of every parent, with
// the rights that the commit needs.
func (j *judgement) authorization() bool {
	if len(j.facts.Parents) == 0 {
		return j.refuse(Unauthorized, gitwalk.ID{}, "it has no parent that could authorize it and is not the introduction")
	}
	for _, parent := range j.counting {
		j.verdict.Signer.Name = "" // what another parent calls the key is not for this one to say
		if err := parent.File.Err; err != nil {
			return j.refuse(MalformedAuthorizations, parent.ID, "the authorizations of its parent are malformed: %s", err)
		}
		if j.by(parent) {
			return true
		}
	}
	return false
}

// by requires one parent's authorization.
func (j *judgement) by(parent Parent) bool {
	authorizations := j.policy.authorizations(parent)
	if authorizations == nil {
		j.refuse(Unauthorized, parent.ID, "its parent has no authorizations file, so nobody is authorized")
		j.verdict.Refusal.NoFile = true
		return true
	}
	entry, listed := authorizations.Match(&j.verdict.Signer.Identity)
	if !listed {
		return j.refuse(Unauthorized, parent.ID, "its signer is not listed in the authorizations of its parent")
	}
	j.verdict.Signer.Name = entry.Name
	j.entries = append(j.entries, entry)
	if needed := j.rights(parent); entry.Rights&needed != needed {
		return j.refuse(Unauthorized, parent.ID, "it needs the right to %s, and its signer may only %s", needed&^entry.Rights, entry.Rights)
	}
	return false
}

// rights are what the signer must be allowed by one parent.
func (j *judgement) rights(parent Parent) Right {
	needed := RightCommit
	if len(j.facts.Parents) > 1 {
		needed = RightMerge
	}
	if !j.facts.File.same(parent.File) {
		needed |= RightAuthorize
	}
	return needed
}

// ownFile requires that the commit leaves a well-formed file if there was one.
// What the file says does not count for the commit itself.
func (j *judgement) ownFile() bool {
	if err := j.facts.File.Err; err != nil {
		return j.refuse(MalformedAuthorizations, gitwalk.ID{}, "%s", err)
	}
	if j.facts.File.Present() {
		return false
	}
	for _, parent := range j.counting {
		if parent.File.Present() {
			return j.refuse(AuthorizationsRemoved, parent.ID, "it removes %s", j.policy.Introduction.Format.FileName())
		}
	}
	return false
}

// paths requires that a signer with paths has changed nothing else.
func (j *judgement) paths() bool {
	for i, parent := range j.counting {
		if len(j.entries[i].Paths) == 0 {
			continue
		}
		if j.facts.Evidence == nil {
			return j.unanswered(errNoEvidence)
		}
		path, err := uncovered(j.facts.Evidence, j.entries[i].Paths, parent.ID, j.facts.Commit)
		switch {
		case isMalformed(err):
			return j.refuse(MalformedCommit, parent.ID, "what it changes cannot be told: %s", err)
		case err != nil:
			return j.unanswered(err)
		case path != "":
			return j.refuse(PathForbidden, parent.ID, "it changes %q, and its signer may change only what is below %s",
				path, strings.Join(j.entries[i].Paths, ", "))
		}
	}
	return false
}

// threshold requires as many approvals of a change of the file as the file of each
// parent that counts asks for.
func (j *judgement) threshold() bool {
	for _, parent := range j.counting {
		authorizations := j.policy.authorizations(parent)
		if authorizations.Threshold <= 1 || j.facts.File.same(parent.File) {
			continue
		}
		have, err := approvers(j.facts, parent, authorizations, &j.verdict.Signer.Identity)
		switch {
		case isMalformed(err):
			return j.refuse(Threshold, parent.ID, "its approvals cannot be read: %s", err)
		case err != nil:
			return j.unanswered(err)
		}
		j.verdict.Approvers = append(j.verdict.Approvers, have)
		if have.Missing() > 0 {
			return j.refuse(Threshold, parent.ID, "it changes %s, which needs the agreement of %d keys and has that of %d",
				j.policy.Introduction.Format.FileName(), have.Needed, len(have.Have))
		}
	}
	return false
}
