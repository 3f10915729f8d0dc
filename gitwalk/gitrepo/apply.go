package gitrepo

import (
	"encoding/binary"
	"errors"
)

// Errors of deltas.
var (
	errInvalidDelta = errors.New("invalid delta")
	errDeltaCommand = errors.New("invalid delta: wrong delta command")
)

// apply applies a delta (gitformat-pack(5), "Deltified representation"): the sizes of the
// base and of the result, and then commands that copy from the base or insert what
// follows. What does not come out right to the last byte is an error.
func apply(base []byte, d delta) ([]byte, error) {
	code, size, ok := uvarint(d.code)
	if !ok || size != uint64(len(base)) {
		return nil, errInvalidDelta
	}
	if code, size, ok = uvarint(code); !ok || size != uint64(d.result) {
		return nil, errInvalidDelta
	}
	result := make([]byte, 0, min(d.result, mostAtOnce))
	for len(code) > 0 {
		command := code[0]
		code = code[1:]
		var part []byte
		switch {
		case command == 0:
			return nil, errDeltaCommand
		case command&0x80 == 0:
			if int(command) > len(code) {
				return nil, errInvalidDelta
			}
			part, code = code[:command], code[command:]
		default:
			if part, code, ok = copied(base, command, code); !ok {
				return nil, errInvalidDelta
			}
		}
		if int64(len(part)) > d.result-int64(len(result)) {
			return nil, errInvalidDelta
		}
		result = append(result, part...)
	}
	if int64(len(result)) != d.result {
		return nil, errInvalidDelta
	}
	return result, nil
}

// copied is what a command copies from the base, and the code after it. Its bits say
// which bytes of offset (4) and size (3) follow; the others are 0. The size 0 stands for
// 0x10000.
func copied(base []byte, command byte, code []byte) (part, rest []byte, ok bool) {
	var offset, size uint64
	for i := range 7 {
		if command>>i&1 == 0 {
			continue
		}
		if len(code) == 0 {
			return nil, nil, false
		}
		if i < 4 {
			offset |= uint64(code[0]) << (8 * i)
		} else {
			size |= uint64(code[0]) << (8 * (i - 4))
		}
		code = code[1:]
	}
	if size == 0 {
		size = 0x10000
	}
	if offset+size > uint64(len(base)) {
		return nil, nil, false
	}
	return base[offset : offset+size], code, true
}

// uvarint reads a number and returns what follows it.
func uvarint(b []byte) (rest []byte, v uint64, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, 0, false
	}
	return b[n:], v, true
}
