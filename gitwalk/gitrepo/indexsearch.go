package gitrepo

import (
	"bytes"
	"encoding/binary"
	"sort"
	"sync"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

const (
	// window is how many ids are read at a time.
	window = 200
	// guesses is how often the place of an id is guessed, before its bucket is halved.
	guesses = 2
)

// windows are buffers for ids that are read.
var windows = sync.Pool{New: func() any { return new([window * len(gitwalk.ID{})]byte) }}

// search finds the first id that is not less than id, among those that start with the
// same byte, and says whether it is id.
//
// Ids are hashes, so that the place of one among thousands is known to a few dozen: it
// nearly always is in the first window that is read. An index that is made up, in which
// the guesses are wrong, takes a few reads more.
func (x *packIndex) search(id gitwalk.ID) (int64, bool, error) {
	low, high := int64(x.fanout[id[0]]), int64(x.fanout[int(id[0])+1])
	buffer := windows.Get().(*[window * len(gitwalk.ID{})]byte)
	defer windows.Put(buffer)
	likely := low + int64(float64(high-low)*float64(binary.BigEndian.Uint32(id[1:]))/(1<<32))
	for tries := 0; low < high; tries++ {
		if tries >= guesses {
			likely = (low + high) / 2
		}
		first := max(low, min(likely-window/2, high-window))
		names, err := x.names(buffer[:], first, min(first+window, high))
		if err != nil {
			return 0, false, err
		}
		count := len(names) / len(id)
		switch i := lowerBound(names, id); {
		case i < count && gitwalk.ID(names[i*len(id):]) == id:
			return first + int64(i), true, nil
		case i == 0:
			high = first
		case i == count:
			low = first + int64(count)
		default:
			return first + int64(i), false, nil
		}
	}
	return low, false, nil
}

// names are the ids from one place to before another, in the buffer or elsewhere.
func (x *packIndex) names(buffer []byte, from, to int64) ([]byte, error) {
	const size = int64(len(gitwalk.ID{}))
	whole, err := x.whole()
	if err != nil {
		return nil, err
	}
	if whole != nil {
		return whole.names[from*size : to*size], nil
	}
	names := buffer[:(to-from)*size]
	return names, x.read(names, x.nameAt(from))
}

// lowerBound is the number of ids in sorted names that are less than id.
func lowerBound(names []byte, id gitwalk.ID) int {
	return sort.Search(len(names)/len(id), func(i int) bool {
		return bytes.Compare(names[i*len(id):(i+1)*len(id)], id[:]) >= 0
	})
}
