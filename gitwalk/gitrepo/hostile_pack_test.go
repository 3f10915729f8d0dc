package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// The ids of objects that are not what their ids say.
var (
	idA = gitwalk.ID{0xaa}
	idB = gitwalk.ID{0xbb}
	idC = gitwalk.ID{0xbb, 1}
)

func inProcess(t testing.TB, r *Repository) *diskSource {
	t.Helper()
	s := newDiskSource(context.Background(), r.packs)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func TestForgedPackIsReadable(t *testing.T) {
	base := strings.Repeat("text ", 1000)
	first, second := base[:4000]+"one", base[:4000]+"onetwo"
	r := forge(t,
		forged{id: blobID(base), kind: packBlob, data: []byte(base)},
		forged{id: blobID(first), kind: packOFSDelta, back: 1, data: newPatch(5000, 4003).copy(4000).insert("one").code},
		forged{id: blobID(second), kind: packREFDelta, ref: blobID(first), data: newPatch(4003, 4006).copy(4003).insert("two").code},
	)
	reader := mustReader(t, r)
	for _, want := range []string{second, first, base} {
		if got, err := reader.Blob(blobID(want), 1<<20); err != nil || string(got) != want {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	compare(t, r, []gitwalk.ID{blobID(base), blobID(first), blobID(second)})
}

// Nothing of this may take memory, stack or time that is not bounded, or end the
// program. What is said is why the pack is to blame, or that the object is too large.
func TestHostilePacks(t *testing.T) {
	text := []byte("text")
	bomb := make([]byte, 64<<20)
	for _, tt := range []struct {
		name    string
		entries []forged
		ask     gitwalk.ID
		detail  string // of a CorruptError; "" for a TooLargeError
	}{
		{"delta of itself", []forged{{id: idA, kind: packREFDelta, ref: idA, data: newPatch(4, 4).copy(4).code}}, idA, "more than 4095 deltas"},
		{"two deltas of each other", []forged{
			{id: idA, kind: packREFDelta, ref: idB, data: newPatch(4, 4).copy(4).code},
			{id: idB, kind: packREFDelta, ref: idA, data: newPatch(4, 4).copy(4).code},
		}, idB, "more than 4095 deltas"},
		{"large deltas of each other", []forged{
			{id: idA, kind: packREFDelta, ref: idB, data: append(newPatch(4, 4).code, bomb[:1<<20]...)},
			{id: idB, kind: packREFDelta, ref: idA, data: append(newPatch(4, 4).code, bomb[:1<<20]...)},
		}, idB, "deltas that it is made of are too large"},
		{"base in no pack", []forged{{id: idA, kind: packREFDelta, ref: idC, data: newPatch(4, 4).copy(4).code}}, idA, "lacks the base of a delta, " + idC.String()},
		{"base before the pack", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packOFSDelta, back: 0, data: newPatch(4, 4).copy(4).code}}, idA, "damaged"},
		{"type 0", []forged{{id: idA, kind: 0, data: text}}, idA, "type 0"},
		{"type 5", []forged{{id: idA, kind: 5, data: text}}, idA, "type 5"},
		{"more than is declared", []forged{{id: idA, kind: packBlob, data: text, size: 3}}, idA, "damaged"},
		{"less than is declared", []forged{{id: idA, kind: packBlob, data: text, size: 5}}, idA, "4 bytes instead of 5"},
		{"zip bomb", []forged{{id: idA, kind: packBlob, data: bomb, size: 10}}, idA, "damaged"},
		{"delta that is a zip bomb", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: bomb, size: 10}}, idA, "damaged"},
		{"declares a vast size", []forged{{id: idA, kind: packBlob, data: text, size: 1 << 59}}, idA, ""},
		{"declares more than any size", []forged{{id: idA, kind: packBlob, data: text, size: -1}}, idA, "damaged"},
		{"delta declares a vast size", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: text, size: 1 << 59}}, idA, "too large"},
		{"base declares a vast size", []forged{{id: idB, kind: packBlob, data: text, size: 1 << 59}, {id: idA, kind: packREFDelta, ref: idB, data: newPatch(4, 4).copy(4).code}}, idA, "base of its deltas has 576460752303423488 bytes"},
		{"delta makes a vast size", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: newPatch(4, 1<<61).copy(4).code}}, idA, ""},
		{"delta makes more than any size", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: newPatch(4, 1<<63).copy(4).code}}, idA, "has no size"},
		{"delta in the middle makes too much", []forged{
			{id: idB, kind: packBlob, data: text},
			{id: idC, kind: packREFDelta, ref: idB, data: newPatch(4, 1<<40).copy(4).code},
			{id: idA, kind: packREFDelta, ref: idC, data: newPatch(1<<40, 4).copy(4).code},
		}, idA, "too large"},
		{"many deltas make too much together", doubling(30, 200<<20), gitwalk.ID{30}, "too large"},
		{"delta makes less than it declares", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: newPatch(4, 9).copy(4).code}}, idA, "invalid delta"},
		{"delta makes more than it declares", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: newPatch(4, 3).copy(4).code}}, idA, "invalid delta"},
		{"delta of another base", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: newPatch(5, 4).copy(4).code}}, idA, "invalid delta"},
		{"delta copies from behind the base", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: newPatch(4, 8).copy(8).code}}, idA, "invalid delta"},
		{"delta inserts what it does not have", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: append(newPatch(4, 9).code, 9, 'x')}}, idA, "invalid delta"},
		{"delta with the reserved command", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: append(newPatch(4, 4).code, 0)}}, idA, "wrong delta command"},
		{"empty delta", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB}}, idA, "has no size"},
		{"delta that is one endless number", []forged{{id: idB, kind: packBlob, data: text}, {id: idA, kind: packREFDelta, ref: idB, data: bytes.Repeat([]byte{0xff}, 100)}}, idA, "has no size"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := inProcess(t, forge(t, tt.entries...))
			before := allocated()
			const limit = 1 << 20
			kind, content, err := s.Object(tt.ask, limit)
			if kind != 0 || content != nil {
				t.Errorf("a %s of %d bytes comes with the error", kind, len(content))
			}
			var large *gitwalk.TooLargeError
			var corrupt *gitwalk.CorruptError
			switch {
			case tt.detail == "" && (!errors.As(err, &large) || large.ID != tt.ask || large.Limit != limit):
				t.Errorf("error %v instead of one about the size", err)
			case tt.detail != "" && (!errors.As(err, &corrupt) || corrupt.ID != tt.ask || !strings.Contains(corrupt.Detail, tt.detail)):
				t.Errorf("error %v", err)
			}
			if got := allocated() - before; got > 2<<30 {
				t.Errorf("%d MiB were allocated", got>>20)
			}
		})
	}
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// doubling is a chain of deltas each of which says that it makes so many bytes,
// but for the last.
func doubling(n int, size uint64) []forged {
	entries := []forged{{id: gitwalk.ID{0}, kind: packBlob, data: []byte("text")}}
	for i := 1; i <= n; i++ {
		to := size
		if i == n {
			to = 4
		}
		entries = append(entries, forged{id: gitwalk.ID{byte(i)}, kind: packREFDelta, ref: gitwalk.ID{byte(i - 1)}, data: newPatch(size, to).copy(4).code})
	}
	return entries
}

