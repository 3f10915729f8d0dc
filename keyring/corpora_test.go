package keyring

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// corpora are histories of Guix channels with their keyrings.
const corpora = "../../shared/corpora"

// TestRealKeyrings loads all keys of real keyrings, without anything that would
// have to be skipped: among them are three that openpgp.ReadKeyRing refuses. gpg
// counts the same keys, and six more signing subkeys in guix, whose bindings or
// back-signatures have SHA-1.
func TestRealKeyrings(t *testing.T) {
	if _, err := os.Stat(corpora); err != nil {
		t.Skip("NOT TESTED: the folder of real histories is absent: ", err)
	}
	dir := t.TempDir()
	if out, err := exec.Command(filepath.Join(corpora, "unpack"), dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, want := range map[string]struct{ files, keys, proven int }{
		"guix": {90, 249, 33}, "nonguix": {9, 27, 3}, "skribilo": {2, 4, 0}, "guix-science": {5, 11, 0}, "visionfive2": {2, 6, 1},
	} {
		t.Run(name, func(t *testing.T) {
			files := branchFiles(t, filepath.Join(dir, name+".git"))
			k := New(files)
			checkSkipped(t, k, "")
			proven := 0
			for _, key := range k.Keys() {
				proven += len(key.Primaries)
				if key.Created.IsZero() || key.Algorithm == "" || key.File == "" {
					t.Errorf("%+v", key)
				}
			}
			if len(files) != want.files || len(k.Keys()) != want.keys || proven != want.proven {
				t.Errorf("%d files, %d keys, %d proven subkeys", len(files), len(k.Keys()), proven)
			}
		})
	}
}

// branchFiles are the files of the branch keyring of a repository.
func branchFiles(t *testing.T, repo string) (files []File) {
	t.Helper()
	git := func(args ...string) []byte {
		out, err := exec.Command("git", append([]string{"--git-dir", repo}, args...)...).Output()
		if err != nil {
			t.Fatalf("git %q: %v", args, err)
		}
		return out
	}
	for name := range strings.SplitSeq(string(bytes.TrimSuffix(git("ls-tree", "-z", "--name-only", "keyring"), []byte{0})), "\x00") {
		if IsKeyFile(name) {
			files = append(files, File{name, git("cat-file", "blob", "keyring:"+name)})
		}
	}
	return files
}
