package authz

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A StepResult says how one step of a verdict came out.
type StepResult string

// The results of a step.
const (
	StepHolds   StepResult = "holds"
	StepFails   StepResult = "fails"
	StepSkipped StepResult = "skipped" // something else has decided
	StepUnknown StepResult = "unknown" // this program cannot tell
)

// A Step is one of the conditions that a verdict rests on, in words.
type Step struct {
	// Name is stable: "place", "form", "signature", "key", "merge", "parent",
	// "paths", "file", "threshold", "mechanical", "voucher" or "rule".
	Name   string
	Result StepResult
	// Commit is the other commit that the step is about, or zero: a parent or a
	// voucher.
	Commit gitwalk.ID
	Text   string // one fact; what is from commits and files is hostile text
}

// Explain lists the steps to the verdict in an examination, all of them, where
// Judge stops at the first that fails.
func (p *Policy) Explain(e *Examination) []Step {
	x := explainer{policy: p, facts: &e.Facts, introduction: e.Standing == IsIntroduction}
	x.counting = p.counting(e.Facts.Parents)
	x.place(e.Standing)
	if e.Standing == BelowIntroduction {
		return x.steps
	}
	if x.form() {
		x.signature()
		if !x.introduction {
			x.mergeRule()
			x.parents(e.Verdict)
		}
		x.file()
		x.approvers(e.Verdict)
		x.vouched(e.Verdict)
	}
	x.verdict(e.Verdict)
	return x.steps
}

type explainer struct {
	policy       *Policy
	facts        *Facts
	introduction bool
	counting     []Parent // the parents whose files count
	signer       *signer.Identity
	steps        []Step
}

func (x *explainer) add(name string, result StepResult, commit gitwalk.ID, format string, args ...any) {
	x.steps = append(x.steps, Step{name, result, commit, fmt.Sprintf(format, args...)})
}

var standingText = map[Standing]string{
	IsIntroduction:     "it is the introduction, which the verifier's own configuration names",
	AboveIntroduction:  "it descends from the introduction",
	BelowIntroduction:  "it is an ancestor of the introduction and accepted with it",
	BesideIntroduction: "it neither descends from the introduction nor is an ancestor of it",
}

func (x *explainer) place(standing Standing) {
	result := StepHolds
	if standing == BesideIntroduction {
		result = StepFails
	}
	x.add("place", result, gitwalk.ID{}, "%s", standingText[standing])
}

func (x *explainer) form() bool {
	if x.facts.Malformed != nil {
		x.add("form", StepFails, gitwalk.ID{}, "%s", x.facts.Malformed)
		return false
	}
	x.add("form", StepHolds, gitwalk.ID{}, "the commit and its tree are canonical; parents: %d", len(x.facts.Parents))
	return true
}

func (x *explainer) signature() {
	result := x.facts.Signature
	weak := x.policy.refusedWeaknesses(x.facts)
	if x.introduction {
		weak |= signer.WeakSHA1
	}
	switch {
	case !x.facts.Signed:
		x.add("signature", StepFails, gitwalk.ID{}, "it has no signature")
		return
	case result.Problem != nil:
		x.add("signature", StepFails, gitwalk.ID{}, "%s: %s%s", reasonOf[result.Problem.Kind], result.Problem.Detail, claims(result.Problem.Claimed))
		return
	case result.Weakness&weak != 0:
		x.add("signature", StepFails, gitwalk.ID{}, "it is valid and too weak: it uses %s", result.Weakness&weak)
		return
	}
	x.signer = result.Identity
	x.add("signature", StepHolds, gitwalk.ID{}, "valid, %s", result.Identity.Algorithm)
	text := fmt.Sprintf("made by %s", result.Identity.Key.Pretty())
	for _, primary := range result.Identity.Primaries {
		text += fmt.Sprintf(", a signing subkey of %s", primary.Pretty())
	}
	if expected := x.policy.Introduction.Signer; x.introduction && result.Identity.Key != expected {
		x.add("key", StepFails, gitwalk.ID{}, "%s, and the introduction names %s", text, expected.Pretty())
		return
	}
	x.add("key", StepHolds, gitwalk.ID{}, "%s", text)
}

