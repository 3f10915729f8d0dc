package gitwalk

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// objectsOf are the files, by their content, and the number of trees that belong to
// an extent.
func objectsOf(t *testing.T, m *memory, h MergeHistory, extent Extent, result ID) (blobs []string, trees int) {
	t.Helper()
	seen := make(map[ID]bool)
	for o, err := range h.Objects(NewReader(m), extent, result) {
		if err != nil {
			t.Fatal(err)
		}
		if id, _ := Hash(o.Kind, o.Content); id != o.ID {
			t.Errorf("the content of %s hashes to %s", o.ID, id)
		}
		if seen[o.ID] {
			t.Errorf("object %s comes twice", o.ID)
		}
		seen[o.ID] = true
		if o.Kind == KindBlob {
			blobs = append(blobs, string(o.Content))
		} else {
			trees++
		}
	}
	slices.Sort(blobs)
	return blobs, trees
}

func mergeHistory(t *testing.T, m *memory, a, b ID) MergeHistory {
	t.Helper()
	h, err := NewGraph(NewReader(m)).MergeHistory(context.Background(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestMergeObjects(t *testing.T) {
	m := newMemory()
	base := m.tree("both/f 1", "one/f 2", "one/g/h 3", "other/f 4", "gone/f 5", "160000 s 6")
	left := m.tree("both/f 11", "one/f 12", "one/g/h 3", "other/f 4", "added/f 15", "160000 s 16")
	right := m.tree("both/f 21", "one/f 2", "one/g/h 3", "other/f 24", "gone/f 5", "160000 s 26")
	for _, content := range []string{"1", "2", "3", "4", "5", "11", "12", "15", "21", "24"} {
		m.put(KindBlob, content)
	}
	root := m.commitTree(base, 10)
	h := mergeHistory(t, m, m.commitTree(left, 20, root), m.commitTree(right, 21, root))
	for _, tt := range []struct {
		extent Extent
		blobs  []string
		trees  int
	}{
		{Contested, []string{"1", "11", "21"}, 3 + 3},                                               // the roots, both
		{Moved, []string{"1", "11", "15", "21", "5"}, 3 + 3 + 2 + 2 + 2},                            // one, other, gone and added
		{Everything, []string{"1", "11", "12", "15", "2", "21", "24", "4", "5"}, 3 + 3 + 2 + 2 + 2}, // not what nobody changed
	} {
		blobs, trees := objectsOf(t, m, h, tt.extent, ID{})
		if !slices.Equal(blobs, tt.blobs) || trees != tt.trees {
			t.Errorf("extent %d has the files %q and %d trees", tt.extent, blobs, trees)
		}
	}
}

func TestMergeObjectsWithSeveralMergeBases(t *testing.T) {
	m := newMemory()
	for _, content := range []string{"1", "2", "3", "4", "5", "6"} {
		m.put(KindBlob, content)
	}
	root := m.commitTree(m.tree("three 1", "two 4", "one 6"), 10)
	left := m.commitTree(m.tree("three 2", "two 4", "one 6"), 20, root)
	right := m.commitTree(m.tree("three 3", "two 5", "one 6"), 21, root)
	a := m.commitTree(m.tree("three 2", "two 5", "one 6"), 30, left, right)
	b := m.commitTree(m.tree("three 3", "two 5", "one 6"), 31, right, left)
	h := mergeHistory(t, m, a, b)
	if blobs, _ := objectsOf(t, m, h, Contested, ID{}); !slices.Equal(blobs, []string{"1", "2", "3"}) {
		t.Errorf("contested are %q", blobs)
	}
	if blobs, _ := objectsOf(t, m, h, Everything, ID{}); !slices.Equal(blobs, []string{"1", "2", "3", "4", "5"}) {
		t.Errorf("everything is %q", blobs)
	}
}

func TestMergeObjectsEnd(t *testing.T) {
	m := newMemory()
	gone, _ := Hash(KindBlob, []byte("gone"))
	for _, content := range []string{"1", "2", "3"} {
		m.put(KindBlob, content)
	}
	root := m.commitTree(m.tree("a 1"), 10)
	side := m.commitTree(m.tree("a 2"), 20, root)
	t.Run("with break", func(t *testing.T) {
		n := 0
		for _, err := range mergeHistory(t, m, side, m.commitTree(m.tree("a 3"), 21, root)).Objects(NewReader(m), Everything, ID{}) {
			if n++; err != nil || n == 4 {
				break
			}
		}
		if n != 4 {
			t.Errorf("%d objects", n)
		}
	})
	t.Run("with an error", func(t *testing.T) {
		var failed error
		for _, err := range mergeHistory(t, m, side, m.commitTree(m.tree("a gone"), 21, root)).Objects(NewReader(m), Contested, ID{}) {
			if failed != nil {
				t.Error("it goes on after an error")
			}
			failed = err
		}
		var missing *MissingError
		if !errors.As(failed, &missing) || missing.ID != gone {
			t.Errorf("error is %v", failed)
		}
	})
	t.Run("at the limit", func(t *testing.T) {
		h := mergeHistory(t, m, side, m.commitTree(m.tree("a 3"), 21, root))
		objects := &mergeObjects{reader: NewReader(m), given: make(map[ID]bool), size: maxMergeObjects - 3*treeCost,
			yield: func(Object, error) bool { return true }}
		if err := objects.history(h, Everything, ID{}); !errors.As(err, new(*LimitError)) {
			t.Errorf("error is %v", err)
		}
	})
}

// What is said to be the result adds what git would have to write, where both sides
// changed something; and nothing that is wrong with it is an error.
func TestMergeObjectsOfTheResult(t *testing.T) {
	m := newMemory()
	for _, content := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		m.put(KindBlob, content)
	}
	root := m.commitTree(m.tree("d/both 1", "one 2", "e/f 2"), 10)
	left := m.commitTree(m.tree("d/both 3", "one 4", "e/f 2"), 20, root)
	right := m.commitTree(m.tree("d/both 5", "one 2", "e/f 4"), 21, root)
	h := mergeHistory(t, m, left, right)
	malformed := m.put(KindTree, string(rawTree("100644 b", "100644 a")))
	for _, tt := range []struct {
		name   string
		result ID
		blobs  []string
		trees  int
	}{
		{"none", ID{}, []string{"1", "3", "5"}, 6},
		{"as it should be", m.tree("d/both 6", "one 4", "e/f 4"), []string{"1", "3", "5", "6"}, 8},
		{"with more in it", m.tree("d/both 6", "d/more 7", "one 7", "e/f 7", "x/y 7"), []string{"1", "3", "5", "6"}, 8},
		{"a side", m.tree("d/both 3", "one 4", "e/f 2"), []string{"1", "3", "5"}, 6},
		{"missing", ID{1}, []string{"1", "3", "5"}, 6},
		{"malformed", malformed, []string{"1", "3", "5"}, 6},
		{"with a missing file", m.tree("d/both gone", "one 4", "e/f 4"), []string{"1", "3", "5"}, 8},
		{"a file", m.put(KindBlob, "1"), []string{"1", "3", "5"}, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if blobs, trees := objectsOf(t, m, h, Contested, tt.result); !slices.Equal(blobs, tt.blobs) || trees != tt.trees {
				t.Errorf("the files %q and %d trees", blobs, trees)
			}
		})
	}
}