// Git makes chains of up to 4,095 deltas.
func TestLongChains(t *testing.T) {
	chain := func(n int) ([]forged, gitwalk.ID) {
		entries := []forged{{id: blobID("0"), kind: packBlob, data: []byte("0")}}
		content := "0"
		for i := 1; i <= n; i++ {
			next := fmt.Sprint(i)
			entries = append(entries, forged{id: blobID(next), kind: packOFSDelta, back: 1, data: newPatch(uint64(len(content)), uint64(len(next))).insert(next).code})
			content = next
		}
		return entries, blobID(content)
	}
	entries, last := chain(4095)
	if got, err := mustReader(t, forge(t, entries...)).Blob(last, 1<<20); err != nil || string(got) != "4095" {
		t.Errorf("%q, %v", got, err)
	}
	entries, last = chain(4096)
	_, _, err := inProcess(t, forge(t, entries...)).Object(last, 1<<20)
	checkCorrupt(t, last, err)
	// Unless a part of the chain has been read before.
	s := inProcess(t, forge(t, entries...))
	if _, _, err := s.Object(blobID("4000"), 1<<20); err != nil {
		t.Error(err)
	}
	if _, content, err := s.Object(last, 1<<20); err != nil || string(content) != "4096" {
		t.Errorf("%q, %v", content, err)
	}
}

// What a Source returns belongs to the caller: the next object does not depend on
// what he does with it.
func TestContentBelongsToTheCaller(t *testing.T) {
	base := "0123456789"
	for _, size := range []int{0, cacheHalf} {
		long := base + strings.Repeat("x", size)
		entries := []forged{
			{id: blobID(long), kind: packBlob, data: []byte(long)},
			{id: blobID("01234567"), kind: packOFSDelta, back: 1, data: newPatch(uint64(len(long)), 8).copy(8).code},
			{id: blobID("0123"), kind: packOFSDelta, back: 1, data: newPatch(8, 4).copy(4).code},
		}
		s := inProcess(t, forge(t, entries...))
		for range 3 {
			for _, want := range []string{long, "0123", "01234567"} {
				_, content, err := s.Object(blobID(want), 1<<30)
				if err != nil || string(content) != want {
					t.Fatalf("%d bytes instead of %d, %v", len(content), len(want), err)
				}
				for i := range content {
					content[i] = '!'
				}
			}
		}
	}
}

// What one place has damaged may be whole in another.
func TestOtherCopyIsFound(t *testing.T) {
	good := forged{id: blobID("text"), kind: packBlob, data: []byte("text")}
	bad := good
	bad.size = 5
	for name, entries := range map[string][][]forged{
		"in a later pack":    {{bad}, {good}},
		"in an earlier pack": {{good}, {bad}},
	} {
		r := forge(t)
		for i, e := range entries {
			forgeIn(t, r.GitDir(), fmt.Sprint("pack-", i), e)
		}
		if got, err := mustReader(t, mustOpen(t, r.GitDir())).Blob(good.id, 10); err != nil || string(got) != "text" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	r := forge(t, bad)
	name := good.id.String()
	writeFile(t, r.GitDir()+"/objects/"+name[:2]+"/"+name[2:], string(deflate([]byte("blob 4\x00text"))))
	if got, err := mustReader(t, r).Blob(good.id, 10); err != nil || string(got) != "text" {
		t.Errorf("in a file of its own: %q, %v", got, err)
	}
}

// A pack may have an object of another content under an id: both ways give it, and
// the Reader is not deceived.
func TestContentOfAnotherID(t *testing.T) {
	for _, content := range []string{"short", strings.Repeat("long ", 10_000)} {
		r := forge(t, forged{id: idA, kind: packBlob, data: []byte(content)}, forged{id: idB, kind: packCommit, data: []byte(content)})
		a, b := sources(t, r)
		for name, source := range map[string]gitwalk.Source{"in-process": a, "through git": b} {
			for _, ask := range []gitwalk.ID{idA, idB} {
				got, err := gitwalk.NewReader(source).Blob(ask, 1<<20)
				checkCorrupt(t, ask, err)
				if got != nil {
					t.Errorf("%s: %d bytes", name, len(got))
				}
			}
		}
	}
}
