package authz

import "github.com/nix-authorize/nix-authorize/keyring/signer"

// A FileProposal is a change of the authorizations file that a merge would make.
type FileProposal struct {
	// Change is what it means for people, nil if Err is set.
	Change *FileChange
	// Err is why the new file says nothing: it is malformed, or gone.
	Err error
	// Contested says that base and head have both changed the file, so that
	// whoever merges has to decide; Change then is that to the head's file.
	Contested bool
	// Approvers have agreed to exactly this change of the file of base, and Could
	// has those who may agree and have not. Nil if that could not be counted.
	Approvers *Approvers
	Could     []Entry
}

// proposal finds out what becomes of the authorizations file.
func (m *merging) proposal() error {
	if err := m.mergeFile(); err != nil {
		return err
	}
	file := m.merged
	if file == nil {
		file = m.head.File
	}
	if file.same(m.base.File) {
		return nil
	}
	m.File = &FileProposal{Contested: m.merged == nil, Err: file.Err}
	switch {
	case file.Err != nil:
		return nil
	case !file.Present():
		m.File.Err = errRemoved
		return nil
	}
	m.File.Change = Compare(m.Authorizations, file.Authorizations)
	if m.Authorizations == nil || m.File.Contested {
		return nil
	}
	return m.approvals(file)
}

// mergeFile is the three-way merge of the file.
func (m *merging) mergeFile() error {
	oursChanged, theirsChanged := false, false
	for _, base := range m.bases {
		file, err := m.files.of(base)
		if err != nil {
			return err
		}
		oursChanged = oursChanged || !file.same(m.base.File)
		theirsChanged = theirsChanged || !file.same(m.head.File)
	}
	switch {
	case !theirsChanged && len(m.bases) > 0 || m.head.File.same(m.base.File):
		m.merged = m.base.File
	case !oursChanged && len(m.bases) > 0:
		m.merged = m.head.File
	}
	return nil
}

// approvals counts who has agreed. By the strict rule the signer of the head, which
// may be the commit that makes the change, agrees by the signature.
func (m *merging) approvals(file *File) error {
	var by *signer.Identity
	if n := len(m.Commits); m.Rule == MergesStrict && n > 0 && m.Commits[n-1].Signer != nil {
		by = &m.Commits[n-1].Signer.Identity
	}
	have, err := approvers(&Facts{Commit: m.Head, File: file, Evidence: m.evidence}, m.base, m.Authorizations, by)
	if isMalformed(err) {
		return nil // whoever judges the commit says so
	}
	if err != nil {
		return err
	}
	m.File.Approvers = have
	for _, entry := range m.Authorizations.Entries() {
		if entry.Rights&RightAuthorize != 0 && !has(have.Have, entry) {
			m.File.Could = append(m.File.Could, entry)
		}
	}
	return nil
}

func has(entries []Entry, entry Entry) bool {
	for _, e := range entries {
		if e.Key == entry.Key {
			return true
		}
	}
	return false
}
