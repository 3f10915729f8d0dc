package gitrepo

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// writeIndex writes an index in which object i of sorted ids is at offset 12+i.
func writeIndex(t *testing.T, ids []gitwalk.ID) *packIndex {
	t.Helper()
	out := []byte(indexMagic)
	for first := range 256 {
		n, _ := slices.BinarySearchFunc(ids, first+1, func(id gitwalk.ID, first int) int { return int(id[0]) - first })
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	for _, id := range ids {
		out = append(out, id[:]...)
	}
	out = append(out, make([]byte, 4*len(ids))...) // checksums
	for i := range ids {
		out = binary.BigEndian.AppendUint32(out, uint32(12+i))
	}
	path := filepath.Join(t.TempDir(), "pack.idx")
	if err := os.WriteFile(path, append(out, make([]byte, indexTrailer)...), 0o666); err != nil {
		t.Fatal(err)
	}
	x, err := readIndex(path, new(shelf))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.close)
	return x
}

// someIDs are random ids of which the bytes from one place on are random.
func someIDs(rng *rand.Rand, count, from int) []gitwalk.ID {
	ids := make([]gitwalk.ID, count)
	for i := range ids {
		for at := from; at < len(ids[i]); at++ {
			ids[i][at] = byte(rng.Uint32())
		}
	}
	slices.SortFunc(ids, compareIDs)
	return slices.Compact(ids)
}

func compareIDs(a, b gitwalk.ID) int { return slices.Compare(a[:], b[:]) }

// Whatever an index has is found in it, and nothing else, also where ids are not as
// evenly spread as hashes are.
func TestIndexSearch(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 2))
	lopsided := append(someIDs(rng, 5000, 3), someIDs(rng, 5000, 0)...)
	slices.SortFunc(lopsided, compareIDs)
	for name, ids := range map[string][]gitwalk.ID{
		"none":                   nil,
		"one":                    someIDs(rng, 1, 0),
		"few":                    someIDs(rng, 300, 0),
		"most that are kept":     someIDs(rng, shortIndex, 0),
		"fewest that are not":    someIDs(rng, shortIndex+1, 0),
		"many":                   someIDs(rng, 60_000, 0),
		"too many to keep":       someIDs(rng, mediumIndex+1000, 0)[:mediumIndex+1],
		"many that begin alike":  someIDs(rng, 9000, 6),
		"some that begin alike":  slices.Compact(lopsided),
		"all in the last bucket": append(someIDs(rng, 5000, 19), gitwalk.ID{0xff, 0xff}),
	} {
		t.Run(name, func(t *testing.T) {
			x := writeIndex(t, ids)
			for i, id := range ids {
				if at, ok, err := x.offset(id); at != int64(12+i) || !ok || err != nil {
					t.Fatalf("object %d of %d is at %d, %v, %v", i, len(ids), at, ok, err)
				}
				for _, near := range []gitwalk.ID{neighbour(id, 1), neighbour(id, -1)} {
					_, there := slices.BinarySearchFunc(ids, near, compareIDs)
					if _, ok, err := x.offset(near); ok != there || err != nil {
						t.Fatalf("%s is found: %v, %v", near, ok, err)
					}
				}
			}
			for _, id := range someIDs(rng, 500, 0) {
				if _, ok, err := x.offset(id); ok || err != nil {
					t.Fatalf("%s is found: %v, %v", id, ok, err)
				}
			}
		})
	}
}

// neighbour is the id before or after another, as far as its last byte goes.
func neighbour(id gitwalk.ID, by int) gitwalk.ID {
	id[len(id)-1] += byte(by)
	return id
}

// Goroutines find what an index has while others do, and while it comes to be kept.
func TestIndexSearchTogether(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for _, count := range []int{1000, 5000} {
		ids := someIDs(rng, count, 0)
		for range 100 {
			x := writeIndex(t, ids)
			var searches sync.WaitGroup
			for first := range 4 {
				searches.Go(func() {
					for i := first; i < count; i += 7 {
						if at, ok, err := x.offset(ids[i]); at != int64(12+i) || !ok || err != nil {
							t.Errorf("object %d of %d is at %d, %v, %v", i, count, at, ok, err)
							return
						}
					}
				})
			}
			searches.Wait()
			if x.kept.Load() == nil {
				t.Fatalf("the index of %d objects is not kept", count)
			}
		}
	}
}

// All indexes together keep no more than they may.
func TestIndexShelfIsFull(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 7))
	ids := someIDs(rng, 5000, 0)
	x := writeIndex(t, ids)
	x.shelf.bytes.Store(maxWhole - 1000)
	for range 2 {
		for i, id := range ids {
			if at, ok, err := x.offset(id); at != int64(12+i) || !ok || err != nil {
				t.Fatalf("object %d is at %d, %v, %v", i, at, ok, err)
			}
		}
	}
	if x.kept.Load() != nil || x.shelf.bytes.Load() != maxWhole-1000 {
		t.Errorf("the index is kept: %v; %d bytes are", x.kept.Load() != nil, x.shelf.bytes.Load())
	}
}

// An index that is not in order leads nowhere, or to another object, and soon.
func TestIndexSearchInDisorder(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 3))
	ids := someIDs(rng, 20_000, 1) // all in one bucket
	shuffled := slices.Clone(ids)
	rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	x := writeIndex(t, shuffled)
	for _, id := range ids {
		if at, ok, err := x.offset(id); err != nil || ok && shuffled[at-12] != id {
			t.Fatalf("%s is at %d, %v, %v", id, at, ok, err)
		}
	}
}

func TestIndexFrom(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 4))
	ids := someIDs(rng, 30_000, 0)
	x := writeIndex(t, ids)
	for _, digits := range []string{"00", "3f", "7a2", "abcd", "ff", "fff"} {
		var want []gitwalk.ID
		for _, id := range ids {
			if id.String()[:len(digits)] == digits && len(want) < 100 {
				want = append(want, id)
			}
		}
		if got, err := x.from(digits, 100); !slices.Equal(got, want) || err != nil {
			t.Errorf("%d ids instead of %d start with %s, %v", len(got), len(want), digits, err)
		}
	}
}
