package authz

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// An evidenceCase is a commit whose verdict depends on one kind of question. Its fail
// makes the answer an error.
type evidenceCase struct {
	name      string
	facts     *Facts
	fail      func(e *fakeEvidence, err error)
	malformed Reason // the verdict if what was asked about is malformed
}

func evidenceCases() []evidenceCase {
	paths := fileWith(NixFormat, nixListing("", ", paths: [a/]"))
	two, other := fileWith(NixFormat, nixListing("threshold: 2\n", "")), fileWith(NixFormat, nixListing("", ""))
	vouched := fileWith(NixFormat, nixListing("merges: vouched\n", ", paths: [a/]"))
	merge := func() *Facts {
		f := factsOf(vouched, vouched, vouched)
		f.Signed = false
		return f
	}
	side := &SideCommit{Parents: []gitwalk.ID{parentID(8), parentID(9)}}
	return []evidenceCase{
		{"paths", factsOf(paths, paths), func(e *fakeEvidence, err error) {
			e.changes = func(_, _ gitwalk.ID) iter.Seq2[string, error] { return all(err, "a/b") }
		}, MalformedCommit},
		{"approvals", factsOf(other, two), func(e *fakeEvidence, err error) {
			e.approvals = func(string) iter.Seq2[signer.Result, error] { return all(err, signedBy(carol, 0)) }
		}, Threshold},
		{"mechanical", merge(), func(e *fakeEvidence, err error) {
			e.mechanical = func(gitwalk.ID) (gitwalk.Mechanics, error) { return gitwalk.Mechanics{Holds: true}, err }
		}, NotMechanical},
		{"side", merge(), func(e *fakeEvidence, err error) {
			e.side = func(gitwalk.ID) (*SideCommit, error) { return nil, err }
		}, NotVouched},
		{"paths of the head", merge(), func(e *fakeEvidence, err error) {
			e.side = func(gitwalk.ID) (*SideCommit, error) {
				return &SideCommit{Signed: true, Signature: signedBy(alice, 0)}, nil
			}
			e.changes = func(_, _ gitwalk.ID) iter.Seq2[string, error] { return all(err, "a/b") }
		}, NotVouched},
		{"chain", merge(), func(e *fakeEvidence, err error) {
			e.side = func(gitwalk.ID) (*SideCommit, error) {
				return &SideCommit{Parents: []gitwalk.ID{parentID(9)}, Signed: true, Signature: signedBy(alice, 0)}, nil
			}
			e.changes = func(a, _ gitwalk.ID) iter.Seq2[string, error] {
				if a == parentID(1) {
					return all(nil, "b") // not covered as a whole
				}
				return all(nil, "a/b")
			}
			e.chain = func(_, _ gitwalk.ID) ([]gitwalk.ID, bool, error) { return nil, true, err }
		}, NotVouched},
		{"side further down", merge(), func(e *fakeEvidence, err error) {
			e.side = func(commit gitwalk.ID) (*SideCommit, error) {
				if commit == parentID(2) {
					return side, nil
				}
				return nil, err
			}
		}, NotVouched},
		{"mechanical in a side branch", merge(), func(e *fakeEvidence, err error) {
			e.side = func(gitwalk.ID) (*SideCommit, error) { return side, nil }
			e.mechanical = func(merge gitwalk.ID) (gitwalk.Mechanics, error) {
				if merge == commitID {
					return gitwalk.Mechanics{Holds: true}, nil
				}
				return gitwalk.Mechanics{Holds: true}, err
			}
		}, NotVouched},
	}
}

// TestRuleUnanswered has that a question without an answer is never answered by a
// guess: what is malformed is refused, and everything else could not be checked.
func TestRuleUnanswered(t *testing.T) {
	id := parentID(7)
	for _, c := range evidenceCases() {
		for _, failure := range []struct {
			err    error
			reason Reason
		}{
			{&gitwalk.MissingError{ID: id}, MissingObject},
			{&gitwalk.CorruptError{ID: id}, CorruptObject},
			{&gitwalk.CannotMergeError{Err: errors.New("no git")}, CannotCheck},
			{&gitwalk.LimitError{Detail: "too much"}, CannotCheck},
			{errors.New("disk on fire"), CannotCheck},
			{context.Canceled, CannotCheck},
			{&gitwalk.MalformedError{ID: id, Detail: "odd"}, c.malformed},
			{&gitwalk.KindError{ID: id}, c.malformed},
			{&gitwalk.TooLargeError{ID: id}, c.malformed},
		} {
			w := newWorld(t, NixFormat)
			e := goodEvidence()
			c.fail(e, failure.err)
			facts := *c.facts
			facts.Evidence = e
			v := w.policy.Judge(&facts)
			var got Reason
			var text string
			switch {
			case v.Refusal != nil && v.Unchecked == nil:
				got, text = v.Refusal.Reason, v.Refusal.Detail
			case v.Unchecked != nil && v.Refusal == nil:
				got, text = v.Unchecked.Reason, v.Unchecked.Detail
				if !errors.Is(v.Unchecked.Cause, failure.err) || v.Unchecked.Commit != commitID {
					t.Errorf("%+v", v.Unchecked)
				}
			}
			if got != failure.reason || !strings.Contains(text, failure.err.Error()) || v.Authentic() {
				t.Errorf("%s, %v: %s %q", c.name, failure.err, got, text)
			}
			facts.Evidence = nil
			if v := w.policy.Judge(&facts); v.Unchecked == nil || v.Unchecked.Reason != CannotCheck || v.Authentic() {
				t.Errorf("%s without evidence: %+v", c.name, v)
			}
		}
	}
}

