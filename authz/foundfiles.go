package authz

import (
	"sync"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A fileRef stands for what was found in the tree of a commit, in four bytes for
// each commit of a long history. The zero fileRef is a tree without the file.
type fileRef uint32

// fileKey tells files apart: the same content with another mode is another file.
type fileKey struct {
	mode gitwalk.Mode
	id   gitwalk.ID
}

// foundFile is what a fileRef stands for.
type foundFile struct {
	fileKey
	malformed  error // why the tree cannot be read one way only
	unreadable error // why the repository does not give the tree
}

// foundFiles has what was found in the trees of commits. It is safe for concurrent
// use.
type foundFiles struct {
	mu sync.Mutex
	// refs has the places in distinct of the files that were met.
	refs     map[fileKey]fileRef
	distinct []foundFile
}

func newFoundFiles() foundFiles {
	return foundFiles{refs: map[fileKey]fileRef{{}: 0}, distinct: make([]foundFile, 1)}
}

// ref is the reference to an entry; the zero entry means that there is no file.
func (f *foundFiles) ref(entry gitwalk.Entry) fileRef {
	key := fileKey{entry.Mode, entry.ID}
	f.mu.Lock()
	defer f.mu.Unlock()
	ref, ok := f.refs[key]
	if !ok {
		ref = f.append(foundFile{fileKey: key})
		f.refs[key] = ref
	}
	return ref
}

// add is a new reference, to something that is no file.
func (f *foundFiles) add(found foundFile) fileRef {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.append(found)
}

func (f *foundFiles) append(found foundFile) fileRef {
	f.distinct = append(f.distinct, found)
	return fileRef(len(f.distinct) - 1)
}

func (f *foundFiles) at(ref fileRef) foundFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.distinct[ref]
}
