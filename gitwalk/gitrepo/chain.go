package gitrepo

import (
	"fmt"
	"slices"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// Limits on the deltas that one object is made of. Git makes chains of at most
// 4,095 deltas.
const (
	maxChain = 4095
	maxBase  = 256 << 20 // bytes of a base, and of all deltas together
	maxWork  = 2 << 30   // bytes of everything that is inflated or patched
)

type object struct {
	kind    gitwalk.Kind
	content []byte
}

// A delta makes one object of another.
type delta struct {
	offset int64 // where in the pack it is
	code   []byte
	result int64 // declared size of what it makes; the decoder holds it to that
}

// chain reads the object at an offset of a pack: from delta to base until there is
// a whole object, and then back again, applying the deltas.
func (s *diskSource) chain(r *packReader, offset, limit int64) (object, error) {
	defer s.forget()
	base, shared, err := s.descend(r, offset, limit)
	if err != nil {
		return object{}, err
	}
	for _, d := range slices.Backward(s.deltas) {
		content, err := apply(base.content, d)
		if err != nil {
			return object{}, fmt.Errorf("the pack is damaged: the delta at offset %d: %w", d.offset, err)
		}
		base.content = content
		shared = s.cache.put(r, d.offset, base)
	}
	if shared {
		base.content = slices.Clone(base.content)
	}
	return base, nil
}

// descend reads the deltas at an offset into s.deltas, the last to be applied first, and
// returns the whole object below them, and whether that is in the cache.
func (s *diskSource) descend(r *packReader, offset, limit int64) (base object, shared bool, err error) {
	work := int64(0)
	for len(s.deltas) <= maxChain {
		wanted := len(s.deltas) == 0
		if base, ok := s.cache.get(r, offset); ok {
			if wanted && int64(len(base.content)) > limit {
				return object{}, false, errTooLarge
			}
			return base, true, nil
		}
		e, err := r.seek(offset)
		if err != nil {
			return object{}, false, err
		}
		if e.kind != 0 {
			return s.whole(r, e, offset, limit, wanted)
		}
		d, err := s.readDelta(r, e, offset)
		if err != nil {
			return object{}, false, err
		}
		if wanted && d.result > limit {
			return object{}, false, errTooLarge
		}
		if work += e.size + d.result; d.result > maxBase || work > maxWork {
			return object{}, false, fmt.Errorf("the deltas that it is made of are too large")
		}
		s.deltas = append(s.deltas, d)
		offset = e.base
	}
	return object{}, false, fmt.Errorf("it is made of more than %d deltas", maxChain)
}

// forget empties s.deltas, and keeps the memory unless it is much.
func (s *diskSource) forget() {
	clear(s.deltas)
	s.deltas = s.deltas[:0]
	if s.codes = s.codes[:0]; cap(s.codes) > mostAtOnce {
		s.codes = nil
	}
}

// whole reads an object that is no delta, and says whether it has put it into the cache.
// A commit that is wanted is likely to be the base of nothing.
func (s *diskSource) whole(r *packReader, e entry, offset, limit int64, wanted bool) (o object, shared bool, err error) {
	switch {
	case wanted && e.size > limit:
		return object{}, false, errTooLarge
	case e.size > maxBase && !wanted:
		return object{}, false, fmt.Errorf("the base of its deltas has %d bytes, which is too much", e.size)
	}
	content, err := r.content(e, nil)
	if err != nil {
		return object{}, false, err
	}
	o = object{e.kind, content}
	if wanted && e.kind == gitwalk.KindCommit {
		return o, false, nil
	}
	return o, s.cache.put(r, offset, o), nil
}

// readDelta reads a delta, whose code it puts behind those of the others.
func (s *diskSource) readDelta(r *packReader, e entry, offset int64) (delta, error) {
	before := len(s.codes)
	if e.size > maxBase-int64(before) {
		return delta{}, fmt.Errorf("the deltas that it is made of are too large")
	}
	codes, err := r.content(e, s.codes)
	if err != nil {
		return delta{}, err
	}
	s.codes = codes
	if rest, _, ok := uvarint(codes[before:]); ok { // the size of the base
		if _, result, ok := uvarint(rest); ok && result < 1<<62 {
			return delta{offset, codes[before:], int64(result)}, nil
		}
	}
	return delta{}, fmt.Errorf("the pack is damaged: the delta at offset %d has no size", offset)
}
