package gitrepo

import (
	"bytes"
	"encoding/binary"
	"sort"
	"sync"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

const (
	// shortIndex is how many objects a pack has at most of which all ids are kept: a
	// repository can have hundreds of such packs, most of which do not have what is
	// looked for.
	shortIndex = 4096
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
	if x.objects() > shortIndex {
		names := buffer[:(to-from)*size]
		return names, x.read(names, x.nameAt(from))
	}
	all, err := x.allNames()
	if err != nil {
		return nil, err
	}
	return all[from*size : to*size], nil
}

// allNames are the ids of a pack with few objects, which are read once. Most such packs
// are not asked for more, so their files do not stay open.
func (x *packIndex) allNames() ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.short != nil {
		return x.short, nil
	}
	file, err := x.reopen()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all := make([]byte, x.objects()*int64(len(gitwalk.ID{})))
	if _, err := file.ReadAt(all, x.nameAt(0)); err != nil {
		return nil, noEOF(err)
	}
	x.short = all
	return all, nil
}

// lowerBound is the number of ids in sorted names that are less than id.
func lowerBound(names []byte, id gitwalk.ID) int {
	return sort.Search(len(names)/len(id), func(i int) bool {
		return bytes.Compare(names[i*len(id):(i+1)*len(id)], id[:]) >= 0
	})
}
