package gitrepo

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// A packInput is what a Source needs to read packs, in use for one entry at a time.
type packInput struct {
	parts    packParts
	inflater inflater
	buffer   *bufio.Reader
	stream   io.ReadCloser // of zlib; it is a zlib.Resetter
	inflated int64         // bytes
}

// mostAtOnce is how many bytes are allocated before it is known that they are needed.
const mostAtOnce = 1 << 20

// content inflates the content of an entry, and appends it to what there is.
func (r *packReader) content(e entry, to []byte) ([]byte, error) {
	if e.size <= mostAtOnce {
		b, err := r.in.parts.at(r, e.offset)
		if err != nil {
			return nil, err
		}
		whole := extend(to, int(e.size))
		if r.in.inflater.inflate(whole[len(to):], b) {
			r.in.inflated += e.size
			return whole, nil
		}
	}
	return r.slow(e, to)
}

// extend is to with n more bytes, of no particular value.
func extend(to []byte, n int) []byte {
	if n <= cap(to)-len(to) {
		return to[:len(to)+n]
	}
	whole := make([]byte, len(to)+n, max(len(to)+n, 2*cap(to)))
	copy(whole, to)
	return whole
}

// slow inflates what is large, or not whole in one part, or damaged.
func (r *packReader) slow(e entry, to []byte) ([]byte, error) {
	stream, err := r.in.open(io.NewSectionReader(r.file, e.offset, max(0, r.size-e.offset)))
	if err != nil {
		return nil, damage(e, err)
	}
	content := bytes.NewBuffer(to)
	content.Grow(int(min(e.size, mostAtOnce)) + bytes.MinRead)
	n, err := content.ReadFrom(io.LimitReader(stream, e.size+1))
	r.in.inflated += n
	if err != nil {
		return nil, damage(e, err)
	}
	if n > e.size {
		return nil, damage(e, fmt.Errorf("the entry has more than %d bytes", e.size))
	}
	if n < e.size {
		return nil, damage(e, fmt.Errorf("the entry has %d bytes instead of %d", n, e.size))
	}
	return content.Bytes(), nil
}

func damage(e entry, err error) error {
	return fmt.Errorf("the pack is damaged at offset %d: %w", e.offset, noEOF(err))
}

// open begins to inflate what in has.
func (i *packInput) open(in io.Reader) (io.Reader, error) {
	if i.buffer == nil {
		i.buffer = bufio.NewReaderSize(nil, 16<<10)
	}
	i.buffer.Reset(in)
	if i.stream == nil {
		stream, err := zlib.NewReader(i.buffer)
		i.stream = stream
		return stream, err
	}
	resetter, ok := i.stream.(zlib.Resetter)
	if !ok {
		return nil, errors.New("zlib cannot be used again")
	}
	return i.stream, resetter.Reset(i.buffer, nil)
}
