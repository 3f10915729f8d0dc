package gittest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// GitAs is Git with every commit that it makes signed with the key.
func (r *Repo) GitAs(k *Key, args ...string) string {
	r.t.Helper()
	var settings []string
	for _, setting := range append(k.config, "commit.gpgSign=true") {
		settings = append(settings, "-c", setting)
	}
	outer := r.Env
	defer func() { r.Env = outer }()
	r.Env = append(outer[:len(outer):len(outer)], k.env...)
	return r.Git(append(settings, args...)...)
}

// CommitAs is Commit, signed with the key.
func (r *Repo) CommitAs(k *Key, name, content string) string {
	r.t.Helper()
	r.Write(name, content)
	r.Git("add", "--", name)
	return r.CommitIndexAs(k, "Change "+name)
}

// CommitIndexAs commits what is in the index, signed with the key, and returns the
// id of the commit.
func (r *Repo) CommitIndexAs(k *Key, message string) string {
	r.t.Helper()
	r.GitAs(k, "commit", "--quiet", "--allow-empty", "--message", message)
	return r.Git("rev-parse", "HEAD")
}

// MergeAs merges branches into the one that is checked out, in a commit signed
// with the key, and returns its id.
func (r *Repo) MergeAs(k *Key, branches ...string) string {
	r.t.Helper()
	message := "Merge " + strings.Join(branches, " and ")
	r.GitAs(k, append([]string{"merge", "--quiet", "--no-ff", "--message", message}, branches...)...)
	return r.Git("rev-parse", "HEAD")
}

// Keyring makes the branch keyring anew, unsigned, with the keys in it.
func (r *Repo) Keyring(keys ...*Key) {
	r.t.Helper()
	files := make(map[string]string)
	for _, k := range keys {
		files[k.File()] = k.Public
	}
	r.Git("update-ref", "refs/heads/keyring", r.CommitFiles(files))
}

// CommitFiles writes a commit without parents and signature that has the files in
// its tree, and returns its id. No branch moves.
func (r *Repo) CommitFiles(files map[string]string) string {
	r.t.Helper()
	apart := &Repo{Dir: r.t.TempDir(), t: r.t}
	for name, content := range files {
		apart.Write(name, content)
	}
	outer := r.Env
	defer func() { r.Env = outer }()
	r.Env = append(outer[:len(outer):len(outer)], "GIT_INDEX_FILE="+filepath.Join(r.t.TempDir(), "index"))
	r.Git("--work-tree", apart.Dir, "add", "--all", "--", apart.Dir)
	return r.Hash("commit", r.RawCommit(r.Git("write-tree"), "Files"))
}

// A TreeEntry is one line of a tree: its mode as Git writes it, name and id.
type TreeEntry struct{ Mode, Name, ID string }

// SortedTree writes a tree in Git's order.
func (r *Repo) SortedTree(entries ...TreeEntry) string {
	r.t.Helper()
	var list strings.Builder
	for _, e := range entries {
		kind := map[string]string{"40000": "tree", "160000": "commit"}[e.Mode]
		if kind == "" {
			kind = "blob"
		}
		fmt.Fprintf(&list, "%s %s %s\t%s\x00", e.Mode, kind, e.ID, e.Name)
	}
	return r.GitInput([]byte(list.String()), "mktree", "-z", "--missing")
}

// RawCommit is the content of an unsigned commit of a tree and its parents, which
// can be changed before it is signed or written.
func (r *Repo) RawCommit(tree, message string, parents ...string) []byte {
	r.now += 60
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", tree)
	for _, parent := range parents {
		fmt.Fprintf(&b, "parent %s\n", parent)
	}
	who := fmt.Sprintf("Ada <ada@example.org> %d +0000", r.now)
	fmt.Fprintf(&b, "author %s\ncommitter %s\n\n%s\n", who, who, message)
	return []byte(b.String())
}

// AddSignature puts an armor into an unsigned commit where git puts it: behind
// all other headers.
func AddSignature(commit, armor []byte) []byte {
	headers, message, _ := bytes.Cut(commit, []byte("\n\n"))
	return fmt.Appendf(nil, "%s\n%s\n%s", headers, Header("gpgsig", armor), message)
}

// Header is a header of a commit with its last newline. Lines of the value behind
// the first are folded, and a final newline is left out.
func Header(name string, value []byte) []byte {
	value = bytes.TrimSuffix(value, []byte("\n"))
	return fmt.Appendf(nil, "%s %s\n", name, bytes.ReplaceAll(value, []byte("\n"), []byte("\n ")))
}

// Raw is the entry as a tree has it, for trees that git would not write.
func (e TreeEntry) Raw(t testing.TB) string {
	t.Helper()
	id, err := hex.DecodeString(e.ID)
	if err != nil {
		t.Fatal(err)
	}
	return e.Mode + " " + e.Name + "\x00" + string(id)
}
