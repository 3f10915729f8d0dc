package main

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// mallory has a key that is in the keyring and not authorized.
func mallory(t testing.TB) *gittest.Key { return gittest.PGP(t, "ed25519", "mallory") }

// An attack is a history with a commit by mallory on top, whom only a lie about
// the content of one object would make authorized.
type attack struct {
	*history
	commit, tree, blob string // of the parent, and its authorizations file
	lie                map[string][]byte
}

// newAttack makes an authorizations file that is larger than padding, since large
// objects can be read in another way.
func newAttack(t *testing.T, padding int) *attack {
	h := newHistory(t, nixName, alice(t), mallory(t))
	comment := "# " + strings.Repeat("x", padding) + "\n"
	a := &attack{history: h}
	a.commit = h.CommitAs(alice(t), nixName, listing(nixName, alice(t))+comment)
	a.tree = h.tree(a.commit)
	a.blob = h.Git("rev-parse", a.commit+":"+nixName)
	h.CommitAs(mallory(t), "evil", "1")

	evil := []byte(listing(nixName, alice(t), mallory(t)) + comment)
	evilBlob := h.Hash("blob", evil)
	evilTree := h.SortedTree(gittest.TreeEntry{Mode: "100644", Name: nixName, ID: evilBlob})
	evilCommit := h.RawCommit(evilTree, "Let mallory sign", h.introduction)
	a.lie = map[string][]byte{a.blob: evil, a.tree: h.Object(evilTree), a.commit: gittest.AddSignature(evilCommit, alice(t).Sign(t, evilCommit))}
	return a
}

// replaceLoose puts other content under the name of an object.
func replaceLoose(t *testing.T, objects, id, kind string, content []byte) {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	fmt.Fprintf(w, "%s %d\x00%s", kind, len(content), content)
	w.Close()
	path := filepath.Join(objects, id[:2], id[2:])
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, b.String())
}

// exchangePacked exchanges the places of two objects in the index of the only pack.
func exchangePacked(t *testing.T, objects, a, b string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(objects, "pack", "*.idx"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the packs are %q, %v", found, err)
	}
	index, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	// The index of version 2 (Git's Documentation/gitformat-pack.txt): 8 octets,
	// 256 counts, the ids, a checksum for each, an offset for each.
	count := int(binary.BigEndian.Uint32(index[8+255*4:]))
	ids := index[8+256*4:]
	offsets := ids[count*(20+4):]
	place := func(id string) []byte {
		want, _ := hex.DecodeString(id)
		for i := range count {
			if bytes.Equal(ids[20*i:20*i+20], want) {
				return offsets[4*i : 4*i+4]
			}
		}
		t.Fatalf("the pack does not have %s", id)
		return nil
	}
	var swap [4]byte
	copy(swap[:], place(a))
	copy(place(a), place(b))
	copy(place(b), swap[:])
	sum := sha1.Sum(index[:len(index)-20])
	copy(index[len(index)-20:], sum[:])
	if err := os.Remove(found[0]); err != nil {
		t.Fatal(err)
	}
	write(t, found[0], string(index))
}

// What is stored under an id is hashed, wherever and however it is stored.
func TestHostileContentUnderAnID(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		lie  func(t *testing.T, a *attack, id, kind string) (dir string)
	}{
		{"loose object", func(t *testing.T, a *attack, id, kind string) string {
			replaceLoose(t, filepath.Join(a.Dir, ".git", "objects"), id, kind, a.lie[id])
			return a.Dir
		}},
		{"index of a pack", func(t *testing.T, a *attack, id, kind string) string {
			other := a.Hash(kind, a.lie[id])
			a.Git("tag", "other", other)
			a.Git("repack", "-adq")
			exchangePacked(t, filepath.Join(a.Dir, ".git", "objects"), id, other)
			return a.Dir
		}},
		{"alternates", func(t *testing.T, a *attack, id, kind string) string {
			r := clone(t, "--bare", "--shared", a.Dir)
			replaceLoose(t, filepath.Join(a.Dir, ".git", "objects"), id, kind, a.lie[id])
			return r.Dir
		}},
	} {
		for _, padding := range []int{0, 40_000} {
			t.Run(fmt.Sprintf("%s, padded by %d", test.name, padding), func(t *testing.T) {
				t.Parallel()
				for _, kind := range []string{"commit", "tree", "blob"} {
					a := newAttack(t, padding)
					want(t, a.verify("HEAD"), "unauthorized", a.Git("rev-parse", "HEAD"))
					id := map[string]string{"commit": a.commit, "tree": a.tree, "blob": a.blob}[kind]
					dir := test.lie(t, a, id, kind)
					answer := a.verifyBy(newUser(t, dir), "HEAD")
					if want(t, answer, "corrupt-object", ""); !strings.Contains(fmt.Sprint(answer), id) {
						t.Errorf("the %s %s is not named: %+v", kind, id, answer)
					}
				}
			})
		}
	}
}

