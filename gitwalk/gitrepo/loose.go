package gitrepo

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// loose reads an object from a file of its own: "KIND SIZE\0CONTENT", deflated.
// An error for which isAbsent is true says that there is no such file.
func (s *diskSource) loose(id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	name := id.String()
	file, _, err := openRegular(filepath.Join(s.set.dir, name[:2], name[2:]))
	if err != nil {
		return 0, nil, err
	}
	defer file.Close()
	inflated, err := zlib.NewReader(file)
	if err != nil {
		return 0, nil, looseError(err)
	}
	in := bufio.NewReader(inflated)
	kind, size, err := looseHeader(in)
	if err != nil {
		return 0, nil, looseError(err)
	}
	if size > limit {
		return 0, nil, errTooLarge
	}
	content, err := looseContent(in, size)
	s.in.inflated += int64(len(content))
	if err != nil {
		return 0, nil, looseError(err)
	}
	return kind, content, nil
}

// looseError keeps an error from being taken for a missing file.
func looseError(err error) error {
	return fmt.Errorf("its file is damaged: %w", noEOF(err))
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// looseHeader reads "KIND SIZE\0". It is short, whatever the file says.
func looseHeader(in *bufio.Reader) (gitwalk.Kind, int64, error) {
	const longest = 32
	head, err := in.Peek(longest)
	if err != nil && err != io.EOF {
		return 0, 0, err
	}
	end := bytes.IndexByte(head, 0)
	if end < 0 {
		return 0, 0, errors.New("it has no header")
	}
	word, digits, _ := bytes.Cut(head[:end], []byte(" "))
	kind, ok := gitwalk.ParseKind(string(word))
	size, err := strconv.ParseUint(string(digits), 10, 62)
	if !ok || err != nil {
		return 0, 0, fmt.Errorf("it has the header %q", head[:end])
	}
	_, err = in.Discard(end + 1)
	return kind, int64(size), err
}

// looseContent reads exactly size bytes, and the checksum behind them.
func looseContent(in io.Reader, size int64) ([]byte, error) {
	const most = 1 << 20 // allocated before it is known to be needed
	content := bytes.NewBuffer(make([]byte, 0, min(size, most)+bytes.MinRead))
	n, err := content.ReadFrom(io.LimitReader(in, size+1))
	if err != nil {
		return nil, err
	}
	if n != size {
		return nil, fmt.Errorf("it declares %d bytes and has fewer or more", size)
	}
	return content.Bytes(), nil
}
