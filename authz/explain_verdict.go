package authz

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// paths is whether the commit changes only what the paths of its signer allow, where
// all else about the signer is in order.
func (v *Verdict) paths() StepResult {
	switch {
	case v.Refusal != nil && v.Refusal.Reason == PathForbidden:
		return StepFails
	case v.Authentic(), v.Refusal != nil && v.Refusal.Reason == Threshold:
		return StepHolds
	case v.Unchecked != nil:
		return StepUnknown
	}
	return StepSkipped
}

// approvers says who agrees to a change of the file.
func (x *explainer) approvers(v *Verdict) {
	for _, a := range v.Approvers {
		result := StepHolds
		if a.Missing() > 0 {
			result = StepFails
		}
		var names []string
		for _, entry := range a.Have {
			names = append(names, fmt.Sprintf("%q", entry.Name))
		}
		x.add("threshold", result, a.Parent, "a change of its %s needs the agreement of %d keys and has that of %d: %s",
			x.policy.Introduction.Format.FileName(), a.Needed, len(names), strings.Join(names, ", "))
	}
}

// vouched says whether a merge without an authorized signature is good without one,
// and then does not hold against it that it has none.
func (x *explainer) vouched(v *Verdict) {
	reason := Reason("")
	if v.Refusal != nil {
		reason = v.Refusal.Reason
	}
	switch {
	case v.Mechanics != nil:
		x.add("mechanical", StepHolds, gitwalk.ID{}, "its tree is exactly the merge of its parents, as %s", deciders[v.Mechanics.By])
	case reason == NotMechanical:
		x.add("mechanical", StepFails, gitwalk.ID{}, "its tree is not exactly the merge of its parents")
	case len(v.Vouchers) > 0:
		x.add("mechanical", StepUnknown, gitwalk.ID{}, "nobody can tell whether its tree is exactly the merge of its parents")
	}
	if reason == NotVouched {
		x.add("voucher", StepFails, gitwalk.ID{}, "nobody whom the first parent lists answers for what it merges")
	}
	for _, voucher := range v.Vouchers {
		x.add("voucher", StepHolds, voucher.Commit, "signed by %q (%s), whom the first parent lists", voucher.Signer.Name, voucher.Signer.Key)
	}
	if v.Authentic() && len(v.Vouchers) > 0 {
		x.excuse()
	}
}

// excuse takes back that there is no authorized signature.
func (x *explainer) excuse() {
	for i := range x.steps {
		if x.steps[i].Result == StepFails {
			x.steps[i].Result = StepSkipped
		}
	}
}

var deciders = map[gitwalk.Judge]string{
	gitwalk.ByTrees: "the trees show", gitwalk.ByGit: "git merges them",
}

func (x *explainer) verdict(v *Verdict) {
	switch {
	case v.Refusal != nil:
		x.add("rule", StepFails, v.Refusal.Parent, "%s: %s", v.Refusal.Reason, v.Refusal.Detail)
	case v.Unchecked != nil:
		x.add("rule", StepUnknown, gitwalk.ID{}, "%s: %s", v.Unchecked.Reason, v.Unchecked.Detail)
	case x.introduction:
		x.add("rule", StepHolds, gitwalk.ID{}, "the introduction is signed by exactly the key that the verifier was given")
	default:
		x.add("rule", StepHolds, gitwalk.ID{}, "%s", x.holds(v))
	}
}

// holds says by which rule a commit is authentic.
func (x *explainer) holds(v *Verdict) string {
	switch rule := x.policy.mergeRule(x.facts.Parents); {
	case v.Mechanics != nil:
		return "vouched: it contains nothing but what it merges, and somebody who may answers for that"
	case rule != MergesStrict:
		return string(rule) + ": the signer is authorized to merge by the first parent"
	}
	return "strict: the signer is authorized by every parent"
}
