package gitwalk

import (
	"bytes"
	"fmt"
	"iter"
)

// A Mode is the mode of a tree entry as Git writes it, in octal digits.
type Mode uint32

// The modes that Git writes. ModeGroupWritable is found in old histories and
// means ModeFile.
const (
	ModeTree          Mode = 0o040000
	ModeFile          Mode = 0o100644
	ModeGroupWritable Mode = 0o100664
	ModeExecutable    Mode = 0o100755
	ModeSymlink       Mode = 0o120000
	ModeGitlink       Mode = 0o160000
)

// IsFile says whether an entry with the mode is a regular file.
func (m Mode) IsFile() bool {
	return m == ModeFile || m == ModeExecutable || m == ModeGroupWritable
}

// String says what an entry with the mode is.
func (m Mode) String() string {
	switch m {
	case ModeTree:
		return "directory"
	case ModeFile, ModeGroupWritable:
		return "file"
	case ModeExecutable:
		return "executable file"
	case ModeSymlink:
		return "symbolic link"
	case ModeGitlink:
		return "submodule"
	}
	return fmt.Sprintf("entry of mode %o", uint32(m))
}

// An Entry is one line of a tree.
type Entry struct {
	Mode Mode
	Name string
	ID   ID
}

// A Tree is a tree object in canonical form: modes that Git writes, names that
// stand for something directly below the tree, each once, in Git's order. In such
// a tree lookup by name, checkout and "git ls-tree" cannot disagree.
type Tree struct {
	raw []byte
}

// ParseTree checks the raw content of the tree id, whose hash the caller has
// checked. Any departure from the canonical form is a *MalformedError.
func ParseTree(id ID, raw []byte) (Tree, error) {
	check := treeChecker{}
	for rest := raw; len(rest) > 0; {
		entry, after, ok := cutEntry(rest)
		if !ok {
			return Tree{}, &MalformedError{ID: id, Kind: KindTree, Detail: "an entry is cut short or has a mode that git does not write"}
		}
		if detail := check.entry(entry); detail != "" {
			return Tree{}, &MalformedError{ID: id, Kind: KindTree, Detail: detail}
		}
		rest = after
	}
	return Tree{raw: raw}, nil
}

// Entry returns the entry with exactly this name.
func (t Tree) Entry(name string) (Entry, bool) {
	for rest := t.raw; len(rest) > 0; {
		entry, after, _ := cutEntry(rest)
		if string(entry.name) == name {
			return entry.Entry(), true
		}
		rest = after
	}
	return Entry{}, false
}

// Entries yields all entries in Git's order.
func (t Tree) Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for rest := t.raw; len(rest) > 0; {
			entry, after, _ := cutEntry(rest)
			if !yield(entry.Entry()) {
				return
			}
			rest = after
		}
	}
}

// rawEntry is an entry whose name and id still lie in the tree.
type rawEntry struct {
	mode Mode
	name []byte
	id   []byte
}

func (e rawEntry) Entry() Entry {
	return Entry{Mode: e.mode, Name: string(e.name), ID: ID(e.id)}
}

// cutEntry takes the first entry "MODE NAME\0ID" off raw. The mode must be one
// that Git writes, without leading zeros.
func cutEntry(raw []byte) (entry rawEntry, rest []byte, ok bool) {
	space := bytes.IndexByte(raw[:min(len(raw), 7)], ' ')
	if space < 0 {
		return rawEntry{}, nil, false
	}
	entry.mode, ok = parseMode(raw[:space])
	if !ok {
		return rawEntry{}, nil, false
	}
	raw = raw[space+1:]
	nul := bytes.IndexByte(raw, 0)
	if nul < 0 || len(raw) < nul+1+len(ID{}) {
		return rawEntry{}, nil, false
	}
	entry.name = raw[:nul]
	entry.id = raw[nul+1 : nul+1+len(ID{})]
	return entry, raw[nul+1+len(ID{}):], true
}

func parseMode(digits []byte) (Mode, bool) {
	switch string(digits) {
	case "100644":
		return ModeFile, true
	case "40000":
		return ModeTree, true
	case "100755":
		return ModeExecutable, true
	case "120000":
		return ModeSymlink, true
	case "160000":
		return ModeGitlink, true
	case "100664":
		return ModeGroupWritable, true
	}
	return 0, false
}

// treeChecker sees the entries of a tree in turn and finds names that are out
// of order, repeated or not fit for a checkout.
type treeChecker struct {
	last rawEntry
	// files are names of earlier entries that are not directories and that
	// are prefixes of the last name. Only they can come again as a directory:
	// Git orders a directory as if its name ended in a slash, so that other
	// entries can stand between the two.
	files [][]byte
}

func (c *treeChecker) entry(e rawEntry) (detail string) {
	if detail := checkName(e.name); detail != "" {
		return detail
	}
	if c.last.name != nil && compareEntries(c.last, e) >= 0 {
		return fmt.Sprintf("the entry %q is repeated or out of order", clip(e.name))
	}
	for len(c.files) > 0 && !bytes.HasPrefix(e.name, c.files[len(c.files)-1]) {
		c.files = c.files[:len(c.files)-1]
	}
	for _, file := range c.files {
		if len(file) == len(e.name) {
			return fmt.Sprintf("the entry %q is both a file and a directory", clip(e.name))
		}
	}
	if e.mode != ModeTree {
		c.files = append(c.files, e.name)
	}
	c.last = e
	return ""
}

// checkName refuses names that Git checks out on no system. What a file system may
// take for another name (letter case, ignored characters) is not its concern: bytes
// decide.
func checkName(name []byte) (detail string) {
	switch {
	case len(name) == 0:
		return "an entry has an empty name"
	case bytes.IndexByte(name, '/') >= 0:
		return fmt.Sprintf("the entry %q has a slash in its name", clip(name))
	case string(name) == "." || string(name) == ".." || (len(name) == 4 && bytes.EqualFold(name, []byte(".git"))):
		return fmt.Sprintf("the entry %q has a name that git reserves", name)
	}
	return ""
}

// compareEntries orders entries as Git does: by bytes, a directory as if its
// name ended in a slash (base_name_compare in Git's tree.c).
func compareEntries(a, b rawEntry) int {
	n := min(len(a.name), len(b.name))
	if c := bytes.Compare(a.name[:n], b.name[:n]); c != 0 {
		return c
	}
	return int(a.after(n)) - int(b.after(n))
}

// after is the byte that stands behind the first n bytes of the name.
func (e rawEntry) after(n int) byte {
	switch {
	case len(e.name) > n:
		return e.name[n]
	case e.mode == ModeTree:
		return '/'
	}
	return 0
}
