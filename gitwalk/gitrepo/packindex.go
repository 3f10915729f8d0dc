package gitrepo

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"sort"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/idxfile"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A packIndex finds objects in a pack. It is go-git's index without the maps
// that its own methods build, and never changes: goroutines may share it.
type packIndex struct {
	table *idxfile.MemoryIndex
}

// stat lets go-git's decoder compare what the index declares with its size before
// it allocates anything.
type stat interface{ Stat() (fs.FileInfo, error) }

func readIndex(path string) (index *packIndex, err error) {
	defer func() {
		if r := recover(); r != nil {
			index, err = nil, fmt.Errorf("it is malformed: %v", r)
		}
	}()
	file, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info.Size() > maxIndex {
		return nil, fmt.Errorf("it is larger than %d bytes", int64(maxIndex))
	}
	table := idxfile.NewMemoryIndex()
	if err := idxfile.NewDecoder(struct {
		io.Reader
		stat
	}{bufio.NewReaderSize(file, 64<<10), file}).Decode(table); err != nil {
		return nil, err
	}
	table.CRC32 = nil
	return &packIndex{table}, nil
}

// isVersion1 says whether a file has the form that git gave to indexes before
// version 1.6 (gitformat-pack(5)): 256 numbers, of which the last is that of the
// objects, 24 bytes for each of them, and two checksums.
func isVersion1(path string) bool {
	file, info, err := openRegular(path)
	if err != nil {
		return false
	}
	defer file.Close()
	var fanout [256 * 4]byte
	if _, err := io.ReadFull(file, fanout[:]); err != nil {
		return false
	}
	objects := int64(binary.BigEndian.Uint32(fanout[255*4:]))
	return info.Size() == int64(len(fanout))+24*objects+2*20 && string(fanout[:4]) != "\xfftOc"
}

// offset finds where the pack has the object.
func (x *packIndex) offset(id gitwalk.ID) (int64, bool) {
	names, offsets := x.bucket(id[0])
	i := lowerBound(names, id)
	if !bytes.HasPrefix(names[i*len(id):], id[:]) {
		return 0, false
	}
	short := binary.BigEndian.Uint32(offsets[4*i:])
	if short>>31 == 0 {
		return int64(short), true
	}
	at := 8 * uint64(short&^(1<<31))
	if at+8 > uint64(len(x.table.Offset64)) {
		return -1, true
	}
	return int64(binary.BigEndian.Uint64(x.table.Offset64[at:])), true
}

// from yields the objects whose ids start with at least 2 lower-case digits.
func (x *packIndex) from(digits string) iter.Seq[gitwalk.ID] {
	return func(yield func(gitwalk.ID) bool) {
		first, err := gitwalk.ParseID(digits + strings.Repeat("0", 40-len(digits)))
		if err != nil {
			return
		}
		names, _ := x.bucket(first[0])
		for i := lowerBound(names, first); (i+1)*len(first) <= len(names); i++ {
			id := gitwalk.ID(names[i*len(first):])
			if !strings.HasPrefix(hex.EncodeToString(id[:]), digits) || !yield(id) {
				return
			}
		}
	}
}

// bucket returns ids and offsets of the objects whose ids start with a byte.
func (x *packIndex) bucket(first byte) (names, offsets []byte) {
	k := x.table.FanoutMapping[first]
	if k < 0 || k >= len(x.table.Names) {
		return nil, nil
	}
	return x.table.Names[k], x.table.Offset32[k]
}

// lowerBound is the number of ids in sorted names that are less than id.
func lowerBound(names []byte, id gitwalk.ID) int {
	return sort.Search(len(names)/len(id), func(i int) bool {
		return bytes.Compare(names[i*len(id):(i+1)*len(id)], id[:]) >= 0
	})
}
