package authz

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// maxChanges is how many changed paths of a merge are looked at.
const maxChanges = 200_000

var errTooManyChanges = fmt.Errorf("the merge changes more than %d paths", maxChanges)

// MergeChanges is what a merge that has not been made changes in the tree of its
// first parent.
type MergeChanges struct {
	// Paths are where the tree changes, in Git's order; hostile text. If Exact
	// they are exactly those. Otherwise git has to merge: both sides have
	// changed a path, or there are several merge bases. Then they are all where
	// it can change anything, and it may not do so at each.
	Paths []string
	Exact bool
	// More says that there are more than were looked at.
	More bool
	// Could are the entries of the base's file that may vouch for all of it.
	Could []Entry
	// Uncovered are the paths for which nobody has vouched yet, by who could.
	Uncovered []PathGroup

	unrelated bool
	contested string // a path that both sides have changed
}

// A PathGroup is a number of changed paths and the entries that cover all of them.
type PathGroup struct {
	Count int
	Paths []string // the first few
	Could []Entry
}

// changes finds out what a merge of head changes.
//
// Git leaves a path as it is in base where head has the same, or where head has
// changed nothing since they parted. That alone bounds what changes, with one
// exception: if base has renamed a file that head has changed, the change follows to
// where the file is now. Whatever base has added is then counted too.
func (m *merging) changes() (*MergeChanges, error) {
	c := &MergeChanges{unrelated: len(m.bases) == 0, Exact: len(m.bases) == 1}
	ours, err := m.evidence.graph.Tree(m.Base)
	if err != nil {
		return nil, err
	}
	theirs, err := m.evidence.graph.Tree(m.Head)
	if err != nil {
		return nil, err
	}
	differ, err := m.differing(ours, theirs)
	if err != nil {
		return nil, err
	}
	changed := make(map[string]bool)
	if c.unrelated {
		for path := range differ {
			changed[path] = true
		}
	}
	for _, base := range m.bases {
		tree, err := m.evidence.graph.Tree(base)
		if err != nil {
			return nil, err
		}
		if err := m.changesSince(c, tree, ours, theirs, differ, changed); err != nil {
			return nil, err
		}
	}
	for path := range changed {
		c.Paths = append(c.Paths, path)
	}
	slices.Sort(c.Paths)
	return c, nil
}

// differing are the paths at which head differs from base, and what base has there.
func (m *merging) differing(ours, theirs gitwalk.ID) (map[string]gitwalk.Entry, error) {
	differ := make(map[string]gitwalk.Entry)
	for change, err := range gitwalk.Diff(m.evidence.reader, ours, theirs) {
		if err != nil {
			return nil, err
		}
		differ[change.Path] = change.Old
		if err := m.ctx.Err(); err != nil {
			return nil, err
		}
		if len(differ) > 10*maxChanges {
			return nil, errTooManyChanges
		}
	}
	return differ, nil
}

// changesSince adds what head has changed since one merge base.
func (m *merging) changesSince(c *MergeChanges, base, ours, theirs gitwalk.ID, differ map[string]gitwalk.Entry, changed map[string]bool) error {
	check, err := gitwalk.CheckMerge(m.evidence.reader, base, ours, theirs, theirs)
	if err != nil {
		return err
	}
	if check.Both != "" {
		c.Exact, c.contested = false, check.Both
	}
	follow := false // a change may follow a rename
	for change, err := range gitwalk.Diff(m.evidence.reader, base, theirs) {
		if err != nil {
			return err
		}
		ours, differs := differ[change.Path]
		if !differs {
			continue
		}
		changed[change.Path] = true
		follow = follow || change.Old.Mode != 0 && ours.Mode == 0
		if len(changed) > maxChanges {
			c.More = true
			return nil
		}
	}
	if !follow {
		return nil
	}
	for change, err := range gitwalk.Diff(m.evidence.reader, base, ours) {
		if err != nil {
			return err
		}
		if change.Old.Mode == 0 {
			changed[change.Path] = true
		}
	}
	return nil
}

// assign says who could vouch for the head as a whole, and for what nobody has
// vouched yet. Nobody can vouch for a change of the authorizations file.
func (c *MergeChanges) assign(m *merging) error {
	if m.Authorizations == nil || c.More || m.File != nil {
		return nil
	}
	var entries []Entry
	for _, entry := range m.Authorizations.Entries() {
		if entry.Rights&RightCommit != 0 {
			entries = append(entries, entry)
		}
	}
	for _, entry := range entries {
		if c.coveredBy(entry) {
			c.Could = append(c.Could, entry)
		}
	}
	if refusal := m.Verdict.Refusal; refusal == nil || refusal.Reason != NotVouched {
		return nil
	}
	signer, err := m.headSigner()
	if err != nil {
		return err
	}
	c.group(entries, signer)
	return nil
}

func (c *MergeChanges) coveredBy(entry Entry) bool {
	return len(entry.Paths) == 0 || !slices.ContainsFunc(c.Paths, func(path string) bool { return !covers(entry.Paths, path) })
}

// headSigner is the entry that may commit and has signed the head, nil for none.
func (m *merging) headSigner() (*Entry, error) {
	side, err := m.evidence.Side(m.Head)
	if err != nil {
		return nil, err
	}
	v := vouching{keys: m.Authorizations, evidence: m.evidence}
	entry, err := v.signer(m.Head, side, RightCommit)
	if errors.As(err, new(*notVouchedError)) {
		return nil, nil
	}
	return &entry, err
}

// Limits on what is said about paths that lack a voucher.
const (
	maxGroups     = 100
	maxGroupPaths = 10
)

// group puts paths together that the same entries cover.
func (c *MergeChanges) group(entries []Entry, signer *Entry) {
	places := make(map[string]int)
	for _, path := range c.Paths {
		if signer != nil && (len(signer.Paths) == 0 || covers(signer.Paths, path)) {
			continue
		}
		key := make([]byte, len(entries))
		var could []Entry
		for i, entry := range entries {
			if len(entry.Paths) == 0 || covers(entry.Paths, path) {
				key[i] = 1
				could = append(could, entry)
			}
		}
		place, ok := places[string(key)]
		if !ok {
			if len(c.Uncovered) == maxGroups {
				return
			}
			place = len(c.Uncovered)
			places[string(key)] = place
			c.Uncovered = append(c.Uncovered, PathGroup{Could: could})
		}
		group := &c.Uncovered[place]
		if group.Count++; group.Count <= maxGroupPaths {
			group.Paths = append(group.Paths, path)
		}
	}
}
