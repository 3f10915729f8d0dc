package gitwalk

import (
	"errors"
	"fmt"
	"iter"
)

// MaxMergeBlob is the largest file in bytes that can take part in a merge.
const MaxMergeBlob = 128 << 20

// An Object is an object whose content has been read and checked.
type Object struct {
	Kind    Kind
	ID      ID
	Content []byte
}

// An Extent says how much of the trees of a merge git is to see. Git's strategy
// ort reads little if it can: it goes into directories that all sides changed and
// reads a file if both sides changed it. Only where one side removed what the
// other changed does it look for renames, among everything that was added and
// removed. If an object is not there, git ends with an error; it does not decide
// otherwise.
type Extent uint8

// The extents, each with all that the one before has.
const (
	// Contested is what both sides changed.
	Contested Extent = iota
	// Moved has all directories that differ, and all files that either side
	// added or removed.
	Moved
	// Everything has all files that differ.
	Everything
)

// maxMergeObjects is how many bytes the objects for a merge can have together,
// each counted with treeCost.
const maxMergeObjects = 2 << 30

// Objects yields the trees and blobs that git needs for the merge of the two
// commits that the history is of, each once, to an extent. Trees must be canonical.
//
// If the result is known, or said to be, what it has where both sides changed
// something is among them, unless it cannot be read. Git does not have to write then
// what it finds, and to write a small file costs more than to merge two. The zero ID
// is no result.
//
// An error ends the sequence: those of Diff, *TooLargeError for a file of more
// than MaxMergeBlob bytes, and *LimitError for more than 2 GiB in all.
func (h MergeHistory) Objects(r *Reader, extent Extent, result ID) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		m := &mergeObjects{reader: r, yield: yield, given: make(map[ID]bool)}
		if err := m.history(h, extent, result); err != nil && !m.stopped {
			yield(Object{}, err)
		}
	}
}

// oneBase says whether at most one commit, the first, stands below the two that
// are merged.
func (h MergeHistory) oneBase() bool { return len(h) <= 3 }

type mergeObjects struct {
	reader  *Reader
	yield   func(Object, error) bool
	given   map[ID]bool
	size    int
	stopped bool // yield has returned false
}

var errStopped = errors.New("the consumer has stopped")

func (m *mergeObjects) history(h MergeHistory, extent Extent, result ID) error {
	err := m.contested(h, result)
	if err != nil && !m.stopped && !result.IsZero() {
		m.size = 0
		err = m.contested(h, ID{}) // whatever is wrong with the result
	}
	if err != nil || extent == Contested {
		return err
	}
	for _, commit := range h {
		for _, parent := range commit.Parents {
			if err := m.difference(h[parent].Tree, commit.Tree, extent); err != nil {
				return err
			}
		}
	}
	return nil
}

// contested gives what git reads at once. In a merge with one base these are the
// directories that both sides changed. If there are more bases, which are merged
// first, they can be any that differ. Files are merged only if a path has three
// contents, or two and none.
func (m *mergeObjects) contested(h MergeHistory, result ID) error {
	var roots []ID
	for _, commit := range h {
		roots = append(roots, commit.Tree)
	}
	if !result.IsZero() {
		roots = append(roots, result)
	}
	w, err := m.walk(roots...)
	for err == nil && !m.stopped {
		row, ok := w.next()
		sides := row[:len(h)]
		switch {
		case !ok && !w.leave():
			return nil
		case !ok:
		case row.isTree():
			if h.enters(sides) {
				err = w.enter(row)
			}
		case sides.distinct() > 2:
			err = m.blobs(row)
		}
	}
	return err
}

// enters says whether git goes into a directory at once.
func (h MergeHistory) enters(sides treeRow) bool {
	if h.oneBase() {
		return !sides[0].equal(sides[1]) && !sides[0].equal(sides[len(sides)-1])
	}
	return sides.distinct() > 1
}

// distinct is how many different things the trees have at the row, nothing being
// one of them.
func (r treeRow) distinct() int {
	n := 0
	for i := range r {
		if r.same(i) == i {
			n++
		}
	}
	return n
}

// difference gives the trees that differ, and of the files those that belong to
// the extent.
func (m *mergeObjects) difference(a, b ID, extent Extent) error {
	w, err := m.walk(a, b)
	for err == nil && !m.stopped {
		row, ok := w.next()
		switch {
		case !ok && !w.leave():
			return nil
		case !ok:
		case row.isTree():
			err = w.enter(row)
		case extent == Everything || row[0].mode == 0 || row[1].mode == 0:
			err = m.blobs(row)
		}
	}
	return err
}

// walk begins a walk that gives each tree that it reads.
func (m *mergeObjects) walk(roots ...ID) (*treeWalk, error) {
	w := &treeWalk{reader: m.reader}
	w.loaded = func(id ID, raw []byte) error { return m.give(Object{KindTree, id, raw}) }
	return w, w.begin(roots...)
}

// blobs gives the files and symbolic links of a row.
func (m *mergeObjects) blobs(row treeRow) error {
	for _, e := range row {
		if e.mode == 0 || e.mode == ModeGitlink || m.given[ID(e.id)] {
			continue
		}
		content, err := m.reader.Blob(ID(e.id), MaxMergeBlob)
		if err != nil {
			return err
		}
		if err := m.give(Object{KindBlob, ID(e.id), content}); err != nil {
			return err
		}
	}
	return nil
}

func (m *mergeObjects) give(o Object) error {
	if m.given[o.ID] {
		return nil
	}
	m.given[o.ID] = true
	if m.size += len(o.Content) + treeCost; m.size > maxMergeObjects {
		return &LimitError{Detail: fmt.Sprintf("the files and directories that a merge is about have more than %d bytes", maxMergeObjects)}
	}
	if m.stopped = !m.yield(o, nil); m.stopped {
		return errStopped
	}
	return nil
}
