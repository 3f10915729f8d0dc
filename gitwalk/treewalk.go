package gitwalk

import (
	"bytes"
	"fmt"
)

// Limits on a walk over trees. Directories that are nested deeper, or whose
// path is longer, make a tree malformed; what exceeds the other limits is a
// *LimitError.
const (
	// MaxTreeDepth is how deep directories may be nested: as deep as Git
	// allows (core.maxTreeDepth).
	MaxTreeDepth = 2048
	maxTreePath  = 64 << 10  // bytes of the path of a directory
	maxTreesOpen = 256 << 20 // bytes of the trees on the way to one directory
	maxTreesRead = 1 << 30   // bytes of all trees, each counted with treeCost
	treeCost     = 1 << 10   // bytes that stand for the cost of a tree as such
)

// A LimitError says that a question was given up because the answer would cost
// too much.
type LimitError struct{ Detail string }

func (e *LimitError) Error() string { return e.Detail }

// emptyTreeID is the tree without entries. Git knows it without having it.
var emptyTreeID, _ = Hash(KindTree, nil)

// A treeWalk goes through several trees at once, in Git's order, and stops
// wherever they differ. It does not recurse: the directories on the way to the
// present one are on a stack.
type treeWalk struct {
	reader *Reader
	levels []treeLevel
	row    treeRow  // the present row
	after  [][]byte // what follows it in each tree
	path   []byte   // of the present directory, with a slash behind it; empty at the root
	open   int      // bytes of the trees in levels
	read   int      // bytes of all trees so far, see maxTreesRead
	// loaded, if it is set, is told of each tree that is read; its error ends
	// the walk.
	loaded func(id ID, raw []byte) error
}

// treeLevel is a directory that is being walked.
type treeLevel struct {
	rest  [][]byte // the entries of each tree that are still to come
	above int      // length of the path of the directory above
	size  int      // bytes of its trees
	kept  [][]byte // for a merge, see mergeWalk.collides
}

// A treeRow is a name and what each tree has there. All entries are directories
// or none is: Git gives the two different places in a tree. Where a tree has no
// such entry, the mode is 0. A row holds until the walk goes on.
type treeRow []rawEntry

// any is the first entry that is there.
func (r treeRow) any() rawEntry {
	for _, e := range r {
		if e.mode != 0 {
			return e
		}
	}
	return rawEntry{}
}

func (r treeRow) isTree() bool { return r.any().mode == ModeTree }

func (e rawEntry) equal(other rawEntry) bool {
	return e.mode == other.mode && bytes.Equal(e.id, other.id)
}

// begin starts the walk at the roots of trees. The zero ID is the empty tree.
func (w *treeWalk) begin(roots ...ID) error {
	w.row = make(treeRow, len(roots))
	w.after = make([][]byte, len(roots))
	return w.push(rootRow(roots...), 0)
}

// rootRow is a row of roots.
func rootRow(roots ...ID) treeRow {
	row := make(treeRow, len(roots))
	for i, id := range roots {
		if id.IsZero() {
			id = emptyTreeID
		}
		row[i] = rawEntry{mode: ModeTree, id: id[:]}
	}
	return row
}

// enter goes down into the directories of a row of the present directory.
func (w *treeWalk) enter(row treeRow) error {
	above := len(w.path)
	e := row.any()
	if len(w.levels) > MaxTreeDepth || above+len(e.name) >= maxTreePath {
		return &MalformedError{ID: ID(e.id), Kind: KindTree, Detail: fmt.Sprintf(
			"it lies more than %d directories deep or has a path of more than %d bytes", MaxTreeDepth, maxTreePath)}
	}
	w.path = append(append(w.path, e.name...), '/')
	return w.push(row, above)
}

func (w *treeWalk) push(row treeRow, above int) error {
	level := treeLevel{rest: make([][]byte, len(row)), above: above}
	for i, e := range row {
		if e.mode == 0 {
			continue
		}
		if j := row.same(i); j < i {
			level.rest[i] = level.rest[j]
			continue
		}
		raw, err := w.load(ID(e.id))
		if err != nil {
			return err
		}
		level.rest[i] = raw
		level.size += len(raw)
	}
	if w.open += level.size; w.open > maxTreesOpen {
		return &LimitError{Detail: fmt.Sprintf("the directories on the way to %q have more than %d bytes", clip(w.path), maxTreesOpen)}
	}
	w.levels = append(w.levels, level)
	return nil
}

// same is the first place in the row that has what place i has.
func (r treeRow) same(i int) int {
	j := 0
	for !r[j].equal(r[i]) {
		j++
	}
	return j
}

// load reads a tree, which must be canonical.
func (w *treeWalk) load(id ID) ([]byte, error) {
	if id == emptyTreeID {
		return nil, nil
	}
	raw, err := w.reader.Tree(id)
	if err != nil {
		return nil, err
	}
	if _, err := ParseTree(id, raw); err != nil {
		return nil, err
	}
	if w.read += len(raw) + treeCost; w.read > maxTreesRead {
		return nil, &LimitError{Detail: fmt.Sprintf("the trees that differ have more than %d bytes", maxTreesRead)}
	}
	if w.loaded != nil {
		return raw, w.loaded(id, raw)
	}
	return raw, nil
}

// next returns the next row of the present directory in which not all trees
// have the same, and false at its end.
func (w *treeWalk) next() (treeRow, bool) {
	level := w.top()
	level.skipShared()
	var first rawEntry
	for i, rest := range level.rest {
		w.row[i] = rawEntry{}
		if len(rest) == 0 {
			continue
		}
		w.row[i], w.after[i], _ = cutEntry(rest)
		if first.mode == 0 || compareEntries(w.row[i], first) < 0 {
			first = w.row[i]
		}
	}
	for i, e := range w.row {
		switch {
		case e.mode == 0:
		case compareEntries(e, first) == 0:
			level.rest[i] = w.after[i]
		default:
			w.row[i] = rawEntry{}
		}
	}
	return w.row, first.mode != 0
}

// skipShared passes over entries that all trees have.
func (l *treeLevel) skipShared() {
	first := l.rest[0]
	for len(first) > 0 {
		_, after, _ := cutEntry(first)
		entry := first[:len(first)-len(after)]
		for _, rest := range l.rest[1:] {
			if !bytes.HasPrefix(rest, entry) {
				return
			}
		}
		for i := range l.rest {
			l.rest[i] = l.rest[i][len(entry):]
		}
		first = after
	}
}

func (w *treeWalk) top() *treeLevel { return &w.levels[len(w.levels)-1] }

// leave goes back to the directory above, and returns false if there is none.
func (w *treeWalk) leave() bool {
	level := w.top()
	w.open -= level.size
	w.path = w.path[:level.above]
	*level = treeLevel{}
	w.levels = w.levels[:len(w.levels)-1]
	return len(w.levels) > 0
}

// pathOf is the whole path of an entry of the present directory.
func (w *treeWalk) pathOf(e rawEntry) string { return string(w.path) + string(e.name) }
