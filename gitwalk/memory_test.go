package gitwalk

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// memory is a Source of objects that exist only in memory.
type memory struct {
	objects map[ID]memoryObject
	// fail, if it is set, is asked before each object is given.
	fail   func(ID) error
	reads  int
	closed bool
}

type memoryObject struct {
	kind    Kind
	content []byte
}

func newMemory() *memory { return &memory{objects: make(map[ID]memoryObject)} }

func (m *memory) Object(id ID, limit int64) (Kind, []byte, error) {
	m.reads++
	if m.fail != nil {
		if err := m.fail(id); err != nil {
			return 0, nil, err
		}
	}
	o, ok := m.objects[id]
	if !ok {
		return 0, nil, &MissingError{ID: id}
	}
	if int64(len(o.content)) > limit {
		return 0, nil, &TooLargeError{ID: id, Limit: limit}
	}
	return o.kind, o.content, nil
}

func (m *memory) Close() error {
	m.closed = true
	return nil
}

func (m *memory) put(kind Kind, content string) ID {
	id, _ := Hash(kind, []byte(content))
	m.objects[id] = memoryObject{kind, []byte(content)}
	return id
}

// commit adds a commit that no other is equal to.
func (m *memory) commit(date int64, parents ...ID) ID {
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", emptyTree)
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	fmt.Fprintf(&b, "author A <a@example.org> %d +0000\ncommitter A <a@example.org> %[1]d +0000\n\nNumber %d\n", date, len(m.objects))
	return m.put(KindCommit, b.String())
}

// emptyTree is the id that Git gives to a tree without entries.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

func mustID(t testing.TB, s string) ID {
	t.Helper()
	id, err := ParseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func mustWalk(t testing.TB, m *memory, tip ID, exclude []ID, opt Options) *Range {
	t.Helper()
	r, err := Walk(context.Background(), NewReader(m), tip, exclude, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
