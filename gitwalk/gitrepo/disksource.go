package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// diskSource is a Source that reads objects in-process.
//
// No library does the reading, for three reasons. Those that there are resolve
// deltas by recursion, so that a chain that is a circle or a million deltas long
// overflows the stack, which no program survives. They inflate whatever a pack
// declares. And they keep an index of all objects for each goroutine. Here every step
// is bounded (chain.go).
type diskSource struct {
	ctx    context.Context
	set    *packSet
	open   map[*pack]*packReader
	last   *pack // where the last object was found
	cache  baseCache
	in     packInput
	deltas []delta // of the object that is being read
	codes  []byte  // of these deltas, one after the other
	closed bool
}

func newDiskSource(ctx context.Context, set *packSet) *diskSource {
	set.enter()
	return &diskSource{ctx: ctx, set: set, open: make(map[*pack]*packReader)}
}

func (s *diskSource) Close() error {
	if !s.closed {
		s.closed = true
		s.open, s.last = nil, nil
		s.cache, s.in = baseCache{}, packInput{}
		s.deltas, s.codes = nil, nil
		s.set.leave()
	}
	return nil
}

var errClosed = errors.New("the source is closed")

// Object implements gitwalk.Source.
func (s *diskSource) Object(id gitwalk.ID, limit int64) (kind gitwalk.Kind, content []byte, err error) {
	if s.closed {
		return 0, nil, errClosed
	}
	if err := s.ctx.Err(); err != nil {
		return 0, nil, err
	}
	defer func() {
		s.set.work.done(s.in.inflated, s.in.parts.read, err)
		s.in.inflated, s.in.parts.read = 0, 0
	}()
	defer func() {
		if r := recover(); r != nil {
			s.open, s.in = make(map[*pack]*packReader), packInput{} // they may be in any state
			kind, content, err = 0, nil, corrupt(id, fmt.Errorf("reading it fails: %v", r))
		}
	}()
	return s.find(id, limit)
}

// find looks everywhere, and once more if the packs have changed meanwhile: git
// may repack at any time.
func (s *diskSource) find(id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
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
func (s *diskSource) everywhere(packs []*pack, id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	var failed error
	if s.last != nil {
		kind, content, err := s.inPack(s.last, id, limit)
		if err == nil {
			return kind, content, nil
		}
		if !errors.Is(err, errAbsent) {
			failed = err
		}
	}
	for _, p := range packs {
		if p == s.last {
			continue
		}
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
func (s *diskSource) classify(id gitwalk.ID, limit int64, err error) error {
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
func (s *diskSource) inPack(p *pack, id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
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
		if reader, err = newPackReader(p, index, &s.in); err != nil {
			return 0, nil, err
		}
		s.open[p] = reader
	}
	object, err := s.chain(reader, offset, limit)
	return object.kind, object.content, err
}
