package authz

import (
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// vouched judges the merge that a forge would make: one that nobody signs and that
// has nothing but what it merges. It is the rule of Judge, with evidence of a commit
// that does not exist.
func (m *merging) vouched() error {
	m.Needs = NeedsMerge
	if m.merged == nil { // whatever the merger decides changes the file
		m.merged = m.head.File
	}
	facts := &Facts{
		Commit: notYet, File: m.merged, Parents: []Parent{m.base, m.head},
		Evidence: &hypothetical{reading: m.evidence, changes: m.Changes, base: m.Base, head: m.Head},
	}
	m.Verdict = m.verifier.Policy.Judge(facts)
	m.ofHead()
	for _, voucher := range m.Verdict.Vouchers {
		for _, commit := range m.Commits {
			commit.Vouches = commit.Vouches || commit.Commit == voucher.Commit
		}
	}
	return m.Changes.assign(m)
}

// ofHead makes the verdict one that people can look up: about the head, since the
// merge does not exist.
func (m *merging) ofHead() {
	subject := ""
	if n := len(m.Commits); n > 0 && m.Commits[n-1].Commit == m.Head {
		subject = m.Commits[n-1].Subject
	}
	m.Verdict.Commit, m.Verdict.Subject = m.Head, subject
	if r := m.Verdict.Refusal; r != nil {
		r.Commit, r.Subject, r.Rule = m.Head, subject, m.Rule
		r.Detail = strings.ReplaceAll(r.Detail, notYet.String(), "the merge")
	}
	if u := m.Verdict.Unchecked; u != nil {
		u.Commit = m.Head
	}
}

// signed says what the merger would have to do. Who signs the merge answers for all
// that it brings; the commits of the head are content.
func (m *merging) signed() {
	m.Needs = NeedsSignedMerge
	j := m.verifier.Policy.judgement(&Facts{Commit: m.Head, Parents: []Parent{m.base}})
	m.Verdict = j.verdict
	switch {
	case len(m.Mergers) == 0:
		j.refuse(Unauthorized, m.Base, "nobody in the authorizations of the base may sign this merge")
	case m.badFile(j), m.shortOfApprovals(j):
	}
	m.ofHead()
}

// badFile refuses what no merge can put right.
func (m *merging) badFile(j *judgement) bool {
	switch {
	case m.merged == nil:
		return false // the merger decides
	case m.merged.Err != nil:
		return j.refuse(MalformedAuthorizations, m.Base, "%s", m.merged.Err)
	case m.base.File.Present() && !m.merged.Present():
		return j.refuse(AuthorizationsRemoved, m.Base, "it removes %s", m.verifier.Policy.Introduction.Format.FileName())
	}
	return false
}

// shortOfApprovals refuses a change of the file that lacks more than the signature of
// whoever merges.
func (m *merging) shortOfApprovals(j *judgement) bool {
	if m.File == nil || m.File.Approvers == nil || m.File.Approvers.Missing() <= 1 {
		return false
	}
	have := m.File.Approvers
	return j.refuse(Threshold, m.Base, "it changes %s, for which %d keys must agree; %d do, and whoever signs the merge is one more",
		m.verifier.Policy.Introduction.Format.FileName(), have.Needed, len(have.Have))
}

// strict judges each new commit by its own parents, and says how the branches can be
// joined.
func (m *merging) strict() error {
	verdicts := make(map[gitwalk.ID]*Verdict)
	engine := *m.verifier
	// What an earlier run has found of the head does not count: whoever wants it
	// merged may have had a hand in that run. That of Base has been judged.
	engine.Known, engine.KnownDescend = []gitwalk.ID{m.Base}, true
	engine.Observe = func(e Event) {
		if v, ok := e.(*Verdict); ok {
			verdicts[v.Commit] = v
		}
		if m.verifier.Observe != nil {
			m.verifier.Observe(e)
		}
	}
	report, err := m.headHistory(&engine)
	if err != nil {
		return err
	}
	m.HeadReport, m.Verdict = report, &Verdict{Commit: m.Head}
	for _, commit := range m.Commits {
		if commit.Verdict = verdicts[commit.Commit]; commit.Verdict != nil {
			commit.Signer = commit.Verdict.Signer
		}
	}
	m.Needs = NeedsFastForward
	if m.Relation != HeadFastForward {
		m.Needs = NeedsSignedMerge
		if len(m.Mergers) == 0 && report.Outcome() == Authentic {
			j := m.verifier.Policy.judgement(&Facts{Commit: m.Head, Parents: []Parent{m.base, m.head}})
			j.refuse(Unauthorized, m.Base, "nobody may sign a merge of both: no key has the right to by the authorizations of the base and of the head")
			m.Verdict = j.verdict
			m.ofHead()
		}
	}
	return nil
}

// headHistory judges the commits that head has and base does not. Head itself need
// not descend from the introduction: what merges it into base does.
func (m *merging) headHistory(engine *Verifier) (*Report, error) {
	r := &run{
		Verifier: engine, reader: m.evidence.reader, files: m.files,
		report:  &Report{Policy: engine.Policy, Tip: m.Head},
		signers: make(SignerCounts),
		blind:   make(map[gitwalk.ID]error),
	}
	commits, err := r.walk(m.ctx, m.Head, engine.Known)
	if err == nil {
		r.report.Commits = commits.Len()
		err = r.judgeRange(m.ctx, commits)
	}
	if unchecked := uncheckedFrom(m.Head, err); unchecked != nil {
		r.unchecked(unchecked)
		err = nil
	}
	r.report.Signers = r.signers.Sorted()
	return r.report, err
}
