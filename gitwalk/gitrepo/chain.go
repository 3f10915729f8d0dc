package gitrepo

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing/format/packfile"

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
func (s *goGit) chain(r *packReader, offset, limit int64) (object, error) {
	base, deltas, err := s.descend(r, offset, limit)
	if err != nil {
		return object{}, err
	}
	shared := true
	for _, d := range slices.Backward(deltas) {
		content, err := packfile.PatchDelta(base.content, d.code)
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

// descend reads the deltas at an offset, the last to be applied first, and the
// whole object below them, which it has put into the cache if it fits.
func (s *goGit) descend(r *packReader, offset, limit int64) (object, []delta, error) {
	var deltas []delta
	codes, work := int64(0), int64(0)
	for len(deltas) <= maxChain {
		if base, ok := s.cache.get(r, offset); ok {
			if len(deltas) == 0 && int64(len(base.content)) > limit {
				return object{}, nil, errTooLarge
			}
			return base, deltas, nil
		}
		e, err := r.seek(offset)
		if err != nil {
			return object{}, nil, err
		}
		if e.kind != 0 {
			base, err := s.whole(r, e, offset, limit, len(deltas) == 0)
			return base, deltas, err
		}
		d, err := readDelta(r, e, offset, maxBase-codes)
		if err != nil {
			return object{}, nil, err
		}
		if len(deltas) == 0 && d.result > limit {
			return object{}, nil, errTooLarge
		}
		codes += e.size
		if work += e.size + d.result; d.result > maxBase || work > maxWork {
			return object{}, nil, fmt.Errorf("the deltas that it is made of are too large")
		}
		deltas = append(deltas, d)
		offset = e.base
	}
	return object{}, nil, fmt.Errorf("it is made of more than %d deltas", maxChain)
}

// whole reads an object that is no delta.
func (s *goGit) whole(r *packReader, e entry, offset, limit int64, wanted bool) (object, error) {
	switch {
	case wanted && e.size > limit:
		return object{}, errTooLarge
	case e.size > maxBase && !wanted:
		return object{}, fmt.Errorf("the base of its deltas has %d bytes, which is too much", e.size)
	}
	content, err := r.content(e)
	if err != nil {
		return object{}, err
	}
	o := object{e.kind, content}
	s.cache.put(r, offset, o)
	return o, nil
}

func readDelta(r *packReader, e entry, offset, most int64) (delta, error) {
	if e.size > most {
		return delta{}, fmt.Errorf("the deltas that it is made of are too large")
	}
	code, err := r.content(e)
	if err != nil {
		return delta{}, err
	}
	_, n := binary.Uvarint(code) // the size of the base
	if n > 0 {
		result, m := binary.Uvarint(code[n:])
		if m > 0 && result < 1<<62 {
			return delta{offset, code, int64(result)}, nil
		}
	}
	return delta{}, fmt.Errorf("the pack is damaged: the delta at offset %d has no size", offset)
}
