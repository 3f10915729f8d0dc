package gitwalk

import (
	"fmt"
)

// Limits on what is read into memory, in bytes. A larger object is reported as
// TooLargeError and never read whole.
const (
	MaxCommit = 16 << 20
	MaxTree   = 64 << 20
	MaxBlob   = 16 << 20
)

// A Source gives the raw content of objects. It is not trusted: a Reader checks
// what it returns. A Source is used by one goroutine at a time.
type Source interface {
	// Object returns kind and content of the object. It returns a
	// *MissingError when the repository does not have it, a *TooLargeError
	// when its content is longer than limit bytes (without reading it whole),
	// and a *CorruptError when it is there and cannot be read. It never
	// fetches anything. The caller owns the content.
	Object(id ID, limit int64) (Kind, []byte, error)
	// Close ends processes and files that the Source holds.
	Close() error
}

// A Store opens Sources over one repository, one for each goroutine.
type Store interface {
	NewSource() (Source, error)
}

// A Reader reads objects by id from a Source and believes none of them before
// it has hashed the content: a value that a Reader returns has the id that was
// asked for, the right kind, and no trace of a SHA-1 collision attack.
type Reader struct {
	source Source
}

// NewReader wraps a Source; Close closes it.
func NewReader(source Source) *Reader { return &Reader{source: source} }

// Close closes the Source below.
func (r *Reader) Close() error { return r.source.Close() }

// Commit returns the raw content of a commit.
func (r *Reader) Commit(id ID) ([]byte, error) { return r.read(id, KindCommit, MaxCommit) }

// Tree returns the raw content of a tree.
func (r *Reader) Tree(id ID) ([]byte, error) {
	if id == emptyTreeID { // git knows it without having it
		return nil, nil
	}
	return r.read(id, KindTree, MaxTree)
}

// Blob returns the content of a blob of at most limit bytes.
func (r *Reader) Blob(id ID, limit int64) ([]byte, error) { return r.read(id, KindBlob, limit) }

// Tag returns the raw content of an annotated tag.
func (r *Reader) Tag(id ID) ([]byte, error) { return r.read(id, KindTag, MaxCommit) }

// Kind returns the kind of an object after checking its content.
func (r *Reader) Kind(id ID) (Kind, error) {
	kind, content, err := r.source.Object(id, MaxTree)
	if err != nil {
		return 0, err
	}
	if err := check(id, kind, content); err != nil {
		return 0, err
	}
	return kind, nil
}

func (r *Reader) read(id ID, want Kind, limit int64) ([]byte, error) {
	kind, content, err := r.source.Object(id, limit)
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, &TooLargeError{ID: id, Limit: limit}
	}
	if err := check(id, kind, content); err != nil {
		return nil, err
	}
	if kind != want {
		return nil, &KindError{ID: id, Is: kind, Want: want}
	}
	return content, nil
}

func check(id ID, kind Kind, content []byte) error {
	sum, collision := Hash(kind, content)
	return compare(id, sum, collision)
}

func compare(id, sum ID, collision bool) error {
	if collision {
		return &CorruptError{ID: id, Detail: "its content is part of a SHA-1 collision attack"}
	}
	if sum != id {
		return &CorruptError{ID: id, Detail: fmt.Sprintf("its content hashes to %s", sum)}
	}
	return nil
}

// A MissingError says that the repository does not have an object: the clone is
// shallow or partial, or the repository is damaged.
type MissingError struct{ ID ID }

func (e *MissingError) Error() string { return fmt.Sprintf("object %s is missing", e.ID) }

// A CorruptError says that an object is there and is not what its id says.
type CorruptError struct {
	ID     ID
	Detail string
}

func (e *CorruptError) Error() string { return fmt.Sprintf("object %s is corrupt: %s", e.ID, e.Detail) }

// A TooLargeError says that an object exceeds the limit for its use.
type TooLargeError struct {
	ID    ID
	Limit int64 // bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("object %s is larger than %d bytes", e.ID, e.Limit)
}

// A KindError says that an object is of another kind than its use requires.
type KindError struct {
	ID       ID
	Is, Want Kind
}

func (e *KindError) Error() string {
	return fmt.Sprintf("object %s is a %s instead of a %s", e.ID, e.Is, e.Want)
}
