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
	wide     []byte // what of a pack does not go into a part
	inflater inflater
	buffer   *bufio.Reader
	stream   io.ReadCloser // of zlib; it is a zlib.Resetter
	inflated int64         // bytes
}

// mostAtOnce is how many bytes are allocated before it is known that they are needed.
const mostAtOnce = 1 << 20

// content inflates the content of an entry, and appends it to what there is.
func (r *packReader) content(e entry, to []byte) ([]byte, error) {
	if e.size > mostAtOnce {
		return r.slow(e, to)
	}
	part, err := r.in.parts.at(r, e.offset)
	if err != nil {
		return nil, err
	}
	whole := extend(to, int(e.size))
	content := whole[len(to):]
	if e.size <= maxRatio*int64(len(part)) && r.in.inflater.inflate(content, part) || r.inWide(e, len(part), content) {
		r.in.inflated += e.size
		return whole, nil
	}
	return r.slow(e, to)
}

// maxRatio is how many times as long as its stream an object is at most, as far as it is
// worth trying to find it whole in a part.
const maxRatio = 4

// inWide inflates an entry whose stream can be longer than a part, and says whether it
// could. The stream is hardly longer than the object, and if so it is read slowly.
func (r *packReader) inWide(e entry, part int, content []byte) bool {
	length := min(e.size+e.size>>8+64, r.size-e.offset)
	if length <= int64(part) {
		return false
	}
	if int64(cap(r.in.wide)) < length {
		r.in.wide = make([]byte, length)
	}
	n, err := r.file.ReadAt(r.in.wide[:length], e.offset)
	r.in.parts.read += int64(n)
	return err == nil && r.in.inflater.inflate(content, r.in.wide[:n])
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
