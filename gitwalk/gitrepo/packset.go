package gitrepo

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A packSet is the object directory of a repository as all of its Sources share
// it: the packs with their indexes, which are read once, and one open file for
// each pack that is in use.
type packSet struct {
	dir  string // objects
	work work

	shelf shelf

	mu    sync.Mutex
	known []*pack // replaced, never changed
	gone  []*pack // removed from the directory, but perhaps still open
	users int
}

func newPackSet(dir string) *packSet { return &packSet{dir: dir} }

// packs returns the packs as they were when the directory was last listed. With
// refresh it is listed again.
func (s *packSet) packs(refresh bool) ([]*pack, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known != nil && !refresh {
		return s.known, nil
	}
	indexed, err := s.list()
	if err != nil {
		return nil, err
	}
	now := make([]*pack, 0, len(indexed))
	for _, name := range indexed {
		i := slices.IndexFunc(s.known, func(p *pack) bool { return p.name == name })
		if i >= 0 {
			now = append(now, s.known[i])
			continue
		}
		now = append(now, &pack{name: name, base: filepath.Join(s.dir, "pack", name), shelf: &s.shelf})
	}
	for _, p := range s.known {
		if !slices.Contains(now, p) {
			s.gone = append(s.gone, p)
		}
	}
	s.known = now
	return now, nil
}

// list returns the names, without extension, of packs that have an index. Git
// reads no others, with or without a multi-pack-index: they are just being
// written, or were left behind.
func (s *packSet) list() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "pack"))
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	packs := make(map[string]bool)
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), ".pack"); ok {
			packs[name] = true
		}
	}
	var indexed []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), ".idx"); ok && packs[name] {
			indexed = append(indexed, name)
		}
	}
	return indexed, nil
}

// foreign says why only git can find the objects of a pack, or "".
func (s *packSet) foreign() (reason string, err error) {
	indexed, err := s.list()
	for _, name := range indexed {
		if isVersion1(filepath.Join(s.dir, "pack", name+".idx")) {
			return name + ".idx is of version 1", nil
		}
	}
	return "", err
}

// enter and leave count the Sources. The last one closes the files.
func (s *packSet) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users++
}

func (s *packSet) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	for _, p := range append(s.gone, s.known...) {
		p.close()
	}
	s.gone = nil
}

// prefixed returns the objects whose ids start with at least 2 digits.
func (s *packSet) prefixed(digits string) ([]gitwalk.ID, error) {
	packs, err := s.packs(true)
	if err != nil {
		return nil, err
	}
	seen := make(map[gitwalk.ID]bool)
	for _, p := range packs {
		index, err := p.load()
		if err != nil {
			return nil, err
		}
		ids, err := index.from(digits, maxPrefixed+1)
		if err != nil {
			return nil, p.indexError(err)
		}
		for _, id := range ids {
			if seen[id] = true; len(seen) > maxPrefixed {
				return nil, errTooManyPrefixed
			}
		}
	}
	loose, err := os.ReadDir(filepath.Join(s.dir, digits[:2]))
	if err != nil && !isAbsent(err) {
		return nil, err
	}
	for _, entry := range loose {
		name := digits[:2] + entry.Name()
		if id, err := gitwalk.ParseID(name); err == nil && strings.HasPrefix(name, digits) {
			if seen[id] = true; len(seen) > maxPrefixed {
				return nil, errTooManyPrefixed
			}
		}
	}
	ids := make([]gitwalk.ID, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b gitwalk.ID) int { return slices.Compare(a[:], b[:]) })
	return ids, nil
}
