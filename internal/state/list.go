package state

import (
	"cmp"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Listed is one file of all that are remembered. Of Remembered and Err exactly
// one is set; with an error the Key is unknown.
type Listed struct {
	*Tip
	Remembered *Remembered
	Err        error // as from Load
}

// List returns what is remembered below dir, by remote and branch, and after that
// the files that cannot be believed. The error is that the folder cannot be read.
func List(dir string) ([]Listed, error) {
	dir = filepath.Join(dir, folder)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, classify("the remembered tips cannot be listed", err)
	}
	var good, bad []Listed
	for _, entry := range entries {
		if !isName(entry.Name()) {
			continue
		}
		switch l := list(filepath.Join(dir, entry.Name())); {
		case l.Err != nil:
			bad = append(bad, l)
		case l.Remembered != nil:
			good = append(good, l)
		}
	}
	slices.SortFunc(good, func(a, b Listed) int {
		return cmp.Or(cmp.Compare(a.key.Remote, b.key.Remote), cmp.Compare(a.key.Branch, b.key.Branch), cmp.Compare(a.Path(), b.Path()))
	})
	return append(good, bad...), nil
}

// isName tells the files from their locks and from what a run that was killed
// left behind.
func isName(name string) bool {
	sum, err := hex.DecodeString(name)
	return err == nil && len(sum) == len(digest(""))/2
}

// list reads one file. Neither Remembered nor Err is set if it is gone.
func list(path string) Listed {
	l := Listed{Tip: open(path, Key{})}
	content, err := l.file.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return l
	}
	if err == nil {
		l.key, l.Remembered, err = parse(path, string(content))
	}
	if err != nil {
		l.Err = classify("a remembered tip cannot be read", err)
	}
	return l
}
