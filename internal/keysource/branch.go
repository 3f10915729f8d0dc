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
)

// readBranch reads the key files in the tree of a commit, in directories too.
func readBranch(reader *gitwalk.Reader, tip gitwalk.ID) ([]keyring.File, []keyring.Skipped, error) {
	raw, err := reader.Commit(tip)
	if err != nil {
		return nil, nil, err
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("commit %s of the keyring: %w", tip, err)
	}
	b := branchReader{reader: reader}
	err = b.tree("", links.Tree, 0)
	return b.files, b.skipped, err
}

type branchReader struct {
	reader  *gitwalk.Reader
	files   []keyring.File
	skipped []keyring.Skipped
	bytes   int
	entries int
}

func (b *branchReader) skip(path, detail string) {
	b.skipped = append(b.skipped, keyring.Skipped{File: path, Detail: detail})
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
		path := prefix + entry.Name
		if b.entries++; b.entries > maxEntries {
			b.skip(prefix, fmt.Sprintf("more than %d entries in the tree", maxEntries))
			return nil
		}
		switch {
		case entry.Mode == gitwalk.ModeTree && depth >= maxDepth:
			b.skip(path, fmt.Sprintf("more than %d directories within each other", maxDepth))
		case entry.Mode == gitwalk.ModeTree:
			if err := b.tree(path+"/", entry.ID, depth+1); err != nil {
				return err
			}
		case entry.Mode.IsFile() && keyring.IsKeyFile(entry.Name):
			if err := b.file(path, entry.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *branchReader) file(path string, id gitwalk.ID) error {
	if len(b.files) >= keyring.MaxFiles {
		b.skip(path, fmt.Sprintf("more than %d files", keyring.MaxFiles))
		return nil
	}
	content, err := b.reader.Blob(id, keyring.MaxFile)
	switch {
	case unusable(err):
		b.skip(path, err.Error())
		return nil
	case err != nil:
		return err
	case b.bytes+len(content) > maxBytes:
		b.skip(path, fmt.Sprintf("the files together are larger than %d bytes", maxBytes))
		return nil
	}
	b.bytes += len(content)
	b.files = append(b.files, keyring.File{Name: path, Content: content})
	return nil
}

// unusable tells an object that is bad in itself from one that cannot be had.
func unusable(err error) bool {
	return errors.As(err, new(*gitwalk.MalformedError)) ||
		errors.As(err, new(*gitwalk.TooLargeError)) ||
		errors.As(err, new(*gitwalk.KindError))
}