// Nothing but commit objects says what the parents of a commit are.
func TestHostileGraph(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		warning bool
		hide    func(t *testing.T, h *history, bad, good string)
	}{
		{"replace refs", true, func(t *testing.T, h *history, bad, good string) {
			h.Git("replace", bad, good)
			if h.Git("log", "-1", "--format=%s", bad) != "Change a" {
				t.Error("git does not believe the replace ref, so that the test shows nothing")
			}
		}},
		{"packed replace refs", true, func(t *testing.T, h *history, bad, good string) {
			h.Git("replace", bad, good)
			h.Git("pack-refs", "--all")
		}},
		{"grafts", true, func(t *testing.T, h *history, bad, good string) {
			h.Write(".git/info/grafts", h.Git("rev-parse", "HEAD")+" "+good+"\n")
			if h.Git("log", "-1", "--format=%P", "HEAD") != good {
				t.Error("git does not believe the graft, so that the test shows nothing")
			}
		}},
		{"commit-graph", false, func(t *testing.T, h *history, bad, good string) { forgeCommitGraph(t, h, bad, good) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, guixName, alice(t), mallory(t))
			good := h.CommitAs(alice(t), "a", "1")
			bad := h.CommitAs(mallory(t), "evil", "1")
			h.CommitAs(alice(t), "a", "2")
			test.hide(t, h, bad, good)
			linked := filepath.Join(t.TempDir(), "tree")
			h.Git("worktree", "add", "--quiet", "--no-checkout", "--detach", linked, "HEAD")
			for _, dir := range []string{h.Dir, linked} {
				a := h.verifyBy(newUser(t, dir))
				want(t, a, "unauthorized", bad)
				if a.warned("ignored-by-design") != test.warning {
					t.Errorf("the warnings are %+v", a.Warnings)
				}
			}
		})
	}
}

// forgeCommitGraph makes a commit-graph file say that the tip's parent is not the
// bad commit but the good one below it.
func forgeCommitGraph(t *testing.T, h *history, bad, good string) {
	t.Helper()
	h.Git("commit-graph", "write", "--reachable")
	path := filepath.Join(h.Dir, ".git", "objects", "info", "commit-graph")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Documentation/gitformat-commit-graph.txt: the chunk OIDL has the ids in
	// order, CDAT for each the tree (20 octets) and the places of two parents.
	chunk := func(name string) []byte {
		i := bytes.Index(content, []byte(name))
		return content[binary.BigEndian.Uint64(content[i+4:]):]
	}
	place := func(id string) int {
		want, _ := hex.DecodeString(id)
		return bytes.Index(chunk("OIDL"), want) / 20
	}
	tip := chunk("CDAT")[36*place(h.Git("rev-parse", "HEAD")):]
	if got := binary.BigEndian.Uint32(tip[20:]); int(got) != place(bad) {
		t.Fatalf("the parent of the tip is commit %d instead of %d", got, place(bad))
	}
	binary.BigEndian.PutUint32(tip[20:], uint32(place(good)))
	sum := sha1.Sum(content[:len(content)-20])
	copy(content[len(content)-20:], sum[:])
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, string(content))
	if count := h.Git("-c", "core.commitGraph=true", "rev-list", "--count", "HEAD"); count != "3" {
		t.Errorf("git does not believe the commit-graph, so that the test shows nothing: %s commits", count)
	}
}

// A tree that can be read in two ways is read in none, whoever has signed it.
func TestHostileTree(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nixName, alice(t), mallory(t))
	good := h.Git("rev-parse", "HEAD:"+nixName)
	evil := h.Hash("blob", []byte(listing(nixName, alice(t), mallory(t))))
	empty := h.SortedTree()
	entry := func(mode, name, id string) string {
		return gittest.TreeEntry{Mode: mode, Name: name, ID: id}.Raw(t)
	}
	file := entry("100644", nixName, good)
	for _, test := range []struct{ name, content string }{
		{"file twice, evil last", file + entry("100644", nixName, evil)},
		{"file twice, evil first", entry("100644", nixName, evil) + file},
		{"file twice, the same", file + file},
		{"file and directory", file + entry("40000", nixName, empty)},
		{"file and directory apart", file + entry("100644", nixName+".x", good) + entry("40000", nixName, empty)},
		{"unsorted", entry("100644", "b", good) + file},
		{"mode that git does not write", file + entry("100645", "b", good)},
		{"mode with a zero in front", entry("0100644", nixName, good)},
		{"mode of nothing", file + entry("0", "b", good)},
		{"name with a slash", file + entry("100644", "a/b", good)},
		{"name of the repository", file + entry("40000", ".GIT", empty)},
		{"name of the directory above", file + entry("40000", "..", empty)},
		{"empty name", entry("100644", "", good) + file},
		{"cut short", file[:len(file)-1]},
		{"bytes behind the last entry", file + "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree := h.Hash("tree", []byte(test.content))
			bad := h.sign(alice(t), h.RawCommit(tree, "Hostile tree", h.introduction))
			want(t, h.verify(bad), "malformed-commit", bad)
			child := h.sign(mallory(t), h.RawCommit(h.tree(h.introduction), "On top", bad))
			a := h.verify(child)
			if want(t, a, "malformed-commit", bad); a.refused(child) == nil {
				t.Errorf("the child is not refused: %+v", a.Refusals)
			}
		})
	}
}
