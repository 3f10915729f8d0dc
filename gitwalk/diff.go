package gitwalk

import "iter"

// A Change is a path at which two trees differ. Old or New has the mode 0 if
// there is nothing of the kind on that side.
type Change struct {
	Path     string // exact bytes, with slashes between the names
	Old, New Entry
}

// Diff yields every path at which the tree b differs from the tree a, in Git's
// order, as "git diff-tree -r --no-renames" does. The zero ID is the empty tree.
//
// A path is that of a file, symbolic link or submodule. Of a directory that is
// added or removed the paths below it are yielded; where a file becomes a
// directory or the reverse, both the file and what is in the directory. A rename
// is a removal and an addition. An empty directory, which Git does not write and
// a hostile tree can have, is a path of its own. Entries are compared as they
// stand in the trees: of the two modes of an ordinary file one does not stand for
// the other.
//
// Only directories that differ are read, one after the other, and each must be
// canonical. An error ends the sequence: a *MissingError, *CorruptError,
// *KindError or *TooLargeError of the Reader, a *MalformedError, which also says
// that directories are nested deeper than MaxTreeDepth, or a *LimitError if the
// directories that differ have more than 1 GiB together (small ones count as
// 1 KiB), as when a few trees contain one another very often.
func Diff(r *Reader, a, b ID) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		if a == b {
			return
		}
		w := &treeWalk{reader: r}
		if err := w.begin(a, b); err != nil {
			yield(Change{}, err)
			return
		}
		w.changes(yield)
	}
}

// changes yields what differs in a walk over two trees.
func (w *treeWalk) changes(yield func(Change, error) bool) {
	for {
		row, ok := w.next()
		if !ok {
			if !w.leave() {
				return
			}
			continue
		}
		var sides [2]Entry // files, and directories that are empty
		for i, e := range row {
			if e.mode != ModeTree || e.isEmptyTree() {
				sides[i] = e.orZero()
			}
		}
		if sides != [2]Entry{} && !yield(Change{w.pathOf(row.any()), sides[0], sides[1]}, nil) {
			return
		}
		if !row.isTree() {
			continue
		}
		if err := w.enter(row); err != nil {
			yield(Change{}, err)
			return
		}
	}
}

func (e rawEntry) isEmptyTree() bool { return e.mode == ModeTree && ID(e.id) == emptyTreeID }

// orZero is the entry, or the zero Entry if there is none.
func (e rawEntry) orZero() Entry {
	if e.mode == 0 {
		return Entry{}
	}
	return e.Entry()
}