// TestNeedsEvidence has that nothing is asked about a commit that is judged without
// evidence: any question panics.
func TestNeedsEvidence(t *testing.T) {
	files := []*File{{}, fileWith(NixFormat, "{"), {Err: errors.New("two entries")}, linked(NixFormat)}
	for _, head := range []string{"", "threshold: 2\n", "merges: signed\n", "merges: vouched\n", "merges: vouched\nthreshold: 2\n"} {
		for _, may := range []string{"", ", paths: [a/]", ", may: [commit]", ", may: [merge, authorize]"} {
			files = append(files, fileWith(NixFormat, nixListing(head, may)))
		}
	}
	without := 0
	for _, historical := range []string{"", nixListing("merges: vouched\nthreshold: 2\n", "")} {
		p := &Policy{Introduction: Introduction{Format: NixFormat}}
		if historical != "" {
			p.Historical = mustParse(t, NixFormat, historical)
		}
		for facts := range allFacts(files) {
			if p.needsEvidence(facts) {
				continue
			}
			without++
			facts.Evidence = &fakeEvidence{}
			if v := p.Judge(facts); v.Unchecked != nil {
				t.Errorf("%+v", v.Unchecked)
			}
		}
	}
	if without < 1000 {
		t.Errorf("only %d commits are judged without evidence", without)
	}
}

// allFacts yields commits with these files, of their own and of up to three parents.
func allFacts(files []*File) iter.Seq[*Facts] {
	return func(yield func(*Facts) bool) {
		for _, own := range files {
			for i, first := range files {
				for _, rest := range [][]*File{{}, {first}, {files[(i+7)%len(files)]}, {own}, {own, own}} {
					for _, sign := range []signer.Result{signedBy(alice, 0), signedBy(bob, 0), signedBy(carol, 0), {}, fakeProblem(signer.BadSignature, "")} {
						facts := factsOf(own, append([]*File{first}, rest...)...)
						facts.Signature = sign
						if !yield(facts) {
							return
						}
					}
				}
			}
		}
	}
}

// TestRuleAsksNoMore has that questions are asked only where the verdict depends on
// the answer.
func TestRuleAsksNoMore(t *testing.T) {
	w := newWorld(t, NixFormat)
	two := fileWith(NixFormat, nixFile("threshold: 2", "alice paths: [a/]", "bob", "dave"))
	paths := fileWith(NixFormat, nixListing("", ", paths: [a/]"))
	vouched := fileWith(NixFormat, nixListing("merges: vouched\nthreshold: 2\n", ""))
	for _, c := range []struct {
		name    string
		file    *File
		parents []*File
		by      fakeKey
		want    Reason
	}{
		{"unsigned", two, []*File{two}, "", Unsigned},
		{"not listed", two, []*File{two}, carol, Unauthorized},
		{"no paths and no change", two, []*File{two}, bob, ""},
		{"a change by a key with paths", paths, []*File{two}, alice, Unauthorized},
		{"a merge that is signed", vouched, []*File{vouched, two}, alice, ""},
		{"a merge that changes the file and is not signed", two, []*File{vouched, vouched}, "", Unauthorized},
		{"a merge of three", vouched, []*File{vouched, vouched, vouched}, "", Unauthorized},
	} {
		facts := factsOf(c.file, c.parents...)
		facts.Evidence = &fakeEvidence{}
		facts.Signed, facts.Signature = c.by != "", signedBy(c.by, 0)
		v := w.policy.Judge(facts)
		if v.Unchecked != nil || c.want == "" && v.Refusal != nil || c.want != "" && (v.Refusal == nil || v.Refusal.Reason != c.want) {
			t.Errorf("%s: %+v", c.name, v.Refusal)
		}
	}
}

