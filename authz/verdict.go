package authz

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A Reason is the one stable word for why a commit is refused or could not be
// checked.
type Reason string

// The reasons for which a commit is refused.
const (
	Unsigned                Reason = "unsigned"
	BadSignature            Reason = "bad-signature"
	WeakSignature           Reason = "weak-signature"
	UnsupportedSignature    Reason = "unsupported-signature"
	UnknownKey              Reason = "unknown-key"
	Unauthorized            Reason = "unauthorized"
	PathForbidden           Reason = "path"
	Threshold               Reason = "threshold"
	NotMechanical           Reason = "not-mechanical"
	NotVouched              Reason = "not-vouched"
	MalformedCommit         Reason = "malformed-commit"
	MalformedAuthorizations Reason = "malformed-authorizations"
	AuthorizationsRemoved   Reason = "authorizations-removed"
	WrongIntroduction       Reason = "wrong-introduction"
	NotDescendant           Reason = "not-descendant"
)

// The reasons for which a commit could not be checked.
const (
	MissingObject Reason = "missing-object"
	CorruptObject Reason = "corrupt-object"
	CannotCheck   Reason = "cannot-check"
)

// A Signer is a verified signer as a verdict shows it.
type Signer struct {
	signer.Identity
	// Name is the name of the entry that lists the key in the authorizations
	// of the deciding parent, or empty when none does.
	Name string
}

// A Verdict is what the rule says of one commit. The commit is authentic when
// Refusal and Unchecked are both nil.
type Verdict struct {
	Commit  gitwalk.ID
	Subject string // hostile text
	// Signer is set when the signature was verified, whatever the verdict,
	// unless the commit is authentic because of its Vouchers: then nobody who
	// counts has signed it.
	Signer *Signer
	// Vouchers are the commits by which others answer for a merge that has no
	// authorized signature, newest first, and Mechanics says by whom it was
	// found to contain nothing else.
	Vouchers  []Voucher
	Mechanics *gitwalk.Mechanics
	// Approvers are those who agree to a change of the file, for each parent
	// that asks for more than one key, as far as they were counted.
	Approvers []*Approvers
	Refusal   *Refusal
	Unchecked *UncheckedError
}

// Authentic says whether the rule holds for the commit. The history below it is
// another matter.
func (v *Verdict) Authentic() bool { return v.Refusal == nil && v.Unchecked == nil }

// A Refusal is why a commit is certainly not authentic.
type Refusal struct {
	Commit  gitwalk.ID
	Subject string // hostile text
	Reason  Reason
	// Signer is set when the signature was verified.
	Signer *Signer
	// Claimed is the key that an unverified signature names, or empty.
	Claimed string
	// Parent is the commit whose authorizations decided, or zero.
	Parent gitwalk.ID
	// NoFile says that Parent has no authorizations file.
	NoFile bool
	// Rule is what the first parent's authorizations say about merges.
	Rule MergeRule
	// Detail is one fact in lower case.
	Detail string
	// Expected is the introduction's signer when Reason is WrongIntroduction.
	Expected signer.Fingerprint
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("commit %s is refused: %s: %s", r.Commit, r.Reason, r.Detail)
}

// An UncheckedError is why a commit is neither authentic nor refused: what the
// verdict depends on is missing or damaged, or this program cannot judge it.
type UncheckedError struct {
	Commit gitwalk.ID
	Reason Reason
	Detail string // one fact in lower case
	Cause  error  // or nil
}

func (e *UncheckedError) Error() string {
	return fmt.Sprintf("commit %s could not be checked: %s: %s", e.Commit, e.Reason, e.Detail)
}

func (e *UncheckedError) Unwrap() error { return e.Cause }

// An Outcome is the verdict on a whole history.
type Outcome string

// The outcomes. A history with any refused commit is refused, even when others
// could not be checked.
const (
	Authentic Outcome = "authentic"
	Refused   Outcome = "refused"
	Unchecked Outcome = "could-not-check"
)

// A Report is what Verify found.
type Report struct {
	Policy Policy
	Tip    gitwalk.ID
	// Commits is how many commits the verdict on the tip depends on besides
	// the introduction and what was known to be authentic before.
	Commits int
	// Authentic is how many of them were judged and found authentic.
	Authentic int
	// Vouched is how many of these are merges that nobody authorized has signed.
	Vouched int
	// Signers are the keys that signed the authentic ones, most commits first.
	Signers []SignerCount
	// Refusals are in the order of the history, oldest first.
	Refusals []*Refusal
	// Unchecked are those that could not be checked, oldest first, up to the
	// limit of refusals; UncheckedCount is how many there are.
	Unchecked      []*UncheckedError
	UncheckedCount int
	// Truncated says that judging ended at the limit of refusals.
	Truncated bool
}

// Outcome is the verdict on the tip. It is authentic only if every commit that it
// depends on is.
func (r *Report) Outcome() Outcome {
	switch {
	case len(r.Refusals) > 0:
		return Refused
	case len(r.Unchecked) > 0 || r.Authentic != r.Commits || r.Truncated:
		return Unchecked
	}
	return Authentic
}
