package gitrepo

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// Git itself checks every sum of the pack and its index, and every object.
func TestScratchIsARepositoryForGit(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 1))
	s, err := newScratch()
	if err != nil {
		t.Fatal(err)
	}
	defer s.remove()
	contents := make(map[gitwalk.ID][]byte)
	for _, size := range []int{0, 1, 15, 16, 17, 127, 2047, 2048, 65_535, 65_536, 70_000, 300_000} {
		for n := range 20 {
			content := bytes.Repeat([]byte{byte(rng.Uint32()), byte(n)}, 1+size/2)[:size]
			id, _ := gitwalk.Hash(gitwalk.KindBlob, content)
			if contents[id] != nil {
				continue
			}
			contents[id] = append([]byte{}, content...)
			s.put(gitwalk.Object{Kind: gitwalk.KindBlob, ID: id, Content: content})
		}
	}
	file := gitwalk.ID{}
	for id := range contents {
		file = id
	}
	content := fmt.Appendf(nil, "100644 file\x00%s", file[:])
	tree, _ := gitwalk.Hash(gitwalk.KindTree, content)
	for range 2 { // the second time it is there
		s.put(gitwalk.Object{Kind: gitwalk.KindTree, ID: tree, Content: content})
	}
	commits := s.putHistory(gitwalk.MergeHistory{
		{ID: gitwalk.ID{1}, Tree: tree, Date: -5},
		{ID: gitwalk.ID{2}, Tree: tree, Date: 7, Parents: []int{0}},
		{ID: gitwalk.ID{3}, Tree: tree, Date: 7, Parents: []int{0}},
	})
	if commits[1] == commits[2] {
		t.Error("two commits have become one")
	}
	if err := s.seal(); err != nil {
		t.Fatal(err)
	}
	repo := gittest.At(t, s.dir)
	repo.Git("verify-pack", "objects/pack/pack-merge.idx")
	repo.Git("fsck", "--strict", "--no-dangling")
	for id, content := range contents {
		if got := repo.Object(id.String()); !bytes.Equal(got, content) {
			t.Errorf("object %s has %d bytes instead of %d", id, len(got), len(content))
		}
	}
	if got := repo.Git("log", "--format=%T %ct", commits[1].String()); got != fmt.Sprintf("%s 7\n%[1]s 0", tree) {
		t.Errorf("the history is %q", got)
	}
	s.remove()
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", s.dir, err)
	}
}
