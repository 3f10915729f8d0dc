package packfile

// delta is what makes content of old, which is of equal length: instructions to copy
// what is the same and to insert the rest ("git help gitformat-pack", deltified
// representation).
func delta(old, content []byte) []byte {
	out := varint(varint(nil, len(old)), len(content))
	for at := 0; at < len(content); {
		end := at + same(old[at:], content[at:])
		if end > at {
			out = appendCopy(out, at, end-at)
		}
		for at = end; end < len(content) && same(old[end:], content[end:]) < leastCopy && end-at < maxInsert; {
			end++
		}
		if end > at {
			out = append(append(out, byte(end-at)), content[at:end]...)
		}
		at = end
	}
	return out
}

// leastCopy is the length that is worth an instruction to copy; maxInsert is what one
// instruction can insert.
const (
	leastCopy = 8
	maxInsert = 127
)

// same is the length of what both begin with.
func same(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return max(n, 0)
}

// appendCopy writes an instruction to copy. Both numbers are below 64 KiB.
func appendCopy(out []byte, offset, size int) []byte {
	at := len(out)
	out = append(out, 0x80)
	for i, octet := range []int{offset & 0xff, offset >> 8, -1, -1, size & 0xff, size >> 8} {
		if octet > 0 {
			out[at] |= 1 << i
			out = append(out, byte(octet))
		}
	}
	return out
}

// varint is a length, seven bits at a time, the lowest first.
func varint(out []byte, n int) []byte {
	for ; n >= 0x80; n >>= 7 {
		out = append(out, 0x80|byte(n))
	}
	return append(out, byte(n))
}
