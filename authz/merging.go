package authz

import (
	"context"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// merging is one call of CheckMerge whose base is authentic.
type merging struct {
	*MergeCheck
	verifier *Verifier
	ctx      context.Context
	files    *files
	evidence *reading
	facts    gatherer

	base, head Parent
	bases      []gitwalk.ID // of the merge
	merged     *File        // the file that the merge would have, nil if the merger has to decide
}

func (m *merging) check() error {
	if err := m.look(); err != nil {
		return err
	}
	if m.Relation == HeadContained {
		m.Needs, m.Verdict = NeedsNothing, &Verdict{Commit: m.Head}
		return nil
	}
	if err := m.list(); err != nil {
		return err
	}
	if err := m.proposal(); err != nil {
		return err
	}
	var err error
	if m.Changes, err = m.changes(); err != nil {
		return err
	}
	m.Mergers = m.mergers()
	switch m.Rule {
	case MergesVouched:
		return m.vouched()
	case MergesSigned:
		m.signed()
	default:
		return m.strict()
	}
	return nil
}

// look finds out what base says and where head stands.
func (m *merging) look() error {
	policy := &m.verifier.Policy
	for _, p := range []struct {
		parent *Parent
		id     gitwalk.ID
	}{{&m.base, m.Base}, {&m.head, m.Head}} {
		file, err := m.files.of(p.id)
		if err != nil {
			return err
		}
		*p.parent = Parent{p.id, file}
	}
	m.Rule = policy.rule([]Parent{m.base})
	m.Authorizations = policy.authorizations(m.base)
	var err error
	if m.bases, err = m.evidence.graph.MergeBases(m.ctx, m.Base, m.Head); err != nil {
		return err
	}
	switch {
	case len(m.bases) == 0:
		m.Relation = HeadUnrelated
	case m.bases[0] == m.Head:
		m.Relation = HeadContained
	case m.bases[0] == m.Base:
		m.Relation = HeadFastForward
	default:
		m.Relation = HeadDiverged
	}
	return nil
}

// list lists the commits that head brings.
func (m *merging) list() error {
	commits, err := gitwalk.Walk(m.ctx, m.evidence.reader, m.Head, []gitwalk.ID{m.Base}, gitwalk.Options{})
	if err != nil {
		return err
	}
	m.CommitCount = commits.Len()
	skip := m.CommitCount - maxListed
	for id := range commits.Commits() {
		if skip--; skip >= 0 {
			continue
		}
		if err := m.ctx.Err(); err != nil {
			return err
		}
		commit, err := m.newCommit(id)
		if err != nil {
			return err
		}
		m.Commits = append(m.Commits, commit)
	}
	return nil
}

// newCommit looks at a commit as such. What is malformed says so.
func (m *merging) newCommit(id gitwalk.ID) (*NewCommit, error) {
	facts := Facts{Commit: id}
	if _, err := m.facts.commit(&facts); err != nil && !isMalformed(err) {
		return nil, err
	}
	commit := &NewCommit{Commit: id, Subject: facts.Subject}
	for _, parent := range facts.Parents {
		commit.Parents = append(commit.Parents, parent.ID)
	}
	switch result := facts.Signature; {
	case facts.Malformed != nil:
		commit.Problem = facts.Malformed.Error()
	case !facts.Signed:
		commit.Problem = "it has no signature"
	case result.Problem != nil:
		commit.Problem = result.Problem.Detail
	case result.Identity != nil:
		commit.Signer = &Signer{Identity: *result.Identity}
		if m.Authorizations != nil {
			entry, _ := m.Authorizations.Match(result.Identity)
			commit.Signer.Name = entry.Name
		}
	}
	return commit, nil
}

// mergers are those who may sign the merge by the file of base and, by the strict
// rule, that of head.
func (m *merging) mergers() []Entry {
	if m.Authorizations == nil {
		return nil
	}
	var may []Entry
	for _, entry := range m.Authorizations.Entries() {
		ours, theirs := entry.Rights, allRights
		if m.Rule == MergesStrict {
			theirs = m.headRights(entry)
		}
		if ours&theirs&RightMerge != 0 && m.mayDecideFile(ours, theirs) {
			may = append(may, entry)
		}
	}
	return may
}

// mayDecideFile says whether rights by the files of base and head suffice for what
// becomes of the file. Where both have changed it, it depends on the merger's choice.
func (m *merging) mayDecideFile(ours, theirs Right) bool {
	if m.merged == nil {
		return (ours|theirs)&RightAuthorize != 0
	}
	changesOurs, changesTheirs := !m.merged.same(m.base.File), !m.merged.same(m.head.File)
	return (!changesOurs || ours&RightAuthorize != 0) && (!changesTheirs || theirs&RightAuthorize != 0)
}

// headRights are those of the same key, or the same holder's, by the file of head.
func (m *merging) headRights(entry Entry) Right {
	authorizations := m.verifier.Policy.authorizations(m.head)
	if authorizations == nil {
		return 0
	}
	for _, theirs := range authorizations.entries {
		if theirs.Key == entry.Key || theirs.Name == entry.Name && entry.Name != "" {
			return theirs.Rights
		}
	}
	return 0
}
