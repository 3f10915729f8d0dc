package keysource

import (
	"errors"
	"fmt"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// Limits on what a branch can make this program read.
const (
	maxDepth = 16       // directories within each other
	maxBytes = 64 << 20 // all files together
	// maxEntries is how many entries of trees are looked at. A tree that is its
	// own cousin many times over would otherwise never end.
	maxEntries = 200_000
	// maxSkipped is how many files may be useless, each of which has cost
	// something to look at.
	maxSkipped = 1000
)

// readBranch reads the key files in the tree of a commit, in directories too. Files
// that are in known have been read from another branch; the ids of the others are
// added to it.
func readBranch(reader *gitwalk.Reader, tip gitwalk.ID, known map[gitwalk.ID]bool) ([]keyring.File, []keyring.Skipped, error) {
	raw, err := reader.Commit(tip)
	if err != nil {
		return nil, nil, err
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("commit %s of the keyring: %w", tip, err)
	}
	b := branchReader{reader: reader, known: known}
	err = b.tree("", links.Tree, 0)
	for _, id := range b.ids {
		known[id] = true
	}
	return b.files, b.skipped, err
}

type branchReader struct {
	reader  *gitwalk.Reader
	known   map[gitwalk.ID]bool
	ids     []gitwalk.ID // of files
	files   []keyring.File
	skipped []keyring.Skipped
	bytes   int // of files, and of the first that was one too many
	entries int
	stopped bool
}

func (b *branchReader) skip(path, detail string) {
	b.skipped = append(b.skipped, keyring.Skipped{File: path, Detail: detail})
}

// enough says why nothing more is read, or is empty.
func (b *branchReader) enough() string {
	switch {
	case b.entries >= maxEntries:
		return fmt.Sprintf("more than %d entries are in the tree", maxEntries)
	case len(b.files) >= keyring.MaxFiles:
		return fmt.Sprintf("a keyring has at most %d files", keyring.MaxFiles)
	case b.bytes > maxBytes:
		return fmt.Sprintf("the files together are larger than %d bytes", maxBytes)
	case len(b.skipped) >= maxSkipped:
		return fmt.Sprintf("%d files could not be used", maxSkipped)
	}
	return ""
}

// tree reads the files below a directory. One that is malformed is passed over
// like a bad file; one that is missing makes the verdict impossible.
func (b *branchReader) tree(prefix string, id gitwalk.ID, depth int) error {
	raw, err := b.reader.Tree(id)
	var tree gitwalk.Tree
	if err == nil {
		tree, err = gitwalk.ParseTree(id, raw)
	}
	if unusable(err) {
		b.skip(prefix, err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	for entry := range tree.Entries() {
		if b.stop(prefix + entry.Name) {
			return nil
		}
		if err := b.entry(prefix, entry, depth); err != nil {
			return err
		}
	}
	return nil
}

// stop says whether reading has come to an end in front of the entry at path.
func (b *branchReader) stop(path string) bool {
	why := b.enough()
	if why != "" && !b.stopped {
		b.stopped = true
		b.skip(path, "it and what follows is not read: "+why)
	}
	b.entries++
	return b.stopped
}

func (b *branchReader) entry(prefix string, entry gitwalk.Entry, depth int) error {
	path := prefix + entry.Name
	switch {
	case entry.Mode == gitwalk.ModeTree && depth >= maxDepth:
		b.skip(path, fmt.Sprintf("more than %d directories within each other", maxDepth))
	case entry.Mode == gitwalk.ModeTree:
		return b.tree(path+"/", entry.ID, depth+1)
	case entry.Mode.IsFile() && keyring.IsKeyFile(entry.Name):
		return b.file(path, entry.ID)
	}
	return nil
}

func (b *branchReader) file(path string, id gitwalk.ID) error {
	if b.known[id] {
		return nil
	}
	content, err := b.reader.Blob(id, keyring.MaxFile)
	switch {
	case unusable(err):
		b.skip(path, err.Error())
		return nil
	case err != nil:
		return err
	}
	if b.bytes += len(content); b.bytes <= maxBytes {
		b.files = append(b.files, keyring.File{Name: path, Content: content})
		b.ids = append(b.ids, id)
	} else {
		b.skip(path, fmt.Sprintf("with it the files together are larger than %d bytes", maxBytes))
	}
	return nil
}

// unusable tells an object that is bad in itself from one that cannot be had.
func unusable(err error) bool {
	return errors.As(err, new(*gitwalk.MalformedError)) ||
		errors.As(err, new(*gitwalk.TooLargeError)) ||
		errors.As(err, new(*gitwalk.KindError))
}
