package packfile

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"slices"
)

// index is the index of a pack, version 2 ("git help gitformat-pack").
func index(entries []entry, packSum []byte) []byte {
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.id[:], b.id[:]) })
	out := make([]byte, 0, 8+4*256+28*len(entries)+2*sha1.Size)
	out = append(out, "\xfftOc\x00\x00\x00\x02"...)
	at := 0
	for first := range 256 {
		for at < len(entries) && int(entries[at].id[0]) == first {
			at++
		}
		out = binary.BigEndian.AppendUint32(out, uint32(at))
	}
	for _, e := range entries {
		out = append(out, e.id[:]...)
	}
	for _, e := range entries {
		out = binary.BigEndian.AppendUint32(out, e.crc)
	}
	for _, e := range entries {
		out = binary.BigEndian.AppendUint32(out, e.offset)
	}
	out = append(out, packSum...)
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}
