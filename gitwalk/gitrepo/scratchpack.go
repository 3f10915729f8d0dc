package gitrepo

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"slices"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A packWriter writes objects into a pack and its index: gitformat-pack(5), pack
// version 2, index version 1. The objects are neither deltas nor compressed, for
// the pack does not live long enough for that to be worth its time.
type packWriter struct {
	file    *os.File
	buffer  *bufio.Writer
	store   *zlib.Writer // into buffer
	size    int64        // bytes written so far
	entries []packEntry
}

type packEntry struct {
	id     gitwalk.ID
	offset uint32
}

// newPackWriter starts the pack with a header that has to be put right at the end.
func newPackWriter(file *os.File) (*packWriter, error) {
	w := &packWriter{file: file, buffer: bufio.NewWriter(file)}
	var err error
	if w.store, err = zlib.NewWriterLevel(w, zlib.NoCompression); err != nil {
		return nil, err
	}
	_, err = w.Write(packHeader(0))
	return w, err
}

func packHeader(objects int) []byte {
	return binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(objects))
}

// Write writes a part of the pack.
func (w *packWriter) Write(p []byte) (int, error) {
	n, err := w.buffer.Write(p)
	w.size += int64(n)
	return n, err
}

// put adds an object that is not there yet. Its id is believed.
func (w *packWriter) put(o gitwalk.Object) error {
	if w.size > math.MaxUint32 {
		return errors.New("a pack of more than 4 GiB")
	}
	w.entries = append(w.entries, packEntry{o.ID, uint32(w.size)})
	if _, err := w.Write(objectHeader(o)); err != nil {
		return err
	}
	w.store.Reset(w)
	if _, err := w.store.Write(o.Content); err != nil {
		return err
	}
	return w.store.Close()
}

// objectHeader is kind and size in a variable number of bytes: four bits of the
// size in the first, seven in each that follows.
func objectHeader(o gitwalk.Object) []byte {
	size := len(o.Content)
	header := []byte{byte(o.Kind)<<4 | byte(size&15)} // the pack numbers the kinds as Kind does
	for size >>= 4; size > 0; size >>= 7 {
		header[len(header)-1] |= 0x80
		header = append(header, byte(size&0x7f))
	}
	return header
}

// finish completes the pack and returns its index.
func (w *packWriter) finish() (index []byte, err error) {
	if err := w.buffer.Flush(); err != nil {
		return nil, err
	}
	if _, err := w.file.WriteAt(packHeader(len(w.entries)), 0); err != nil {
		return nil, err
	}
	sum := sha1.New()
	if _, err := io.Copy(sum, io.NewSectionReader(w.file, 0, w.size)); err != nil {
		return nil, err
	}
	if _, err := w.file.Write(sum.Sum(nil)); err != nil {
		return nil, err
	}
	return w.index(sum.Sum(nil)), nil
}

// index is how many ids begin with at most each byte, then offset and id of each
// object, then the sums of the pack and of the index.
func (w *packWriter) index(packSum []byte) []byte {
	slices.SortFunc(w.entries, func(a, b packEntry) int { return bytes.Compare(a.id[:], b.id[:]) })
	var counts [256]uint32
	for _, e := range w.entries {
		counts[e.id[0]]++
	}
	var index []byte
	total := uint32(0)
	for _, n := range counts {
		total += n
		index = binary.BigEndian.AppendUint32(index, total)
	}
	for _, e := range w.entries {
		index = binary.BigEndian.AppendUint32(index, e.offset)
		index = append(index, e.id[:]...)
	}
	index = append(index, packSum...)
	sum := sha1.Sum(index)
	return append(index, sum[:]...)
}
