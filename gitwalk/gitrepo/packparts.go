package gitrepo

import "io"

// A packParts has the parts of packs that one Source has read last. Neighbours in a pack
// are read one after the other, commits in one place of it and trees in another. A part
// that is mapped into memory would cost less, and the life of the process if somebody
// cuts the file short.
type packParts struct {
	recent [maxParts]*packPart // the last used one first
	read   int64               // bytes, of files
}

const (
	maxParts = 16
	// Each part begins at a multiple of partStep and overlaps with the next one, so
	// that most commits are whole in the part in which they begin. Larger parts cost
	// more where neighbours are few than they save where they are many.
	partStep    = 4 << 10
	partOverlap = 2 << 10
)

// A packPart is a part of a pack.
type packPart struct {
	pack    *packReader
	start   int64
	content []byte
}

// at returns what a pack has from an offset on, as far as the part goes: until the end
// of the pack or more than partOverlap bytes. It is valid until the next call.
func (w *packParts) at(r *packReader, offset int64) ([]byte, error) {
	start := offset - offset%partStep
	for i, v := range w.recent {
		if v != nil && v.pack == r && v.start == start {
			w.front(i)
			return v.from(offset), nil
		}
	}
	last := len(w.recent) - 1
	if w.recent[last] == nil {
		w.recent[last] = &packPart{content: make([]byte, 0, partStep+partOverlap)}
	}
	v := w.recent[last]
	v.pack = nil
	n, err := r.file.ReadAt(v.content[:min(partStep+partOverlap, r.size-start)], start)
	if err != nil && err != io.EOF { // an early end is noticed by who reads on
		return nil, err
	}
	w.read += int64(n)
	v.pack, v.start, v.content = r, start, v.content[:n]
	w.front(last)
	return v.from(offset), nil
}

// front makes a part the first.
func (w *packParts) front(i int) {
	v := w.recent[i]
	copy(w.recent[1:i+1], w.recent[:i])
	w.recent[0] = v
}

func (v *packPart) from(offset int64) []byte {
	return v.content[min(offset-v.start, int64(len(v.content))):]
}
