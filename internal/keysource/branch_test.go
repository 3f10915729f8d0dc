package keysource

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// objects are a repository in memory, and how many were asked for.
type objects struct {
	kinds    map[gitwalk.ID]gitwalk.Kind
	contents map[gitwalk.ID]string
	asked    int
}

func newObjects() *objects {
	return &objects{kinds: make(map[gitwalk.ID]gitwalk.Kind), contents: make(map[gitwalk.ID]string)}
}

func (o *objects) put(kind gitwalk.Kind, content string) gitwalk.ID {
	id, _ := gitwalk.Hash(kind, []byte(content))
	o.kinds[id], o.contents[id] = kind, content
	return id
}

// tree has the entries in the order in which they are given.
func (o *objects) tree(mode string, id gitwalk.ID, names ...string) gitwalk.ID {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(mode + " " + name + "\x00" + string(id[:]))
	}
	return o.put(gitwalk.KindTree, b.String())
}

func (o *objects) Object(id gitwalk.ID, limit int64) (gitwalk.Kind, []byte, error) {
	o.asked++
	content, ok := o.contents[id]
	if !ok {
		return 0, nil, &gitwalk.MissingError{ID: id}
	}
	if int64(len(content)) > limit {
		return 0, nil, &gitwalk.TooLargeError{ID: id, Limit: limit}
	}
	return o.kinds[id], []byte(content), nil
}

func (o *objects) Close() error { return nil }

// read reads the branch whose tip has the tree.
func (o *objects) read(t *testing.T, tree gitwalk.ID) ([]keyring.File, []keyring.Skipped) {
	t.Helper()
	tip := o.put(gitwalk.KindCommit, fmt.Sprintf("tree %s\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nKeys\n", tree))
	files, skipped, err := readBranch(gitwalk.NewReader(o), tip, map[gitwalk.ID]bool{})
	if err != nil {
		t.Fatal(err)
	}
	return files, skipped
}

func names(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%06d.key", i)
	}
	return list
}

func TestReadBranch(t *testing.T) {
	o := newObjects()
	key := o.put(gitwalk.KindBlob, "a key")
	deepest := o.tree("100644", key, ".hidden.key", "README", "b.asc", "c.pub")
	files, skipped := o.read(t, o.tree("40000", o.tree("40000", deepest, "second"), "first"))
	if len(skipped) > 0 || len(files) != 2 || files[0].Name != "first/second/b.asc" || string(files[1].Content) != "a key" {
		t.Errorf("read %q, skipped %q", files, skipped)
	}
}

// A hostile branch costs a bounded number of objects and bytes, and what was in front
// of the limit is still there.
func TestHostileBranch(t *testing.T) {
	o := newObjects()
	key := o.put(gitwalk.KindBlob, "a key")
	cousins := o.tree("100644", key, "a.txt")
	for range maxDepth {
		cousins = o.tree("40000", cousins, names(300)...)
	}
	nested := o.tree("100644", key, "a.key")
	for range maxDepth + 1 {
		nested = o.tree("40000", nested, "deeper")
	}
	for _, test := range []struct {
		name           string
		tree           gitwalk.ID
		files, skipped int
		asked          int // at most
		last           string
	}{
		{"cousins", cousins, 0, 1, 2 * maxEntries, "more than 200000 entries"},
		{"directories within each other", nested, 0, 1, 30, "more than 16 directories"},
		{"too many files", o.tree("100644", key, names(keyring.MaxFiles+5)...), keyring.MaxFiles, 1, keyring.MaxFiles + 2, "at most 20000 files"},
		{"too many bytes", o.tree("100644", o.put(gitwalk.KindBlob, strings.Repeat("x", keyring.MaxFile)), names(1000)...), 16, 2, 20, "larger than 67108864 bytes"},
		{"too large files", o.tree("100644", o.put(gitwalk.KindBlob, strings.Repeat("x", keyring.MaxFile+1)), names(5000)...), 0, maxSkipped + 1, maxSkipped + 2, "1000 files could not be used"},
		{"trees for files", o.tree("100644", cousins, names(5000)...), 0, maxSkipped + 1, maxSkipped + 2, "1000 files could not be used"},
		{"malformed tree", o.put(gitwalk.KindTree, "junk"), 0, 1, 2, "malformed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o.asked = 0
			files, skipped := o.read(t, test.tree)
			if len(files) != test.files || len(skipped) != test.skipped || o.asked > test.asked {
				t.Errorf("%d files, %d skipped, %d objects", len(files), len(skipped), o.asked)
			}
			if last := skipped[len(skipped)-1]; !strings.Contains(last.Detail, test.last) {
				t.Errorf("the last that was skipped is %q", last)
			}
		})
	}
}

// An object that the repository lacks is no bad file: the verdict is not possible.
func TestIncompleteBranch(t *testing.T) {
	o := newObjects()
	gone := gitwalk.ID{1}
	for _, tree := range []gitwalk.ID{gone, o.tree("40000", gone, "keys"), o.tree("100644", gone, "a.key")} {
		tip := o.put(gitwalk.KindCommit, fmt.Sprintf("tree %s\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nKeys\n", tree))
		if _, _, err := readBranch(gitwalk.NewReader(o), tip, map[gitwalk.ID]bool{}); err == nil || !strings.Contains(err.Error(), "missing") {
			t.Errorf("the error is %v", err)
		}
	}
}
