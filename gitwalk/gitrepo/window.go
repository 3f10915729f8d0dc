package gitrepo

import "io"

// A windows has the parts of packs that one Source has read last. Neighbours in a pack
// are read one after the other, commits in one place of it and trees in another. A part
// that is mapped into memory would cost less, and the life of the process if somebody
// cuts the file short.
type windows struct {
	recent [maxWindows]*window // the last used one first
	read   int64               // bytes, of files
}

const (
	maxWindows = 16
	// Each window begins at a multiple of windowStep and overlaps with the next one, so
	// that most commits are whole in the window in which they begin. Larger windows cost
	// more where neighbours are few than they save where they are many.
	windowStep    = 8 << 10
	windowOverlap = 4 << 10
)

// A window is a part of a pack.
type window struct {
	pack    *packReader
	start   int64
	content []byte
}

// at returns what a pack has from an offset on, as far as the window goes: until the end
// of the pack or more than windowOverlap bytes. It is valid until the next call.
func (w *windows) at(r *packReader, offset int64) ([]byte, error) {
	start := offset - offset%windowStep
	for i, v := range w.recent {
		if v != nil && v.pack == r && v.start == start {
			w.front(i)
			return v.from(offset), nil
		}
	}
	last := len(w.recent) - 1
	if w.recent[last] == nil {
		w.recent[last] = &window{content: make([]byte, 0, windowStep+windowOverlap)}
	}
	v := w.recent[last]
	v.pack = nil
	n, err := r.file.ReadAt(v.content[:min(windowStep+windowOverlap, r.size-start)], start)
	if err != nil && err != io.EOF { // an early end is noticed by who reads on
		return nil, err
	}
	w.read += int64(n)
	v.pack, v.start, v.content = r, start, v.content[:n]
	w.front(last)
	return v.from(offset), nil
}

// front makes a window the first.
func (w *windows) front(i int) {
	v := w.recent[i]
	copy(w.recent[1:i+1], w.recent[:i])
	w.recent[0] = v
}

func (v *window) from(offset int64) []byte {
	return v.content[min(offset-v.start, int64(len(v.content))):]
}
