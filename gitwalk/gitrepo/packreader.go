package gitrepo

import (
	"errors"
	"fmt"
	"math/bits"
	"os"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A packReader reads the entries of a pack for one Source.
type packReader struct {
	index *packIndex
	file  *os.File
	size  int64 // of the file, without the checksum at its end
	in    *packInput
}

// The parts of a pack that are of a fixed size (gitformat-pack(5)).
const (
	sizeOfHeader  = 12
	sizeOfTrailer = 20
)

func newPackReader(p *pack, index *packIndex, in *packInput) (*packReader, error) {
	file, err := p.open()
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &packReader{index, file, info.Size() - sizeOfTrailer, in}, nil
}

// An entry is the head of what a pack has at an offset.
type entry struct {
	kind   gitwalk.Kind // 0 for a delta
	size   int64        // declared; of the delta itself
	base   int64        // offset of what a delta applies to
	offset int64        // where its content begins, deflated
}

// The types of entries beside those of objects, whose numbers are those of their kinds.
const (
	typeOFSDelta = 6
	typeREFDelta = 7
)

// seek reads the head of the entry at an offset.
func (r *packReader) seek(offset int64) (entry, error) {
	if offset < sizeOfHeader || offset >= r.size {
		return entry{}, fmt.Errorf("the pack's index is wrong: nothing is at offset %d", offset)
	}
	b, err := r.in.parts.at(r, offset)
	if err != nil {
		return entry{}, err
	}
	e, err := r.head(b, offset)
	if err != nil {
		return entry{}, fmt.Errorf("the pack is damaged at offset %d: %w", offset, err)
	}
	return e, nil
}

var (
	errCutShort = errors.New("it ends there")
	errNumber   = errors.New("a number is too large")
)

// head reads the head of the entry at an offset, where the pack has b.
func (r *packReader) head(b []byte, offset int64) (entry, error) {
	kind, size, n, err := readTypeAndSize(b)
	if err != nil {
		return entry{}, err
	}
	e := entry{size: size, offset: offset + int64(n)}
	b = b[n:]
	switch kind {
	case byte(gitwalk.KindCommit), byte(gitwalk.KindTree), byte(gitwalk.KindBlob), byte(gitwalk.KindTag):
		e.kind = gitwalk.Kind(kind)
	case typeOFSDelta:
		distance, n, err := readDistance(b)
		if err != nil {
			return entry{}, err
		}
		if distance <= 0 || distance > offset-sizeOfHeader {
			return entry{}, fmt.Errorf("the base of a delta is %d bytes before it", distance)
		}
		e.base = offset - distance
		e.offset += int64(n)
	case typeREFDelta:
		var base gitwalk.ID
		if copy(base[:], b) < len(base) {
			return entry{}, errCutShort
		}
		e.offset += int64(len(base))
		var ok bool
		if e.base, ok, err = r.index.offset(base); err == nil && !ok {
			err = fmt.Errorf("it lacks the base of a delta, %s", base)
		}
		return e, err
	default:
		return entry{}, fmt.Errorf("no object has the type %d", kind)
	}
	return e, nil
}

// readTypeAndSize reads the first number of an entry and returns how many bytes it has:
// 3 bits of type, and then the size, of which the lowest bits come first.
func readTypeAndSize(b []byte) (kind byte, size int64, n int, err error) {
	for shift := uint(0); n < len(b); n++ {
		c := b[n]
		digit := int64(c & 0x7f)
		if n == 0 {
			kind, digit = c>>4&7, int64(c&15)
		}
		if bits.Len64(uint64(digit))+int(shift) > 62 {
			return 0, 0, 0, errNumber
		}
		size |= digit << shift
		if c&0x80 == 0 {
			return kind, size, n + 1, nil
		}
		if shift += 7; n == 0 {
			shift = 4
		}
		shift = min(shift, 63)
	}
	return 0, 0, 0, errCutShort
}

// readDistance reads how far before a delta its base is, of which the highest bits come
// first, and returns how many bytes that has.
func readDistance(b []byte) (distance int64, n int, err error) {
	for n < len(b) {
		c := b[n]
		distance |= int64(c & 0x7f)
		if n++; c&0x80 == 0 {
			return distance, n, nil
		}
		if distance >= 1<<55 {
			return 0, 0, errNumber
		}
		distance = (distance + 1) << 7
	}
	return 0, 0, errCutShort
}
