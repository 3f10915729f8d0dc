package gitrepo

import (
	"fmt"
	"os"
	"sync"
)

// A pack is a pack file and its index, for all Sources.
type pack struct {
	name  string // without extension
	base  string // path without extension
	shelf *shelf

	indexOnce sync.Once
	index     *packIndex
	indexErr  error

	mu   sync.Mutex
	file *os.File
}

// load reads the index, the first time.
func (p *pack) load() (*packIndex, error) {
	p.indexOnce.Do(func() {
		if p.index, p.indexErr = readIndex(p.base+".idx", p.shelf); p.indexErr != nil {
			p.indexErr = p.indexError(p.indexErr)
		}
	})
	return p.index, p.indexErr
}

func (p *pack) indexError(err error) error {
	return fmt.Errorf("the index of %s.pack cannot be read: %w", p.name, err)
}

// open returns the pack's file. Several goroutines may read it at offsets.
func (p *pack) open() (*os.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		file, _, err := openRegular(p.base + ".pack")
		if err != nil {
			return nil, err
		}
		p.file = file
	}
	return p.file, nil
}

func (p *pack) close() {
	if p.index != nil {
		p.index.close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file != nil {
		p.file.Close()
		p.file = nil
	}
}