func claims(key string) string {
	if key == "" {
		return ""
	}
	return ", and it claims to be by " + key
}

// mergeRule says which rule a merge is judged by.
func (x *explainer) mergeRule() {
	if len(x.facts.Parents) < 2 {
		return
	}
	var text string
	switch x.policy.mergeRule(x.facts.Parents) {
	case MergesSigned:
		text = "a merge: by the first parent's file (merges: signed), who signs it answers for what it merges"
	case MergesVouched:
		text = "a merge: by the first parent's file (merges: vouched), it is signed by a key that may merge, or mechanical and vouched for"
	default:
		text = "a merge: by the strict rule, every parent must list the signer"
	}
	x.add("merge", StepHolds, x.facts.Parents[0].ID, "%s", text)
}

// parents says for each parent that counts what its authorizations have for the signer.
func (x *explainer) parents(v *Verdict) {
	if len(x.facts.Parents) == 0 {
		x.add("parent", StepFails, gitwalk.ID{}, "it has no parent, so nothing authorizes it")
	}
	for _, parent := range x.counting {
		x.parent(parent, v)
	}
}

func (x *explainer) parent(parent Parent, v *Verdict) {
	if parent.File.Err != nil {
		x.add("parent", StepFails, parent.ID, "its authorizations are malformed: %s", parent.File.Err)
		return
	}
	source := "its " + x.policy.Introduction.Format.FileName()
	if !parent.File.Present() {
		source = "the historical authorizations (it has no file)"
	}
	authorizations := x.policy.authorizations(parent)
	if authorizations == nil {
		x.add("parent", StepFails, parent.ID, "it has no authorizations file, so nobody is authorized")
		return
	}
	if x.signer == nil {
		x.add("parent", StepSkipped, parent.ID, "nobody is known to have signed; %d keys in %s", len(authorizations.entries), source)
		return
	}
	entry, listed := authorizations.Match(x.signer)
	if !listed {
		x.add("parent", StepFails, parent.ID, "the signer is not among the %d keys in %s", len(authorizations.entries), source)
		return
	}
	j := judgement{policy: x.policy, facts: x.facts}
	if needed := j.rights(parent); entry.Rights&needed != needed {
		x.add("parent", StepFails, parent.ID, "line %d of %s lists the signer as %q, who may only %s; the commit needs %s",
			entry.Line, source, entry.Name, entry.Rights, needed)
		return
	}
	x.add("parent", StepHolds, parent.ID, "line %d of %s lists the signer as %q", entry.Line, source, entry.Name)
	if len(entry.Paths) > 0 {
		x.add("paths", v.paths(), parent.ID, "the signer may change only what is below %s", strings.Join(entry.Paths, ", "))
	}
}

func (x *explainer) file() {
	name := x.policy.Introduction.Format.FileName()
	if x.facts.File.Err != nil {
		x.add("file", StepFails, gitwalk.ID{}, "its own %s is malformed: %s", name, x.facts.File.Err)
		return
	}
	changed := false
	for _, parent := range x.counting {
		changed = changed || !x.facts.File.same(parent.File)
		if parent.File.Present() && !x.facts.File.Present() {
			x.add("file", StepFails, gitwalk.ID{}, "it removes %s", name)
			return
		}
	}
	switch {
	case !x.facts.File.Present():
		x.add("file", StepHolds, gitwalk.ID{}, "it has no %s, and neither have its parents", name)
	case x.introduction:
		x.add("file", StepHolds, gitwalk.ID{}, "its %s is well formed", name)
	case changed:
		x.add("file", StepHolds, gitwalk.ID{}, "it changes %s, which counts from its children on", name)
	default:
		x.add("file", StepHolds, gitwalk.ID{}, "it leaves %s as it is", name)
	}
}
