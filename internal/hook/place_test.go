package hook

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// TestFind has where git looks for hooks. The work tree has a folder sub, in which
// the question is asked.
func TestFind(t *testing.T) {
	elsewhere := t.TempDir()
	tests := []struct {
		name string
		set  func(r *gittest.Repo, home string)
		want string // relative to the work tree, or absolute
		// concerns are the codes of what the user is told.
		concerns []string
	}{
		{"usual", func(*gittest.Repo, string) {}, ".git/hooks", nil},
		{"absolute", func(r *gittest.Repo, _ string) { r.Git("config", "core.hooksPath", elsewhere) }, elsewhere, nil},
		{"in the home", func(r *gittest.Repo, _ string) { r.Git("config", "core.hooksPath", "~/hooks") }, "~/hooks", nil},
		{"relative", func(r *gittest.Repo, _ string) { r.Git("config", "core.hooksPath", ".githooks") }, ".githooks", []string{"relative-hooks", "hooks-in-work-tree"}},
		{"relative within .git", func(r *gittest.Repo, _ string) { r.Git("config", "core.hooksPath", ".git/more") }, ".git/more", []string{"relative-hooks"}},
		{"absolute in the work tree", func(r *gittest.Repo, _ string) { r.Git("config", "core.hooksPath", filepath.Join(r.Dir, "hooks")) }, "hooks", []string{"hooks-in-work-tree"}},
		{"global", func(_ *gittest.Repo, home string) {
			write(t, filepath.Join(home, ".gitconfig"), "[core]\n\thooksPath = "+elsewhere+"\n", 0o644)
		}, elsewhere, []string{"shared-hooks"}},
		{"global, and absolute here", func(r *gittest.Repo, home string) {
			write(t, filepath.Join(home, ".gitconfig"), "[core]\n\thooksPath = /nowhere\n", 0o644)
			r.Git("config", "core.hooksPath", elsewhere)
		}, elsewhere, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			home := emptyHome(t)
			r := gittest.New(t)
			r.Write("sub/file", "")
			test.set(r, home)
			p := find(t, filepath.Join(r.Dir, "sub"))
			want := test.want
			if rest, ok := strings.CutPrefix(want, "~"); ok {
				want = home + rest
			} else if !filepath.IsAbs(want) {
				want = filepath.Join(r.Dir, want)
			}
			if p.Dir != want {
				t.Errorf("the hooks are in %s instead of %s", p.Dir, want)
			}
			if got := codes(p); !slices.Equal(got, test.concerns) {
				t.Errorf("the user is told %q instead of %q", got, test.concerns)
			}
		})
	}
}

func codes(p *Place) []string {
	var codes []string
	for _, c := range p.Concerns() {
		codes = append(codes, c.Code)
	}
	return codes
}

func TestFindBare(t *testing.T) {
	emptyHome(t)
	r := gittest.New(t, "--bare")
	if p := find(t, r.Dir); !p.Bare || p.Dir != filepath.Join(r.Dir, "hooks") {
		t.Errorf("%+v", p)
	}
	r.Git("config", "core.hooksPath", "other")
	if p := find(t, r.Dir); p.Dir != filepath.Join(r.Dir, "other") {
		t.Errorf("%+v", p)
	}
}

// TestFindWorktree has linked worktrees, which share hooks unless their place is
// relative.
func TestFindWorktree(t *testing.T) {
	emptyHome(t)
	r := gittest.New(t)
	r.Commit("file", "")
	linked := filepath.Join(t.TempDir(), "linked")
	r.Git("worktree", "add", "--quiet", linked)
	if p := find(t, linked); p.Dir != filepath.Join(r.Dir, ".git", "hooks") {
		t.Errorf("%+v", p)
	}
	r.Git("config", "core.hooksPath", ".githooks")
	if p := find(t, linked); p.Dir != filepath.Join(linked, ".githooks") {
		t.Errorf("%+v", p)
	}
}

// TestFindFails has places where there can be no hooks.
func TestFindFails(t *testing.T) {
	emptyHome(t)
	for path, want := range map[string]string{
		os.DevNull:   "git config --local --unset core.hooksPath",
		".githooks/": "run this in the work tree",
	} {
		r := gittest.New(t)
		r.Git("config", "core.hooksPath", path)
		dir := r.Dir
		if path != os.DevNull {
			dir = filepath.Join(r.Dir, ".git")
		}
		_, err := Find(t.Context(), open(t, dir), dir)
		if err == nil || !strings.Contains(hintOf(err), want) {
			t.Errorf("%s: %v, %q instead of %q", path, err, hintOf(err), want)
		}
	}
	r := gittest.New(t)
	repository := open(t, r.Dir)
	write(t, filepath.Join(r.Dir, ".git", "config"), "[core\n", 0o644)
	if _, err := Find(t.Context(), repository, r.Dir); err == nil || !strings.Contains(hintOf(err), "git status") {
		t.Errorf("with a broken configuration: %v", err)
	}
}
