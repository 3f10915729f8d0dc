package gitwalk

import (
	"errors"
	"strings"
	"testing"
)

func TestReaderBelievesNothing(t *testing.T) {
	const content = "some text\n"
	m := newMemory()
	blob := m.put(KindBlob, content)
	other := ID{1}
	large := strings.Repeat("0123456789abcdef", 2<<10)
	largeID, _ := Hash(KindBlob, []byte(large))
	for _, tt := range []struct {
		name string
		id   ID
		has  memoryObject
	}{
		{"other content", blob, memoryObject{KindBlob, []byte("some texT\n")}},
		{"content cut short", blob, memoryObject{KindBlob, []byte(content[:9])}},
		{"more content", blob, memoryObject{KindBlob, []byte(content + "\x00")}},
		{"no content", blob, memoryObject{KindBlob, nil}},
		{"other kind", blob, memoryObject{KindTree, []byte(content)}},
		{"no kind", blob, memoryObject{0, []byte(content)}},
		{"other id", other, memoryObject{KindBlob, []byte(content)}},
		{"large content", largeID, memoryObject{KindBlob, []byte(large[:len(large)-1] + "!")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			m.objects[tt.id] = tt.has
			r := NewReader(m)
			got, err := r.Blob(tt.id, 1<<20)
			checkCorrupt(t, tt.id, err)
			if got != nil {
				t.Errorf("Blob gives %q with its error", got)
			}
			kind, err := r.Kind(tt.id)
			checkCorrupt(t, tt.id, err)
			if kind != 0 {
				t.Errorf("Kind gives %s with its error", kind)
			}
		})
	}
}

func checkCorrupt(t *testing.T, id ID, err error) {
	t.Helper()
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.ID != id || !strings.Contains(err.Error(), id.String()) {
		t.Errorf("error is %v", err)
	}
}

func TestReaderGivesObjects(t *testing.T) {
	m := newMemory()
	large := strings.Repeat("x", 100<<10)
	ids := map[Kind]ID{}
	for _, kind := range []Kind{KindCommit, KindTree, KindBlob, KindTag} {
		ids[kind] = m.put(kind, large)
	}
	r := NewReader(m)
	for kind, read := range map[Kind]func(ID) ([]byte, error){
		KindCommit: r.Commit,
		KindTree:   r.Tree,
		KindBlob:   func(id ID) ([]byte, error) { return r.Blob(id, 1<<20) },
		KindTag:    r.Tag,
	} {
		for of, id := range ids {
			got, err := read(id)
			var other *KindError
			switch {
			case of == kind && (err != nil || string(got) != large):
				t.Errorf("%s: %d bytes, error %v", kind, len(got), err)
			case of != kind && (!errors.As(err, &other) || other.Is != of || other.Want != kind || other.ID != id || got != nil):
				t.Errorf("a %s read as %s: %d bytes, error %v", of, kind, len(got), err)
			}
		}
		if got, err := r.Kind(ids[kind]); got != kind || err != nil {
			t.Errorf("Kind of a %s: %s, %v", kind, got, err)
		}
	}
	if _, err := r.Commit(ID{9}); !errors.As(err, new(*MissingError)) {
		t.Errorf("an object that does not exist: %v", err)
	}
	if err := r.Close(); err != nil || !m.closed {
		t.Errorf("Close does not close the source: %v", err)
	}
}

// unbounded is a Source that does not keep to the limit.
type unbounded struct{ *memory }

func (u unbounded) Object(id ID, _ int64) (Kind, []byte, error) {
	return u.memory.Object(id, 1<<62)
}

func TestReaderLimit(t *testing.T) {
	m := newMemory()
	id := m.put(KindBlob, "0123456789")
	for name, source := range map[string]Source{"source with limits": m, "source without": unbounded{m}} {
		r := NewReader(source)
		if _, err := r.Blob(id, 10); err != nil {
			t.Errorf("%s: a blob as large as the limit: %v", name, err)
		}
		var large *TooLargeError
		if got, err := r.Blob(id, 9); !errors.As(err, &large) || large.Limit != 9 || large.ID != id || got != nil {
			t.Errorf("%s: a blob that is larger: %q, %v", name, got, err)
		}
	}
}
