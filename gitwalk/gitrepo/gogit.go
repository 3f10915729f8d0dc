package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// goGit is a Source that reads objects in-process.
//
// It does not use go-git's object storage, for three reasons. That resolves
// deltas by recursion, so that a chain that is a circle or a million deltas long
// overflows the stack, which no program survives. It inflates whatever a pack
// declares. And it keeps an index of 80 bytes an object for each goroutine. What
// it is made of has none of these faults: go-git's scanner and delta decoder do
// the reading below, one bounded step at a time (chain.go).
type goGit struct {
	ctx    context.Context
	set    *packSet
	open   map[*pack]*packReader
	last   *pack // where the last object was found
	cache  baseCache
	closed bool
}

func newGoGit(ctx context.Context, set *packSet) *goGit {
	set.enter()
	return &goGit{ctx: ctx, set: set, open: make(map[*pack]*packReader)}
}

func (s *goGit) Close() error {
	if !s.closed {
		s.closed = true
		s.open, s.last = nil, nil
		s.cache = baseCache{}
		s.set.leave()
	}
	return nil
}

var errClosed = errors.New("the source is closed")

// Object implements gitwalk.Source.
func (s *goGit) Object(id gitwalk.ID, limit int64) (kind gitwalk.Kind, content []byte, err error) {
	if s.closed {
		return 0, nil, errClosed
	}
	if err := s.ctx.Err(); err != nil {
		return 0, nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			s.open = make(map[*pack]*packReader) // it may be in any state
			kind, content, err = 0, nil, corrupt(id, fmt.Errorf("reading it fails: %v", r))
		}
	}()
	return s.find(id, limit)
}

// find looks everywhere, and once more if the packs have changed meanwhile: git
// may repack at any time.
func (s *goGit) find(id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	packs, err := s.set.packs(false)
	if err != nil {
		return 0, nil, corrupt(id, err)
	}
	kind, content, err := s.everywhere(packs, id, limit)
	if err == nil || errors.As(err, new(*gitwalk.TooLargeError)) {
		return kind, content, err
	}
	now, errNow := s.set.packs(true)
	if errNow != nil || slices.Equal(packs, now) {
		return 0, nil, err
	}
	return s.everywhere(now, id, limit)
}

// everywhere tries the packs and then the object's own file. What one place has
// damaged may be whole in another; the error is that of the first one.
func (s *goGit) everywhere(packs []*pack, id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	var failed error
	if s.last != nil {
		if kind, content, err := s.inPack(s.last, id, limit); err == nil {
			return kind, content, nil
		}
	}
	for _, p := range packs {
		kind, content, err := s.inPack(p, id, limit)
		if err == nil {
			s.last = p
			return kind, content, nil
		}
		if failed == nil && !errors.Is(err, errAbsent) {
			failed = err
		}
	}
	kind, content, err := s.loose(id, limit)
	if err == nil || failed == nil && !isAbsent(err) {
		return kind, content, s.classify(id, limit, err)
	}
	if failed == nil {
		return 0, nil, &gitwalk.MissingError{ID: id}
	}
	return 0, nil, s.classify(id, limit, failed)
}

// errAbsent says that a pack does not have an object.
var errAbsent = errors.New("no such object")

// errTooLarge says that an object is larger than the limit for it.
var errTooLarge = errors.New("larger than the limit")

// classify makes an error of reading an object one of gitwalk's.
func (s *goGit) classify(id gitwalk.ID, limit int64, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooLarge):
		return &gitwalk.TooLargeError{ID: id, Limit: limit}
	}
	return corrupt(id, err)
}

func corrupt(id gitwalk.ID, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return &gitwalk.CorruptError{ID: id, Detail: err.Error()}
}

// inPack reads an object from a pack.
func (s *goGit) inPack(p *pack, id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	index, err := p.load()
	if err != nil {
		return 0, nil, err
	}
	offset, ok, err := index.offset(id)
	if err != nil {
		return 0, nil, p.indexError(err)
	}
	if !ok {
		return 0, nil, errAbsent
	}
	reader, ok := s.open[p]
	if !ok {
		if reader, err = newPackReader(p, index); err != nil {
			return 0, nil, err
		}
		s.open[p] = reader
	}
	object, err := s.chain(reader, offset, limit)
	return object.kind, object.content, err
}