// TestVouchedHeadUnknown has that nobody says that a merge is not vouched for while its
// head may be signed by somebody who may change all of it.
func TestVouchedHeadUnknown(t *testing.T) {
	w := newWorld(t, NixFormat)
	vouched := fileWith(NixFormat, nixListing("merges: vouched\n", ", paths: [a/]"))
	facts := factsOf(vouched, vouched, vouched)
	facts.Signature = signedBy(alice, 0) // who may not merge
	e := goodEvidence()
	e.side = func(gitwalk.ID) (*SideCommit, error) {
		return &SideCommit{Parents: []gitwalk.ID{parentID(9)}, Signed: true, Signature: signedBy(alice, 0)}, nil
	}
	e.changes = func(a, _ gitwalk.ID) iter.Seq2[string, error] {
		if a == parentID(1) {
			return all[string](&gitwalk.MissingError{ID: a})
		}
		return all(nil, "b")
	}
	facts.Evidence = e
	v := w.policy.Judge(facts)
	if v.Refusal != nil || v.Unchecked == nil || v.Unchecked.Reason != MissingObject || v.Signer == nil {
		t.Errorf("%+v", v)
	}
}

// TestVouchedByNobody has signatures of a head that prove nothing.
func TestVouchedByNobody(t *testing.T) {
	w := newWorld(t, NixFormat)
	vouched := fileWith(NixFormat, nixListing("merges: vouched\n", ""))
	facts := factsOf(vouched, vouched, vouched)
	facts.Signed = false
	bobs := signedBy(bob, 0)
	for name, c := range map[string]struct {
		side *SideCommit
		why  string
	}{
		"nothing":               {&SideCommit{Signed: true}, "proves no key"},
		"no key":                {&SideCommit{Signed: true, Signature: signer.Result{Identity: &signer.Identity{Primaries: []signer.Fingerprint{bob.fingerprint()}}}}, "proves no key"},
		"a problem":             {&SideCommit{Signed: true, Signature: signer.Result{Identity: bobs.Identity, Problem: &signer.Problem{Detail: "odd"}}}, "no valid signature: odd"},
		"not said to be signed": {&SideCommit{Signature: bobs}, "has no signature"},
		"malformed":             {&SideCommit{Signed: true, Signature: bobs, Malformed: errors.New("two trees")}, "is malformed: two trees"},
	} {
		e := goodEvidence()
		e.side = func(gitwalk.ID) (*SideCommit, error) { return c.side, nil }
		facts.Evidence = e
		if v := w.policy.Judge(facts); v.Refusal == nil || v.Refusal.Reason != NotVouched || !strings.Contains(v.Refusal.Detail, c.why) {
			t.Errorf("%s: %+v", name, v.Refusal)
		}
	}
	e := goodEvidence()
	e.side = func(gitwalk.ID) (*SideCommit, error) { return &SideCommit{Signed: true, Signature: bobs}, nil }
	facts.Evidence = e
	if v := w.policy.Judge(facts); !v.Authentic() {
		t.Errorf("%+v", v.Refusal)
	}
}

// TestVouchedTooMany has more commits of side branches than are looked at.
func TestVouchedTooMany(t *testing.T) {
	w := newWorld(t, NixFormat)
	vouched := fileWith(NixFormat, nixListing("merges: vouched\n", ", paths: [a/]"))
	facts := factsOf(vouched, vouched, vouched)
	facts.Signed = false
	for links, want := range map[int]string{
		maxLinks:     "leads along 99999 first parents to no ancestor",
		maxLinks + 1: "is one of more than 100000 commits",
	} {
		e := goodEvidence()
		e.side = func(gitwalk.ID) (*SideCommit, error) {
			return &SideCommit{Parents: []gitwalk.ID{parentID(9)}, Signed: true, Signature: signedBy(alice, 0)}, nil
		}
		e.changes = func(a, _ gitwalk.ID) iter.Seq2[string, error] {
			if a == parentID(1) {
				return all(nil, "b")
			}
			return all(nil, "a/b")
		}
		e.chain = func(head, _ gitwalk.ID) ([]gitwalk.ID, bool, error) {
			chain := make([]gitwalk.ID, links)
			chain[0] = head
			return chain, false, nil
		}
		facts.Evidence = e
		v := w.policy.Judge(facts)
		if v.Refusal == nil || v.Refusal.Reason != NotVouched || !strings.Contains(v.Refusal.Detail, want) {
			t.Errorf("%s: %v", fmt.Sprint(links), v.Refusal)
		}
	}
}
