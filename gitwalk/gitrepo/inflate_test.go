package gitrepo

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// contents are of many sizes and kinds.
func contents() map[string][]byte {
	rng := rand.New(rand.NewPCG(3, 3))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	skewed := make([]byte, 100_000) // makes codes of all lengths
	for i := range skewed {
		skewed[i] = byte(rng.ExpFloat64() * 9)
	}
	words := make([]string, 20_000)
	for i := range words {
		words[i] = fmt.Sprint(rng.IntN(3000) * rng.IntN(3000))
	}
	all := map[string][]byte{
		"nothing": nil, "one byte": {'x'}, "two bytes": []byte("xy"),
		"zeros": make([]byte, 300_000), "noise": noise, "skewed": skewed,
		"words": []byte(strings.Join(words, "\n")),
		"commit": []byte("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor Ada <ada@example.org> 1600000000 +0000\n" +
			"committer Ada <ada@example.org> 1600000000 +0000\n\nOne\n"),
	}
	for n := 1; n < 40; n++ {
		all[fmt.Sprint("period of ", n)] = bytes.Repeat(noise[:n], 600/n)
	}
	return all
}

// deflatedBy is data as a level of the standard library deflates it.
func deflatedBy(t testing.TB, level int, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	must(t, err)
	for part := range slices.Chunk(data, 70_000) {
		_, err = w.Write(part)
		must(t, err)
		must(t, w.Flush()) // another block
	}
	must(t, w.Close())
	return b.Bytes()
}

func TestInflate(t *testing.T) {
	z := new(inflater)
	for name, want := range contents() {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestSpeed, flate.BestCompression} {
			in := deflatedBy(t, level, want)
			for _, behind := range []string{"", "x", "0123456789abcdef"} {
				got := make([]byte, len(want))
				if !z.inflate(got, append(slices.Clone(in), behind...)) || !bytes.Equal(got, want) {
					t.Errorf("%s, level %d: not inflated", name, level)
				}
			}
			if z.inflate(make([]byte, len(want)+1), in) || len(want) > 0 && z.inflate(make([]byte, len(want)-1), in) {
				t.Errorf("%s, level %d: inflated to another size", name, level)
			}
		}
	}
}

// What is damaged is inflated only if the standard library gives the same for it.
func TestInflateDamaged(t *testing.T) {
	z, lost, rounds := new(inflater), 0, 0
	for _, name := range []string{"commit", "period of 7", "one byte", "nothing"} {
		want := contents()[name]
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestCompression} {
			eachDamage(deflatedBy(t, level, want), func(what string, in []byte) {
				if rounds++; !agrees(t, z, in, len(want)) {
					lost++
				}
				if t.Failed() {
					t.Fatal(name, level, what)
				}
			})
		}
	}
	if lost < rounds*9/10 {
		t.Errorf("only %d of %d damages were noticed", lost, rounds)
	}
}

// agrees says whether in is inflated, and requires that the standard library says the
// same. It may allow more.
func agrees(t testing.TB, z *inflater, in []byte, size int) bool {
	t.Helper()
	got := make([]byte, size)
	ok := z.inflate(got, in)
	want, err := inflateStandard(in, size)
	if ok && (err != nil || !bytes.Equal(got, want)) {
		t.Errorf("inflated to %q, by the standard library to %q, %v", got, want, err)
	}
	return ok
}

func inflateStandard(in []byte, size int) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(in))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, int64(size)+1))
}

// What git and the standard library write is inflated without the latter, or nothing
// would be gained.
func TestEntriesAreInflatedFast(t *testing.T) {
	r := rich(t)
	for _, level := range []string{"0", "1", "9"} {
		r.Git("-c", "pack.compression="+level, "repack", "-adfFq")
		s := inProcess(t, mustOpen(t, r.Dir))
		for _, id := range allObjects(t, r) {
			_, content, err := s.Object(id, 1<<30)
			must(t, err)
			if s.in.stream != nil && len(content) < partOverlap/2 {
				t.Fatalf("level %s: %s, %d bytes, is not inflated fast", level, id, len(content))
			}
			s.in.stream = nil
		}
	}
}

func FuzzInflate(f *testing.F) {
	for _, name := range []string{"commit", "period of 7", "one byte", "nothing"} {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestCompression} {
			f.Add(deflatedBy(f, level, contents()[name])[2:], len(contents()[name]))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		// A whole stream is rarely hit upon: its head is given, and its checksum
		// made to fit.
		size = min(max(size, 0), 1<<20)
		in = append([]byte{0x78, 0x9c}, in...)
		agrees(t, new(inflater), in, size)
		body, _ := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(in[2:])), 1<<20))
		for cut := max(2, len(in)-8); cut <= len(in); cut++ {
			agrees(t, new(inflater), appendAdler(in[:cut:cut], body), len(body))
		}
	})
}

func appendAdler(in, content []byte) []byte {
	return binary.BigEndian.AppendUint32(in, adler32.Checksum(content))
}
