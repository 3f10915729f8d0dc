package authz

import (
	"errors"
	"fmt"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A File is the authorizations file in the tree of one commit. The zero File is
// that of a tree that has none.
type File struct {
	// Entry is what stands under the file's name; its ID is zero if nothing does.
	Entry gitwalk.Entry
	// Authorizations is what the file says, nil if it is absent or malformed.
	Authorizations *Authorizations
	// Err is why the file says nothing although something is there: it is
	// malformed, no regular file, or the tree cannot be read one way only.
	Err error
}

// Present says whether the tree has anything under the file's name.
func (f *File) Present() bool { return !f.Entry.ID.IsZero() }

// same says whether two trees have the same file.
func (f *File) same(other *File) bool { return f.Entry == other.Entry }

// files reads authorizations files and parses each distinct one once.
type files struct {
	format Format
	reader *gitwalk.Reader
	parsed map[gitwalk.Entry]*File
	// ofCommit keeps the files of commits outside the range.
	ofCommit map[gitwalk.ID]*File
}

func newFiles(format Format, reader *gitwalk.Reader) *files {
	return &files{
		format: format, reader: reader,
		parsed:   map[gitwalk.Entry]*File{{}: {}},
		ofCommit: make(map[gitwalk.ID]*File),
	}
}

// of returns the file of any commit. A commit that is none, or whose tree is
// not canonical, has one with an error: it authorizes nobody.
func (f *files) of(commit gitwalk.ID) (*File, error) {
	if file, ok := f.ofCommit[commit]; ok {
		return file, nil
	}
	raw, err := f.reader.Commit(commit)
	if err != nil {
		return nil, err
	}
	file, err := f.ofRaw(raw)
	if err == nil {
		f.ofCommit[commit] = file
	}
	return file, err
}

func (f *files) ofRaw(raw []byte) (*File, error) {
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return &File{Err: err}, nil
	}
	entry, err := findFile(f.reader, links.Tree, f.format)
	if isMalformed(err) {
		return &File{Err: err}, nil
	}
	if err != nil {
		return nil, err
	}
	return f.parse(entry)
}

// parse returns what the entry says. The error is that its blob cannot be had.
func (f *files) parse(entry gitwalk.Entry) (*File, error) {
	if file, ok := f.parsed[entry]; ok {
		return file, nil
	}
	file := &File{Entry: entry}
	if !entry.Mode.IsFile() {
		file.Err = fmt.Errorf("%s is a %s instead of a file", f.format.FileName(), entry.Mode)
		f.parsed[entry] = file
		return file, nil
	}
	content, err := f.reader.Blob(entry.ID, MaxAuthorizations)
	switch {
	case errors.As(err, new(*gitwalk.TooLargeError)):
		file.Err = fmt.Errorf("%s is larger than %d bytes", f.format.FileName(), MaxAuthorizations)
	case err != nil:
		return nil, err
	default:
		file.Authorizations, file.Err = ParseAuthorizations(f.format, content)
	}
	f.parsed[entry] = file
	return file, nil
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
