package gitrepo

import (
	"compress/zlib"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// scratch is a repository in a temporary directory: bare, without configuration,
// refs, hooks and attributes, and with no objects but those that are put into it.
type scratch struct {
	dir     string
	git     gitcli.Repository
	deflate *zlib.Writer // it stores; nothing lives long enough to be worth deflating
}

func newScratch() (*scratch, error) {
	dir, err := os.MkdirTemp("", "nix-authorize-merge-")
	if err != nil {
		return nil, err
	}
	s := &scratch{dir: dir, git: gitcli.Repository{GitDir: dir}}
	if err := s.layOut(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// layOut writes what makes a directory a repository (gitrepository-layout(5)).
func (s *scratch) layOut() error {
	for _, name := range []string{"objects", "refs"} {
		if err := os.Mkdir(filepath.Join(s.dir, name), 0o700); err != nil {
			return err
		}
	}
	for name, content := range map[string]string{
		"HEAD":   "ref: refs/heads/none\n",
		"config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	var err error
	s.deflate, err = zlib.NewWriterLevel(io.Discard, zlib.NoCompression)
	return err
}

// remove is all the tidying there is; what cannot be removed is left to the system.
func (s *scratch) remove() { _ = os.RemoveAll(s.dir) }

// put writes an object whose id is known to be that of its content. It writes no
// object twice.
func (s *scratch) put(o gitwalk.Object) error {
	name := o.ID.String()
	path := filepath.Join(s.dir, "objects", name[:2], name[2:])
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	s.deflate.Reset(file)
	fmt.Fprintf(s.deflate, "%s %d\x00", o.Kind, len(o.Content))
	s.deflate.Write(o.Content)
	err = s.deflate.Close() // reports what the writes before have met
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// putHistory writes commits that descend from one another as those of h do and
// have the same trees and dates, and returns their ids, in the order of h. They are
// not the real commits: these would bring their whole history with them.
func (s *scratch) putHistory(h gitwalk.MergeHistory) ([]gitwalk.ID, error) {
	ids := make([]gitwalk.ID, len(h))
	for i, c := range h {
		content := fmt.Appendf(nil, "tree %s\n", c.Tree)
		for _, p := range c.Parents {
			content = fmt.Appendf(content, "parent %s\n", ids[p])
		}
		date := max(c.Date, 0)
		content = fmt.Appendf(content, "author a <a> %d +0000\ncommitter a <a> %d +0000\n\n%s\n", date, date, c.ID)
		ids[i], _ = gitwalk.Hash(gitwalk.KindCommit, content)
		if err := s.put(gitwalk.Object{Kind: gitwalk.KindCommit, ID: ids[i], Content: content}); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
