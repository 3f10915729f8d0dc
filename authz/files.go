package authz

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// files finds and reads authorizations files. It is for one goroutine, but for what foundFiles does.
type files struct {
	format Format
	reader *gitwalk.Reader
	foundFiles
	parsed parsedFiles
	// ofCommit has the files of commits outside the range.
	ofCommit map[gitwalk.ID]fileRef
}

func newFiles(format Format, reader *gitwalk.Reader) *files {
	return &files{
		format: format, reader: reader,
		foundFiles: newFoundFiles(),
		ofCommit:   make(map[gitwalk.ID]fileRef),
	}
}

// gathered is the reference to what a gatherer found in the tree of a commit.
func (f *files) gathered(g *gathered) fileRef {
	switch {
	case g.err != nil:
		return f.add(foundFile{unreadable: g.err})
	case g.noTree != nil:
		return f.add(foundFile{malformed: g.noTree})
	}
	return f.ref(g.file)
}

// of returns the file of any commit. A commit that is none, or whose tree is
// not canonical, has one with an error: it authorizes nobody.
func (f *files) of(commit gitwalk.ID) (*File, error) {
	ref, ok := f.ofCommit[commit]
	if !ok {
		var err error
		if ref, err = f.find(commit); err != nil {
			return nil, err
		}
		f.ofCommit[commit] = ref
	}
	return f.get(ref)
}

// find looks up the file of a commit without remembering whose it is.
func (f *files) find(commit gitwalk.ID) (fileRef, error) {
	var entry gitwalk.Entry
	raw, err := f.reader.Commit(commit)
	if err == nil {
		entry, err = f.inCommit(commit, raw)
	}
	if isMalformed(err) {
		return f.add(foundFile{malformed: err}), nil
	}
	if err != nil {
		return 0, err
	}
	return f.ref(entry), nil
}

func (f *files) inCommit(commit gitwalk.ID, raw []byte) (gitwalk.Entry, error) {
	tree, err := treeOf(commit, raw)
	if err != nil {
		return gitwalk.Entry{}, err
	}
	return findFile(f.reader, tree, f.format)
}

// get returns the file that ref stands for. The error is that the repository
// does not have its blob, or its tree.
func (f *files) get(ref fileRef) (*File, error) {
	found := f.at(ref)
	switch {
	case found.unreadable != nil:
		return nil, found.unreadable
	case found.malformed != nil:
		return &File{Err: found.malformed}, nil
	case ref == 0:
		return &File{Sum: sha256.Sum256(nil)}, nil
	}
	if file, ok := f.parsed.get(ref); ok {
		return file, nil
	}
	parsed, err := f.parse(found.fileKey)
	if err == nil {
		f.parsed.put(ref, parsed)
	}
	return parsed.file, err
}

// parse reads a file. The error is that the repository does not have its blob.
func (f *files) parse(key fileKey) (parsedFile, error) {
	name := f.format.FileName()
	file := &File{Entry: gitwalk.Entry{Mode: key.mode, Name: name, ID: key.id}}
	if !key.mode.IsFile() {
		file.Err = fmt.Errorf("%s is a %s instead of a file", name, key.mode)
		return parsedFile{file, 0}, nil
	}
	content, err := f.reader.Blob(key.id, MaxAuthorizations)
	switch {
	case errors.As(err, new(*gitwalk.TooLargeError)):
		file.Err = fmt.Errorf("%s is larger than %d bytes", name, MaxAuthorizations)
	case isMalformed(err):
		file.Err = fmt.Errorf("%s is no file: %w", name, err)
	case err != nil:
		return parsedFile{}, err
	default:
		file.Sum = sha256.Sum256(content)
		file.Authorizations, file.Err = ParseAuthorizations(f.format, content)
	}
	return parsedFile{file, len(content)}, nil
}
