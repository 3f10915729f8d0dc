// Package packfile writes packs with their indexes, as "git help gitformat-pack"
// describes them, for histories that are generated. Trees are stored as differences
// from earlier ones, as git itself would store them.
package packfile

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"fmt"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// An Object is one entry of a pack. It is made, then deflated, then written: each in
// any goroutine, one after the other.
type Object struct {
	ID gitwalk.ID

	kind     byte    // as a pack numbers kinds
	base     *Object // what it is a difference from, or nil
	payload  []byte  // the content, or the difference
	deflated []byte
	offset   int64 // where it is in its pack, once it is written
}

// offsetDelta is the kind of an object that is a difference from one at an earlier
// place in the same pack.
const offsetDelta = 6

// Whole makes an object that stands for itself.
func Whole(kind gitwalk.Kind, content []byte) *Object {
	return &Object{ID: Hash(kind, content), kind: byte(kind), payload: content}
}

// Difference makes a tree that is stored as a difference from one that is written
// before it, whose content was old. Both are of equal length.
func Difference(base *Object, old, content []byte) *Object {
	return &Object{ID: Hash(gitwalk.KindTree, content), kind: offsetDelta, base: base, payload: delta(old, content)}
}

// Hash is the id of an object.
func Hash(kind gitwalk.Kind, content []byte) gitwalk.ID {
	h := sha1.New()
	fmt.Fprintf(h, "%s %d\x00", kind, len(content))
	h.Write(content)
	return gitwalk.ID(h.Sum(nil))
}

// A Deflater compresses objects, which is what costs most. It is used by one goroutine.
type Deflater struct{ z *zlib.Writer }

// NewDeflater makes one, at some expense.
func NewDeflater() *Deflater {
	z, _ := zlib.NewWriterLevel(nil, zlib.BestSpeed) // the level is a known one
	return &Deflater{z}
}

// Deflate compresses an object.
func (d *Deflater) Deflate(o *Object) {
	var out bytes.Buffer
	d.z.Reset(&out)
	d.z.Write(o.payload) // a Buffer takes everything
	d.z.Close()
	o.deflated = out.Bytes()
}

// header is kind and length, and how far back the base is ("git help gitformat-pack",
// n-byte type and length, and OFS_DELTA).
func (o *Object) header(offset int64) []byte {
	size := len(o.payload)
	header := []byte{o.kind<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		header[len(header)-1] |= 0x80
		header = append(header, byte(size&0x7f))
	}
	if o.base == nil {
		return header
	}
	back := offset - o.base.offset
	digits := []byte{byte(back & 0x7f)}
	for back >>= 7; back > 0; back >>= 7 {
		back--
		digits = append([]byte{0x80 | byte(back&0x7f)}, digits...)
	}
	return append(header, digits...)
}
