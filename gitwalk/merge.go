package gitwalk

import "bytes"

// A MergeAnswer says whether a tree is the mechanical merge of two others.
type MergeAnswer uint8

// The answers of MergeCheck.
const (
	// MergeUndecided: trees alone cannot say, because both sides changed a
	// path. Git decides, on the whole merge.
	MergeUndecided MergeAnswer = iota
	// MergeMechanical: the tree has every change of either side and no other.
	MergeMechanical
	// MergeNotMechanical: no path was changed on both sides, and the tree has
	// a change that neither side made, or lacks one.
	MergeNotMechanical
)

// A MergeCheck is what CheckMerge finds out.
type MergeCheck struct {
	// Both is a path that both sides changed, each in its own way, or where
	// one has a file and the other a directory; the first in Git's order, or
	// empty if there is none.
	Both string
	// Differs is the first path where the result is not what the sides make of
	// it, or empty if none was seen. The search ends at Both.
	Differs string
}

// Answer sums up the check.
func (c MergeCheck) Answer() MergeAnswer {
	switch {
	case c.Both != "":
		return MergeUndecided
	case c.Differs != "":
		return MergeNotMechanical
	}
	return MergeMechanical
}

// CheckMerge says from the trees alone whether the tree result is the merge of
// the trees ours and theirs, whose histories parted at the tree base. The zero
// ID is the empty tree. Nothing is written.
//
// Each path stands for itself: if one side alone changed it, or both alike, the
// result must have it so. Anything else is for git to decide. A file, symbolic
// link or submodule is changed by another mode as well as by other content. What
// git makes of renames is therefore not looked for. If both sides renamed the
// same file, each to another name, or one renamed what the other removed, the
// result with all the added names is mechanical here and a conflict for git.
// Likewise, if one side renamed a directory and the other added a file to it, the
// result that has the file where it was added is mechanical here; git suspects
// that it should have moved, and leaves the decision to a human. In no case does
// the result have content that neither side has at that path.
//
// The result may differ from the sides in what Git itself changes when it writes
// a directory anew: it drops directories that have become empty and writes the
// mode 100644 for 100664.
//
// Directories are read only where they differ. Errors and limits are those of Diff.
func CheckMerge(r *Reader, base, ours, theirs, result ID) (MergeCheck, error) {
	m := &mergeWalk{treeWalk: treeWalk{reader: r}}
	row := rootRow(base, ours, theirs, result)
	if want, decided := decide(row); decided && want.equal(row[resultTree]) {
		return MergeCheck{}, nil
	}
	if err := m.begin(base, ours, theirs, result); err != nil {
		return MergeCheck{}, err
	}
	err := m.run()
	return m.check, err
}

// The places in a row of a merge.
const (
	baseTree = iota
	ourTree
	theirTree
	resultTree
)

// mergeWalk walks over base, ours, theirs and the result.
type mergeWalk struct {
	treeWalk
	check MergeCheck
}

// run walks to the end, or to the first path that both sides changed.
func (m *mergeWalk) run() error {
	for m.check.Both == "" {
		row, ok := m.next()
		if !ok {
			if !m.leave() {
				return nil
			}
			continue
		}
		var err error
		if row.isTree() {
			err = m.directory(row)
		} else {
			m.file(row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decide is what the sides make of an entry, and false if they disagree.
func decide(row treeRow) (want rawEntry, decided bool) {
	base, ours, theirs := row[baseTree], row[ourTree], row[theirTree]
	switch {
	case ours.alike(theirs), theirs.alike(base):
		return ours, true
	case ours.alike(base):
		return theirs, true
	}
	return rawEntry{}, false
}

// alike says whether git sees no difference between two entries.
func (e rawEntry) alike(other rawEntry) bool {
	return e.mode.canonical() == other.mode.canonical() && bytes.Equal(e.id, other.id)
}

// canonical is the mode that Git writes for m.
func (m Mode) canonical() Mode {
	if m == ModeGroupWritable {
		return ModeFile
	}
	return m
}

func (m *mergeWalk) file(row treeRow) {
	want, decided := decide(row)
	if !decided {
		m.check.Both = m.pathOf(row.any())
		return
	}
	result := row[resultTree]
	if !result.alike(want) || result.mode != want.mode && result.mode != want.mode.canonical() {
		m.differs(row.any())
	}
	m.keep(want)
}

// directory compares a directory, or goes down into it: where the sides have to
// be merged, and where the result differs, to find the path.
func (m *mergeWalk) directory(row treeRow) error {
	want, decided := decide(row)
	switch {
	case (!decided || want.mode != 0) && m.collides(row.any()):
		m.check.Both = m.pathOf(row.any())
		return nil
	case decided && (want.equal(row[resultTree]) || m.check.Differs != ""):
		return nil
	case decided:
		row[baseTree], row[ourTree], row[theirTree] = want, want, want
	}
	if row[resultTree].isEmptyTree() {
		m.differs(row.any())
	}
	return m.enter(row)
}

// differs notes the first path at which the result is wrong.
func (m *mergeWalk) differs(e rawEntry) {
	if m.check.Differs == "" {
		m.check.Differs = m.pathOf(e)
	}
}

// keep notes that the merge has a file of this name, if it has: then it cannot
// have a directory of the name too, which comes later in Git's order.
func (m *mergeWalk) keep(file rawEntry) {
	if file.mode == 0 {
		return
	}
	level := m.top()
	level.kept = append(level.kept, file.name)
}

// collides says whether the merge has a file with the name of the directory. What
// was kept between the two in Git's order begins with that name and is longer; it,
// and what is not the beginning of the name, does not come again.
func (m *mergeWalk) collides(directory rawEntry) bool {
	level := m.top()
	for len(level.kept) > 0 {
		last := level.kept[len(level.kept)-1]
		if bytes.HasPrefix(directory.name, last) {
			return len(last) == len(directory.name)
		}
		level.kept = level.kept[:len(level.kept)-1]
	}
	return false
}
