package packfile

import (
	"bufio"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A Writer writes one pack. Its first error is kept and returned by Finish.
type Writer struct {
	dir     string
	file    *os.File
	out     *bufio.Writer
	offset  int64
	entries []entry
	err     error
}

// An entry is what the index has of an object.
type entry struct {
	id     gitwalk.ID
	crc    uint32
	offset uint32
}

// unfinished is what names of packs that are being written begin with. Git ignores
// such files and removes them in time.
const unfinished = "tmp_pack_"

// Create begins a pack in a directory, objects/pack of a repository.
func Create(dir string) (*Writer, error) {
	file, err := os.CreateTemp(dir, unfinished)
	if err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, file: file, out: bufio.NewWriterSize(file, 1<<20)}
	w.write([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00")) // the number of objects comes last
	return w, nil
}

// Clean removes what was left of packs that were never finished.
func Clean(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, unfinished+"*"))
	for _, name := range left {
		if err == nil {
			err = os.Remove(name)
		}
	}
	return err
}

func (w *Writer) write(b []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(b)
		w.offset += int64(len(b))
	}
}

// maxPack is the length of a pack that an index with short offsets reaches.
const maxPack = 1<<31 - 1

// Add writes an object that has been deflated. An object of the pack must not be added
// twice.
func (w *Writer) Add(o *Object) {
	if w.offset > maxPack && w.err == nil {
		w.err = fmt.Errorf("the pack is longer than %d bytes", maxPack)
	}
	o.offset = w.offset
	header := o.header(w.offset)
	crc := crc32.Update(crc32.ChecksumIEEE(header), crc32.IEEETable, o.deflated)
	w.entries = append(w.entries, entry{o.ID, crc, uint32(o.offset)})
	w.write(header)
	w.write(o.deflated)
	o.base, o.payload, o.deflated = nil, nil, nil
}

// Finish completes the pack and its index, and returns their name without its ending.
// Only then do they get the names by which git finds them.
func (w *Writer) Finish() (string, error) {
	defer os.Remove(w.file.Name())
	defer w.file.Close()
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err != nil {
		return "", w.err
	}
	sum, err := w.seal()
	if err != nil {
		return "", err
	}
	if err := w.file.Chmod(0o444); err != nil {
		return "", err
	}
	name := fmt.Sprintf("pack-%x", sum)
	if err := os.Rename(w.file.Name(), filepath.Join(w.dir, name+".pack")); err != nil {
		return "", err
	}
	return name, w.writeIndex(name+".idx", sum)
}

// writeIndex puts the index in place as a whole: the same pack may have been made before,
// by a run that was ended right after.
func (w *Writer) writeIndex(name string, sum []byte) error {
	draft := filepath.Join(w.dir, unfinished+name)
	if err := os.WriteFile(draft, index(w.entries, sum), 0o444); err != nil {
		return err
	}
	return os.Rename(draft, filepath.Join(w.dir, name))
}

// seal puts the number of objects into the header, and the checksum at the end.
func (w *Writer) seal() ([]byte, error) {
	count := binary.BigEndian.AppendUint32(nil, uint32(len(w.entries)))
	if _, err := w.file.WriteAt(count, 8); err != nil {
		return nil, err
	}
	h := sha1.New()
	if err := hashFile(h, w.file, w.offset); err != nil {
		return nil, err
	}
	sum := h.Sum(nil)
	_, err := w.file.WriteAt(sum, w.offset)
	return sum, err
}

func hashFile(h hash.Hash, file *os.File, size int64) error {
	buffer := make([]byte, 1<<20)
	for at := int64(0); at < size; {
		n, err := file.ReadAt(buffer[:min(int64(len(buffer)), size-at)], at)
		if err != nil {
			return err
		}
		h.Write(buffer[:n])
		at += int64(n)
	}
	return nil
}
