package approval

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Limits of what verify reads: files, and bytes of each.
const (
	maxFiles = 1000
	maxFile  = 64 << 10
)

// An Approval is a file that is meant to be one.
type Approval struct {
	// File is its path in the repository.
	File string
	// Entry is whose approval it is, if it is one of this change.
	Entry authz.Entry
	// Counts says that it is where it must be: in the commit or, before there is
	// one, in the work tree.
	Counts bool
	// Problem is why it is ignored, or empty.
	Problem string
}

// approvals reads those in the commit, if there is one, and in the work tree.
func (r *reading) approvals() error {
	seen := map[string]bool{}
	if !r.p.Commit.IsZero() {
		if err := r.inCommit(seen); err != nil {
			return err
		}
	}
	if !r.p.hasTree {
		return nil
	}
	names, err := r.p.tree.Names(authz.ApprovalDir)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		content, err := r.p.tree.Read(path.Join(authz.ApprovalDir, name), maxFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && seen[name+"\x00"+string(content)] {
			continue // it is in the commit
		}
		r.take(name, content, err, r.p.Commit.IsZero())
	}
	return nil
}

// inCommit reads the approvals in the tree of the commit.
func (r *reading) inCommit(seen map[string]bool) error {
	tree, err := r.directory(r.p.Commit)
	if err != nil {
		return err
	}
	files := 0
	for entry := range tree.Entries() {
		if files++; files > maxFiles {
			return fmt.Errorf("%s of commit %s has more than %d files, which makes the commit refused", authz.ApprovalDir, r.p.Commit, maxFiles)
		}
		if !entry.Mode.IsFile() {
			continue
		}
		content, err := r.reader.Blob(entry.ID, maxFile)
		if err != nil && !errors.As(err, new(*gitwalk.TooLargeError)) {
			return err
		}
		seen[entry.Name+"\x00"+string(content)] = true
		r.take(entry.Name, content, err, true)
	}
	return nil
}

// directory is the tree of approvals in a commit; the zero tree has none.
func (r *reading) directory(commit gitwalk.ID) (gitwalk.Tree, error) {
	raw, err := r.reader.Commit(commit)
	if err != nil {
		return gitwalk.Tree{}, err
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil {
		return gitwalk.Tree{}, err
	}
	tree, err := r.tree(links.Tree)
	for name := range strings.SplitSeq(authz.ApprovalDir, "/") {
		if err != nil {
			return gitwalk.Tree{}, err
		}
		entry, found := tree.Entry(name)
		if !found || entry.Mode != gitwalk.ModeTree {
			return gitwalk.Tree{}, nil
		}
		tree, err = r.tree(entry.ID)
	}
	return tree, err
}

func (r *reading) tree(id gitwalk.ID) (gitwalk.Tree, error) {
	raw, err := r.reader.Tree(id)
	if err != nil {
		return gitwalk.Tree{}, err
	}
	return gitwalk.ParseTree(id, raw)
}

// take notes whose approval a file is, or why it is none.
func (r *reading) take(name string, content []byte, unreadable error, counts bool) {
	a := Approval{File: path.Join(authz.ApprovalDir, name), Counts: counts}
	if unreadable != nil {
		a.Problem = unreadable.Error()
		r.p.Ignored = append(r.p.Ignored, a)
		return
	}
	result := r.p.keys.CheckDetached(r.p.Message(), content, authz.ApprovalNamespace)
	if entry := r.entitled(result); entry != nil {
		a.Entry = *entry
		r.p.Found = append(r.p.Found, a)
		return
	}
	a.Problem = r.whyIgnored(result)
	r.p.Ignored = append(r.p.Ignored, a)
}

// whyIgnored says why a signature approves nothing.
func (r *reading) whyIgnored(result signer.Result) string {
	switch {
	case result.Problem != nil && result.Problem.Kind == signer.BadSignature:
		return "it does not approve this change of the file"
	case result.Problem != nil && result.Problem.Kind == signer.UnknownKey:
		return "its key is not in the keyring (" + r.p.keys.Name + ")"
	case result.Problem != nil:
		return result.Problem.Detail
	case result.Weakness != 0:
		return "it is signed with " + result.Weakness.String() + ", which is too weak"
	}
	entry, listed := r.p.Old.Authorizations.Match(result.Identity)
	if !listed {
		return fmt.Sprintf("its key, %s, is not listed in the old file", result.Identity.Key)
	}
	return fmt.Sprintf("%s may only %s by the old file", entry.Name, entry.Rights)
}
