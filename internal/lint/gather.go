package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/worktree"
)

// OfWorkTree is the file of a work tree, without what is looked up elsewhere.
func OfWorkTree(tree worktree.Tree, format authz.Format) (*Subject, error) {
	s := &Subject{Where: "the work tree", Format: format, Present: true}
	content, err := tree.Read(format.FileName(), authz.MaxAuthorizations)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Present = false
	case err != nil:
		s.Err = err
	default:
		s.Authorizations, s.Err = authz.ParseAuthorizations(format, content)
	}
	entries, err := os.ReadDir(tree.Dir)
	for _, entry := range entries {
		s.Names = append(s.Names, entry.Name())
	}
	s.Exists = func(path string) (Kind, error) { return inDirectory(tree.Dir, path) }
	return s, err
}

// inDirectory says what is at a path below a directory, without leaving it.
func inDirectory(dir, path string) (Kind, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Nothing, err
	}
	defer root.Close()
	info, err := root.Lstat(path)
	switch {
	case err != nil:
		return Nothing, nil // or a link leads out of the tree
	case info.IsDir():
		return Directory, nil
	}
	return Other, nil
}

// OfCommit is the file of a commit, without what is looked up elsewhere. The reader
// must stay open until the subject has been checked.
func OfCommit(reader *gitwalk.Reader, commit gitwalk.ID, format authz.Format) (*Subject, error) {
	file, err := authz.FileAt(reader, format, commit)
	if err != nil {
		return nil, err
	}
	s := &Subject{
		Where: "commit " + commit.String(), Format: format,
		Present: file.Present() || file.Err != nil, Authorizations: file.Authorizations, Err: file.Err,
	}
	root, err := rootOf(reader, commit)
	var malformed *gitwalk.MalformedError
	if errors.As(err, &malformed) {
		return s, nil // Err says so
	}
	if err != nil {
		return nil, err
	}
	for entry := range root.Entries() {
		s.Names = append(s.Names, entry.Name)
	}
	s.Exists = func(path string) (Kind, error) { return inTree(reader, root, path) }
	return s, nil
}

func rootOf(reader *gitwalk.Reader, commit gitwalk.ID) (gitwalk.Tree, error) {
	raw, err := reader.Commit(commit)
	if err != nil {
		return gitwalk.Tree{}, err
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return gitwalk.Tree{}, fmt.Errorf("commit %s: %w", commit, err)
	}
	return readTree(reader, links.Tree)
}

func readTree(reader *gitwalk.Reader, id gitwalk.ID) (gitwalk.Tree, error) {
	raw, err := reader.Tree(id)
	if err != nil {
		return gitwalk.Tree{}, err
	}
	return gitwalk.ParseTree(id, raw)
}

// inTree says what is at a path below a tree.
func inTree(reader *gitwalk.Reader, tree gitwalk.Tree, path string) (Kind, error) {
	names := strings.Split(path, "/")
	for _, name := range names[:len(names)-1] {
		entry, found := tree.Entry(name)
		if !found || entry.Mode != gitwalk.ModeTree {
			return Nothing, nil
		}
		var err error
		if tree, err = readTree(reader, entry.ID); err != nil {
			return Nothing, err
		}
	}
	switch entry, found := tree.Entry(names[len(names)-1]); {
	case !found:
		return Nothing, nil
	case entry.Mode == gitwalk.ModeTree:
		return Directory, nil
	}
	return Other, nil
}
