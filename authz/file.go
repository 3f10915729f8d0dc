package authz

import (
	"errors"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A File is the authorizations file in the tree of one commit. The zero File,
// less its Sum, is that of a tree that has none.
type File struct {
	// Entry is what stands under the file's name; it is zero if nothing does.
	Entry gitwalk.Entry
	// Sum is the SHA-256 of the file's content, for a tree without the file that
	// of no content. It means nothing where there is an Err.
	Sum [32]byte
	// Authorizations is what the file says, nil if it is absent or malformed.
	Authorizations *Authorizations
	// Err is why the file says nothing although something is there: it is
	// malformed, no regular file, or the tree cannot be read one way only.
	Err error
}

// Present says whether the tree has anything under the file's name.
func (f *File) Present() bool { return f.Entry != gitwalk.Entry{} }

// same says whether two trees have the same file.
func (f *File) same(other *File) bool { return f.Entry == other.Entry }

// treeOf is the root tree of a commit, which need not be canonical.
func treeOf(commit gitwalk.ID, raw []byte) (gitwalk.ID, error) {
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return gitwalk.ID{}, &gitwalk.MalformedError{ID: commit, Kind: gitwalk.KindCommit, Detail: err.Error()}
	}
	return links.Tree, nil
}

// findFile looks the authorizations file up in a tree; a zero entry means that
// there is none.
func findFile(reader *gitwalk.Reader, tree gitwalk.ID, format Format) (gitwalk.Entry, error) {
	raw, err := reader.Tree(tree)
	if err != nil {
		return gitwalk.Entry{}, err
	}
	parsed, err := gitwalk.ParseTree(tree, raw)
	if err != nil {
		return gitwalk.Entry{}, err
	}
	entry, _ := parsed.Entry(format.FileName())
	return entry, nil
}

// isMalformed tells what a commit or tree itself is to blame for from what the
// repository is.
func isMalformed(err error) bool {
	return errors.As(err, new(*gitwalk.MalformedError)) ||
		errors.As(err, new(*gitwalk.TooLargeError)) ||
		errors.As(err, new(*gitwalk.KindError))
}
