package gitrepo

import (
	"sync/atomic"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

const (
	// shortIndex is how many objects a pack has at most whose index is read whole at
	// once: a repository can have hundreds of such packs, most of which do not have what
	// is looked for.
	shortIndex = 4096
	// Of a pack with more objects, but not more than mediumIndex, the index is read whole
	// when patience objects have been looked for, and as long as all that are kept so
	// have at most maxWhole bytes together.
	mediumIndex = 256 << 10
	patience    = 512
	maxWhole    = 16 << 20
)

// A wholeIndex has the ids and offsets of all objects of a pack.
type wholeIndex struct{ names, offsets []byte }

// A shelf counts the bytes of whole indexes.
type shelf struct{ bytes atomic.Int64 }

// takes says whether there is room for so many more, and takes it.
func (s *shelf) takes(bytes int64) bool {
	if s.bytes.Add(bytes) <= maxWhole {
		return true
	}
	s.bytes.Add(-bytes)
	return false
}

// whole is all of the index, or nil if it is better not kept.
func (x *packIndex) whole() (*wholeIndex, error) {
	if w := x.kept.Load(); w != nil {
		return w, nil
	}
	if n := x.objects(); n > shortIndex && (n > mediumIndex || x.asked.Add(1) < patience) {
		return nil, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if w := x.kept.Load(); w != nil {
		return w, nil
	}
	return x.keep()
}

// keep reads the index whole, with a file of its own: most short packs are not asked for
// more, so their files need not stay open.
func (x *packIndex) keep() (*wholeIndex, error) {
	n := x.objects()
	w := &wholeIndex{make([]byte, n*int64(len(gitwalk.ID{}))), make([]byte, 4*n)}
	if n > shortIndex && !x.shelf.takes(int64(len(w.names)+len(w.offsets))) {
		x.asked.Store(-1 << 30)
		return nil, nil
	}
	file, err := x.reopen()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := file.ReadAt(w.names, x.nameAt(0)); err != nil {
		return nil, noEOF(err)
	}
	if _, err := file.ReadAt(w.offsets, x.offsetAt(0)); err != nil {
		return nil, noEOF(err)
	}
	x.kept.Store(w)
	return w, nil
}
