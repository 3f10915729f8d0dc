package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// scratch is a repository in a temporary directory: bare, without configuration,
// refs, hooks and attributes, and with no objects but those that are put into it
// before it is sealed.
type scratch struct {
	dir  string
	git  gitcli.Repository
	file *os.File // the pack
	pack *packWriter
	has  map[gitwalk.ID]bool // what is in the pack
	err  error               // the first that came up when something was put there
}

func newScratch() (*scratch, error) {
	dir, err := os.MkdirTemp("", "nix-authorize-merge-")
	if err != nil {
		return nil, err
	}
	s := &scratch{dir: dir, git: gitcli.Repository{GitDir: dir}, has: make(map[gitwalk.ID]bool)}
	if err := s.layOut(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *scratch) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// layOut writes what makes a directory a repository: gitrepository-layout(5).
func (s *scratch) layOut() error {
	for _, name := range []string{"refs", "objects", "objects/pack"} {
		if err := os.Mkdir(s.path(name), 0o700); err != nil {
			return err
		}
	}
	for _, file := range []struct{ name, content string }{
		{"HEAD", "ref: refs/heads/none\n"},
		{"config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tlooseCompression = 0\n"},
	} {
		if err := os.WriteFile(s.path(file.name), []byte(file.content), 0o600); err != nil {
			return err
		}
	}
	var err error
	if s.file, err = os.OpenFile(s.path("objects/pack/pack-merge.pack"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	s.pack, err = newPackWriter(s.file)
	return err
}

// remove is all the tidying there is. What cannot be removed is left to the system.
func (s *scratch) remove() {
	if s.file != nil {
		s.file.Close()
	}
	_ = os.RemoveAll(s.dir)
}

// put writes an object, if it is not there yet. An error shows when the repository
// is sealed.
func (s *scratch) put(o gitwalk.Object) {
	if s.err == nil && !s.has[o.ID] {
		s.has[o.ID] = true
		s.err = s.pack.put(o)
	}
}

// putHistory writes commits that descend from one another as those of h do and
// have the same trees and dates, and returns their ids, in the order of h. They are
// not the real commits: these would bring their whole history with them.
func (s *scratch) putHistory(h gitwalk.MergeHistory) []gitwalk.ID {
	ids := make([]gitwalk.ID, len(h))
	for i, c := range h {
		content := fmt.Appendf(nil, "tree %s\n", c.Tree)
		for _, p := range c.Parents {
			content = fmt.Appendf(content, "parent %s\n", ids[p])
		}
		date := max(c.Date, 0)
		content = fmt.Appendf(content, "author a <a> %d +0000\ncommitter a <a> %d +0000\n\n%s\n", date, date, c.ID)
		ids[i], _ = gitwalk.Hash(gitwalk.KindCommit, content)
		s.put(gitwalk.Object{Kind: gitwalk.KindCommit, ID: ids[i], Content: content})
	}
	return ids
}

// seal makes what has been put into the repository visible to git.
func (s *scratch) seal() error {
	if s.err != nil {
		return s.err
	}
	index, err := s.pack.finish()
	if err != nil {
		return err
	}
	return os.WriteFile(s.path("objects/pack/pack-merge.idx"), index, 0o600)
}
