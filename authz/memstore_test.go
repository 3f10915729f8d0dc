package authz

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// memStore is a repository in memory. Tests can take objects away, damage them
// and look at what is read.
type memStore struct {
	mu           sync.Mutex
	objects      map[gitwalk.ID]memObject
	open, opened int // sources
	// onOpen and onRead, if set, are asked before a source is opened (counted
	// from 1) or an object read. Their errors are the repository's.
	onOpen func(n int) error
	onRead func(id gitwalk.ID) error
}

type memObject struct {
	kind    gitwalk.Kind
	content []byte
}

func newMemStore() *memStore { return &memStore{objects: make(map[gitwalk.ID]memObject)} }

func (s *memStore) put(kind gitwalk.Kind, content []byte) gitwalk.ID {
	id, _ := gitwalk.Hash(kind, content)
	s.objects[id] = memObject{kind, content}
	return id
}

func (s *memStore) blob(content string) gitwalk.ID { return s.put(gitwalk.KindBlob, []byte(content)) }

// tree stores a tree with its entries in the order given.
func (s *memStore) tree(entries ...gitwalk.Entry) gitwalk.ID {
	var b bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&b, "%o %s\x00%s", e.Mode, e.Name, e.ID[:])
	}
	return s.put(gitwalk.KindTree, b.Bytes())
}

// treeWithin stores the trees that have these entries, whose names are paths.
func (s *memStore) treeWithin(entries ...gitwalk.Entry) gitwalk.ID {
	var here []gitwalk.Entry
	below := make(map[string][]gitwalk.Entry)
	for _, e := range entries {
		dir, rest, nested := strings.Cut(e.Name, "/")
		if !nested {
			here = append(here, e)
			continue
		}
		e.Name = rest
		below[dir] = append(below[dir], e)
	}
	for name, entries := range below {
		here = append(here, gitwalk.Entry{Mode: gitwalk.ModeTree, Name: name, ID: s.treeWithin(entries...)})
	}
	slices.SortFunc(here, func(a, b gitwalk.Entry) int { return strings.Compare(sortedAs(a), sortedAs(b)) })
	return s.tree(here...)
}

// sortedAs is the name by which Git orders an entry.
func sortedAs(e gitwalk.Entry) string {
	if e.Mode == gitwalk.ModeTree {
		return e.Name + "/"
	}
	return e.Name
}

// rawCommit is what a commit is made of, less its signature.
type rawCommit struct {
	tree    gitwalk.ID
	parents []gitwalk.ID
	date    int64
	message string
}

// headers are those that stand before the signature.
func (c rawCommit) headers() string {
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", c.tree)
	for _, p := range c.parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	for _, who := range []string{"author", "committer"} {
		fmt.Fprintf(&b, "%s A U Thor <author@example.org> %d +0200\n", who, c.date)
	}
	return b.String()
}

// signed is the commit with the signature that sign makes of its payload, or
// without one if sign is nil.
func (c rawCommit) signed(sign func(payload string) string) []byte {
	head, tail := c.headers(), "\n"+c.message+"\n"
	if sign == nil {
		return []byte(head + tail)
	}
	signature := strings.ReplaceAll(sign(head+tail), "\n", "\n ")
	return []byte(head + "gpgsig " + signature + "\n" + tail)
}

func (s *memStore) NewSource() (gitwalk.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	if s.onOpen != nil {
		if err := s.onOpen(s.opened); err != nil {
			return nil, err
		}
	}
	s.open++
	return &memSource{store: s}, nil
}

// without is a copy of the store that lacks an object.
func (s *memStore) without(id gitwalk.ID) *memStore {
	other := newMemStore()
	other.objects = maps.Clone(s.objects)
	delete(other.objects, id)
	return other
}

// damaged is a copy of the store in which the last byte of an object is another.
func (s *memStore) damaged(id gitwalk.ID) *memStore {
	other := s.without(id)
	o := s.objects[id]
	content := slices.Clone(o.content)
	content[len(content)-1] ^= 1
	other.objects[id] = memObject{o.kind, content}
	return other
}

// checkClosed requires that every source was closed.
func (s *memStore) checkClosed(t testing.TB) {
	t.Helper()
	if s.open != 0 {
		t.Errorf("%d of %d sources are still open", s.open, s.opened)
	}
}

// memSource notices when two goroutines use it at once.
type memSource struct {
	store *memStore
	busy  sync.Mutex
}

func (s *memSource) Object(id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	if !s.busy.TryLock() {
		panic("two goroutines use one source")
	}
	defer s.busy.Unlock()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if s.store.onRead != nil {
		if err := s.store.onRead(id); err != nil {
			return 0, nil, err
		}
	}
	o, ok := s.store.objects[id]
	switch {
	case !ok:
		return 0, nil, &gitwalk.MissingError{ID: id}
	case int64(len(o.content)) > limit:
		return 0, nil, &gitwalk.TooLargeError{ID: id, Limit: limit}
	}
	return o.kind, slices.Clone(o.content), nil
}

func (s *memSource) Close() error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.open--
	return nil
}
