package gittest_test

import (
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

func TestIDsAreTheSameInEveryRun(t *testing.T) {
	t.Setenv("GIT_AUTHOR_NAME", "Eve")
	t.Setenv("GIT_DIR", "/dev/null")
	var ids [2]string
	for i := range ids {
		ids[i] = gittest.New(t).Commit("file", "text\n")
	}
	if ids[0] != ids[1] {
		t.Errorf("two runs made %s and %s", ids[0], ids[1])
	}
}

func TestHashWritesWhatGitWouldRefuse(t *testing.T) {
	r := gittest.New(t, "--bare")
	for _, content := range []string{"", "\n", "no commit at all\x00", "tree x\n\n\n"} {
		id := r.Hash("commit", []byte(content))
		if got := string(r.Object(id)); got != content {
			t.Errorf("wrote %q, read %q", content, got)
		}
	}
}
