package gitrepo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A packIndex finds objects in a pack (gitformat-pack(5), version 2). It keeps the file
// in memory if that is not long and is asked for often (indexwhole.go), and otherwise
// reads a block of it to find an object: neither what a verdict on a few new commits
// costs nor how much memory a long history takes may follow the number of objects. The
// file is not mapped, for one that somebody shortens under a mapping kills the program.
// Goroutines may share it.
//
// The checksum at the end is not compared, since that would mean to read everything.
// A wrong index leads to a wrong object, whose content does not hash to its id, or to
// none.
type packIndex struct {
	path   string
	size   int64
	fanout [257]uint32 // how many ids start with a byte less than i

	shelf *shelf
	asked atomic.Int32 // how many objects have been looked for, or so
	kept  atomic.Pointer[wholeIndex]

	mu   sync.Mutex
	file *os.File // nil until it is needed
}

// The layout of an index, in bytes.
const (
	indexMagic   = "\xfftOc\x00\x00\x00\x02"
	indexHeader  = int64(len(indexMagic) + 256*4)
	indexTrailer = 2 * 20
)

// The tables of an index follow each other: ids, checksums and offsets of all objects,
// and then large offsets.
func (x *packIndex) objects() int64         { return int64(x.fanout[256]) }
func (x *packIndex) nameAt(i int64) int64   { return indexHeader + 20*i }
func (x *packIndex) offsetAt(i int64) int64 { return indexHeader + 24*x.objects() + 4*i }
func (x *packIndex) largeAt(i int64) int64  { return indexHeader + 28*x.objects() + 8*i }

var errMalformedIndex = errors.New("it is malformed")

func readIndex(path string, shelf *shelf) (*packIndex, error) {
	file, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info.Size() > maxIndex {
		return nil, fmt.Errorf("it is larger than %d bytes", int64(maxIndex))
	}
	var header [indexHeader]byte
	if _, err := io.ReadFull(file, header[:]); err != nil {
		return nil, noEOF(err)
	}
	x := &packIndex{path: path, size: info.Size(), shelf: shelf}
	if string(header[:len(indexMagic)]) != indexMagic {
		return nil, errMalformedIndex
	}
	for i := range 256 {
		x.fanout[i+1] = binary.BigEndian.Uint32(header[len(indexMagic)+4*i:])
		if x.fanout[i+1] < x.fanout[i] {
			return nil, errMalformedIndex
		}
	}
	large := x.size - indexTrailer - x.largeAt(0)
	if large < 0 || large%8 != 0 || large/8 > x.objects() {
		return nil, errMalformedIndex
	}
	return x, nil
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
func (x *packIndex) offset(id gitwalk.ID) (int64, bool, error) {
	i, found, err := x.search(id)
	if err != nil || !found {
		return 0, false, err
	}
	var b [8]byte
	if w := x.kept.Load(); w != nil {
		copy(b[:4], w.offsets[4*i:])
	} else if err := x.read(b[:4], x.offsetAt(i)); err != nil {
		return 0, false, err
	}
	short := binary.BigEndian.Uint32(b[:])
	if short>>31 == 0 {
		return int64(short), true, nil
	}
	large := int64(short &^ (1 << 31))
	if x.largeAt(large+1) > x.size-indexTrailer {
		return -1, true, nil // the index has no such offset, nor the pack an object there
	}
	err = x.read(b[:], x.largeAt(large))
	return int64(binary.BigEndian.Uint64(b[:])), true, err
}

// from returns the objects whose ids start with at least 2 lower-case digits, or so
// many of them.
func (x *packIndex) from(digits string, most int) ([]gitwalk.ID, error) {
	first, err := gitwalk.ParseID(digits + strings.Repeat("0", 40-len(digits)))
	if err != nil {
		return nil, nil // no id starts so
	}
	var ids []gitwalk.ID
	i, _, err := x.search(first)
	for ; err == nil && i < int64(x.fanout[int(first[0])+1]) && len(ids) < most; i++ {
		var id gitwalk.ID
		err = x.read(id[:], x.nameAt(i))
		if err != nil || !strings.HasPrefix(id.String(), digits) {
			break
		}
		ids = append(ids, id)
	}
	return ids, err
}

// read reads from the file, which must be the one that it was.
func (x *packIndex) read(b []byte, at int64) error {
	file, err := x.open()
	if err == nil {
		_, err = file.ReadAt(b, at)
	}
	return noEOF(err)
}

func (x *packIndex) open() (*os.File, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.file == nil {
		file, err := x.reopen()
		if err != nil {
			return nil, err
		}
		x.file = file
	}
	return x.file, nil
}

// reopen opens the file, which must be as long as it was.
func (x *packIndex) reopen() (*os.File, error) {
	file, info, err := openRegular(x.path)
	if err != nil {
		return nil, err
	}
	if info.Size() != x.size {
		file.Close()
		return nil, errors.New("it has changed")
	}
	return file, nil
}

// close closes the file until it is needed again.
func (x *packIndex) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.file != nil {
		x.file.Close()
		x.file = nil
	}
}
