package gitrepo

import (
	"bytes"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A packReader reads the entries of a pack for one Source.
type packReader struct {
	index   *packIndex
	scanner *packfile.Scanner
}

func newPackReader(p *pack, index *packIndex) (*packReader, error) {
	file, err := p.open()
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &packReader{index, packfile.NewScanner(io.NewSectionReader(file, 0, info.Size()))}, nil
}

// An entry is the head of what a pack has at an offset.
type entry struct {
	kind gitwalk.Kind // 0 for a delta
	size int64        // declared; of the delta itself
	base int64        // offset of what a delta applies to
}

// seek reads the head of the entry at an offset. Its content is next.
func (r *packReader) seek(offset int64) (entry, error) {
	const packHeader = 12
	if offset < packHeader {
		return entry{}, fmt.Errorf("the pack's index is wrong: nothing is at offset %d", offset)
	}
	h, err := r.scanner.SeekObjectHeader(offset)
	if err != nil {
		return entry{}, fmt.Errorf("the pack is damaged at offset %d: %w", offset, err)
	}
	e := entry{size: h.Length}
	switch h.Type {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
		e.kind = gitwalk.Kind(h.Type) // the same numbers, which are those in packs
	case plumbing.OFSDeltaObject:
		e.base = h.OffsetReference
	case plumbing.REFDeltaObject:
		base, ok, err := r.index.offset(gitwalk.ID(h.Reference))
		if err != nil {
			return entry{}, err
		}
		if !ok {
			return entry{}, fmt.Errorf("the pack is damaged at offset %d: it lacks the base of a delta, %s", offset, h.Reference)
		}
		e.base = base
	default:
		return entry{}, fmt.Errorf("the pack is damaged at offset %d: no object has the type %d", offset, h.Type)
	}
	return e, nil
}

// content inflates the content of the entry that seek has found.
func (r *packReader) content(e entry) ([]byte, error) {
	const most = 1 << 20 // allocated before it is known to be needed
	if e.size < 0 {
		return nil, fmt.Errorf("the pack declares a size of %d bytes", e.size)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, min(e.size, most)))
	n, _, err := r.scanner.NextObject(buffer)
	if err != nil {
		return nil, fmt.Errorf("the pack is damaged: %w", err)
	}
	if n != e.size {
		return nil, fmt.Errorf("the pack is damaged: an entry has %d bytes instead of %d", n, e.size)
	}
	return buffer.Bytes(), nil
}
