package gitrepo

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// The types of entries in a pack (gitformat-pack(5)).
const (
	packCommit   = 1
	packBlob     = 3
	packOFSDelta = 6
	packREFDelta = 7
)

// A forged is an entry of a pack and the id under which the index lists it, which
// need not be that of its content.
type forged struct {
	id   gitwalk.ID
	kind byte
	ref  gitwalk.ID // the base of a REF_DELTA
	back int        // how many entries before is the base of an OFS_DELTA
	data []byte
	size int64 // declared, if it is not len(data)
}

// forge is a repository with a pack of these entries and nothing else.
func forge(t testing.TB, entries ...forged) *Repository {
	t.Helper()
	r := gittest.New(t, "--bare")
	forgeIn(t, r.Dir, "pack-forged", entries)
	return mustOpen(t, r.Dir)
}

func forgeIn(t testing.TB, gitDir, name string, entries []forged) {
	t.Helper()
	pack := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(entries)))
	offsets := make([]int, len(entries))
	for i, e := range entries {
		offsets[i] = len(pack)
		size := uint64(cmp.Or(e.size, int64(len(e.data))))
		pack = appendHead(pack, e.kind, size)
		switch e.kind {
		case packOFSDelta:
			pack = appendDistance(pack, uint64(offsets[i]-offsets[i-e.back]))
		case packREFDelta:
			pack = append(pack, e.ref[:]...)
		}
		pack = append(pack, deflate(e.data)...)
	}
	pack = appendSum(pack)
	base := filepath.Join(gitDir, "objects", "pack", name)
	writeFile(t, base+".pack", string(pack))
	writeFile(t, base+".idx", string(forgeIndex(entries, offsets, pack[len(pack)-20:])))
}

// appendHead writes type and size of an entry.
func appendHead(b []byte, kind byte, size uint64) []byte {
	c := kind<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		b = append(b, c|0x80)
		c = byte(size & 0x7f)
	}
	return append(b, c)
}

// appendDistance writes how far back the base of an OFS_DELTA is.
func appendDistance(b []byte, n uint64) []byte {
	digits := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		n--
		digits = append(digits, byte(n&0x7f)|0x80)
	}
	slices.Reverse(digits)
	return append(b, digits...)
}

// deflater is used again and again: a new one takes a megabyte.
var deflater = zlib.NewWriter(nil)

func deflate(data []byte) []byte {
	var b bytes.Buffer
	deflater.Reset(&b)
	deflater.Write(data)
	deflater.Close()
	return b.Bytes()
}

func appendSum(b []byte) []byte {
	sum := sha1.Sum(b)
	return append(b, sum[:]...)
}

// forgeIndex is an index of version 2.
func forgeIndex(entries []forged, offsets []int, packSum []byte) []byte {
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(entries[a].id[:], entries[b].id[:]) })
	x := []byte("\xfftOc\x00\x00\x00\x02")
	for first := range 256 {
		n := 0
		for _, e := range entries {
			if int(e.id[0]) <= first {
				n++
			}
		}
		x = binary.BigEndian.AppendUint32(x, uint32(n))
	}
	for _, i := range order {
		x = append(x, entries[i].id[:]...)
	}
	x = append(x, make([]byte, 4*len(entries))...) // checksums, which nobody reads
	for _, i := range order {
		x = binary.BigEndian.AppendUint32(x, uint32(offsets[i]))
	}
	return appendSum(append(x, packSum...))
}

// A patch writes the code of a delta.
type patch struct{ code []byte }

func newPatch(from, to uint64) *patch {
	return &patch{binary.AppendUvarint(binary.AppendUvarint(nil, from), to)}
}

func (p *patch) insert(text string) *patch {
	p.code = append(append(p.code, byte(len(text))), text...)
	return p
}

// copy takes n bytes, at most 0xffff, from the beginning of the base.
func (p *patch) copy(n int) *patch {
	p.code = append(p.code, 0x80|0x30, byte(n), byte(n>>8))
	return p
}

func blobID(content string) gitwalk.ID {
	id, _ := gitwalk.Hash(gitwalk.KindBlob, []byte(content))
	return id
}
