package gitrepo

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"sync"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A packIndex finds objects in a pack (gitformat-pack(5), version 2). Of the file it
// reads only the parts that are asked for, each once: what a verdict on a few new
// commits costs must not follow the number of objects. Goroutines may share it.
//
// The checksum at the end is not compared, since that would mean to read everything.
// A wrong index leads to a wrong object, whose content does not hash to its id, or to
// none.
type packIndex struct {
	path    string
	size    int64
	fanout  [257]uint32 // how many ids start with a byte less than i
	buckets [256]bucket
}

// A bucket has the objects whose ids start with the same byte.
type bucket struct {
	once           sync.Once
	names, offsets []byte
	err            error
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

func readIndex(path string) (*packIndex, error) {
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
	x := &packIndex{path: path, size: info.Size()}
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
	names, offsets, err := x.bucket(id[0])
	i := lowerBound(names, id)
	if err != nil || !bytes.HasPrefix(names[i*len(id):], id[:]) {
		return 0, false, err
	}
	short := binary.BigEndian.Uint32(offsets[4*i:])
	if short>>31 == 0 {
		return int64(short), true, nil
	}
	large, err := x.large(int64(short &^ (1 << 31)))
	return large, true, err
}

// large reads an offset that does not fit into 31 bits. It is negative if the index
// has no such offset.
func (x *packIndex) large(i int64) (int64, error) {
	if x.largeAt(i+1) > x.size-indexTrailer {
		return -1, nil
	}
	var b [8]byte
	err := x.read(func(file *os.File) error {
		_, err := file.ReadAt(b[:], x.largeAt(i))
		return err
	})
	return int64(binary.BigEndian.Uint64(b[:])), err
}

// from returns the objects whose ids start with at least 2 lower-case digits, or so
// many of them.
func (x *packIndex) from(digits string, most int) ([]gitwalk.ID, error) {
	first, err := gitwalk.ParseID(digits + strings.Repeat("0", 40-len(digits)))
	if err != nil {
		return nil, nil // no id starts so
	}
	names, _, err := x.bucket(first[0])
	var ids []gitwalk.ID
	for i := lowerBound(names, first); (i+1)*len(first) <= len(names) && len(ids) < most; i++ {
		id := gitwalk.ID(names[i*len(first):])
		if !strings.HasPrefix(hex.EncodeToString(id[:]), digits) {
			break
		}
		ids = append(ids, id)
	}
	return ids, err
}

// bucket returns ids and offsets of the objects whose ids start with a byte.
func (x *packIndex) bucket(first byte) (names, offsets []byte, err error) {
	b := &x.buckets[first]
	b.once.Do(func() {
		low, high := int64(x.fanout[first]), int64(x.fanout[int(first)+1])
		names, offsets := make([]byte, 20*(high-low)), make([]byte, 4*(high-low))
		b.err = x.read(func(file *os.File) error {
			_, err := file.ReadAt(names, x.nameAt(low))
			if err == nil {
				_, err = file.ReadAt(offsets, x.offsetAt(low))
			}
			return err
		})
		if b.err == nil {
			b.names, b.offsets = names, offsets
		}
	})
	return b.names, b.offsets, b.err
}

// read opens the file for a short time, so that no index holds one open. It must be
// the one that it was.
func (x *packIndex) read(what func(*os.File) error) error {
	file, info, err := openRegular(x.path)
	if err != nil {
		return err
	}
	defer file.Close()
	if info.Size() != x.size {
		return errors.New("it has changed")
	}
	return noEOF(what(file))
}

// lowerBound is the number of ids in sorted names that are less than id.
func lowerBound(names []byte, id gitwalk.ID) int {
	return sort.Search(len(names)/len(id), func(i int) bool {
		return bytes.Compare(names[i*len(id):(i+1)*len(id)], id[:]) >= 0
	})
}
