package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// amend changes what the commit that is checked out has, and leaves its parents.
func (f *forge) amend(change func()) string {
	f.t.Helper()
	change()
	f.Git("add", "--all", ".", ":!sub")
	return f.amended(nil)
}

// submodule commits another commit of the submodule.
func (f *forge) submodule(branch, start, digit string) {
	f.t.Helper()
	f.on(branch, start)
	f.Git("update-index", "--cacheinfo", "160000,"+strings.Repeat(digit, 40)+",sub")
	f.CommitIndexAs(f.bob, "Bump sub")
	f.Git("reset", "--quiet", "--hard")
}

// TestForgeContent has merges of signed branches, made by real git, and what can be
// slipped into them.
func TestForgeContent(t *testing.T) {
	f := newForge(t, "merges: vouched", forgeFile...)
	// pr changes foo and main changes the README.
	apart := func(f *forge) string {
		f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
		f.pull(f.alice, "main", "base", "README", "read me\n")
		return f.button("main", "pr")
	}
	runForge(t, f, []forgeCase{
		{"each side its own files", apart, "authentic"},
		{"both sides edit one file", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "lines", lines(3))
			f.pull(f.alice, "main", "base", "lines", lines(17))
			return f.button("main", "pr")
		}, "authentic"},
		{"both sides make the same edit", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "lines", lines(3))
			f.pull(f.alice, "main", "base", "lines", lines(3))
			return f.button("main", "pr")
		}, "authentic"},
		{"renamed on one side, edited on the other", func(f *forge) string {
			f.on("pr", "base")
			f.Git("mv", "pkgs/foo", "pkgs/food")
			f.CommitIndexAs(f.bob, "Rename foo")
			f.pull(f.alice, "main", "base", "pkgs/foo/src.sh", "foo\n"+lines(9))
			tip := f.button("main", "pr")
			if got := f.Git("show", tip+":pkgs/food/src.sh"); got != "foo\n"+strings.TrimSuffix(lines(9), "\n") {
				t.Fatalf("git has not followed the rename: %q", got)
			}
			return tip
		}, "authentic"},
		{"edited on one side, renamed on the other", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/src.sh", "foo\n"+lines(9))
			f.on("main", "base")
			f.Git("mv", "pkgs/foo/src.sh", "pkgs/foo/source.sh")
			f.CommitIndexAs(f.alice, "Rename src")
			return f.button("main", "pr")
		}, "authentic"},
		{"removed on one side", func(f *forge) string {
			f.on("pr", "base")
			f.Git("rm", "-rq", "pkgs/foo")
			f.CommitIndexAs(f.bob, "Remove foo")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			return f.button("main", "pr")
		}, "authentic"},
		{"mode changed on one side, edited on the other", func(f *forge) string {
			f.on("pr", "base")
			f.Git("update-index", "--chmod=+x", "lines")
			f.CommitIndexAs(f.bob, "Make lines executable")
			f.Git("reset", "--quiet", "--hard")
			f.pull(f.alice, "main", "base", "lines", lines(5))
			return f.button("main", "pr")
		}, "authentic"},
		{"submodule bumped", func(f *forge) string {
			f.submodule("pr", "base", "2")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			return f.button("main", "pr")
		}, "authentic"},
		{"submodule bumped on both sides alike", func(f *forge) string {
			f.submodule("pr", "base", "2")
			f.submodule("main", "base", "2")
			f.pull(f.alice, "main", "main", "README", "read me\n")
			return f.button("main", "pr")
		}, "authentic"},
		{"submodule bumped by the merge", func(f *forge) string {
			apart(f)
			f.Git("update-index", "--cacheinfo", "160000,"+strings.Repeat("3", 40)+",sub")
			return f.amended(nil)
		}, "not-mechanical"},
		{"criss-cross", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "lines", lines(3))
			f.pull(f.alice, "main", "base", "lines", lines(17))
			f.on("before", "main")
			f.button("main", "pr")
			f.button("pr", "before")
			f.pull(f.bob, "pr", "pr", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.alice, "main", "main", "README", "read me\n")
			if n := len(strings.Fields(f.Git("merge-base", "--all", "main", "pr"))); n != 2 {
				t.Fatalf("%d merge bases", n)
			}
			return f.button("main", "pr")
		}, "authentic"},
		{"criss-cross, with more in it", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "lines", lines(3))
			f.pull(f.alice, "main", "base", "lines", lines(17))
			f.on("before", "main")
			f.button("main", "pr")
			f.button("pr", "before")
			f.pull(f.bob, "pr", "pr", "pkgs/foo/default.nix", "foo 2\n")
			f.button("main", "pr")
			return f.amend(func() { f.Write("lines", lines(3, 10, 17)) })
		}, "not-mechanical"},
		{"a conflict that the forge has resolved", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "lines", lines(3))
			f.pull(f.alice, "main", "base", "lines", strings.Replace(lines(), "line 3\n", "line three\n", 1))
			if _, err := f.TryGit(nil, "merge", "--quiet", "--no-ff", "pr"); err == nil {
				t.Fatal("there is no conflict")
			}
			f.Write("lines", lines(3))
			f.Git("add", "lines")
			f.Git("commit", "--quiet", "--message", "Merge pr")
			return f.Git("rev-parse", "HEAD")
		}, "not-mechanical"},
		{"a conflict that somebody has resolved and signed", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "lines", lines(3))
			f.pull(f.alice, "main", "base", "lines", strings.Replace(lines(), "line 3\n", "line three\n", 1))
			if _, err := f.TryGit(nil, "merge", "--quiet", "--no-ff", "pr"); err == nil {
				t.Fatal("there is no conflict")
			}
			f.Write("lines", lines(3))
			f.Git("add", "lines")
			return f.CommitIndexAs(f.alice, "Merge pr")
		}, "authentic"},
		{"a file slipped in", func(f *forge) string {
			apart(f)
			return f.amend(func() { f.Write("pkgs/foo/evil", "evil\n") })
		}, "not-mechanical"},
		{"a file slipped in where both sides edit another", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "lines", lines(3))
			f.pull(f.alice, "main", "base", "lines", lines(17))
			f.button("main", "pr")
			return f.amend(func() { f.Write("pkgs/foo/evil", "evil\n") })
		}, "not-mechanical"},
		{"a line slipped into a file that both sides edit", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "lines", lines(3))
			f.pull(f.alice, "main", "base", "lines", lines(17))
			f.button("main", "pr")
			return f.amend(func() { f.Write("lines", lines(3, 17)+"evil\n") })
		}, "not-mechanical"},
		{"a revert hidden in the merge", func(f *forge) string {
			f.pull(f.alice, "main", "base", "pkgs/bar/default.nix", "bar 1, the hole mended\n")
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.button("main", "pr")
			return f.amend(func() { f.Git("checkout", "base", "--", "pkgs/bar") })
		}, "not-mechanical"},
		{"a file of the branch left out", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.change(f.bob, "pkgs/foo/patch", "a patch\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			f.button("main", "pr")
			return f.amend(func() { f.Git("rm", "-q", "pkgs/foo/patch") })
		}, "not-mechanical"},
		{"a mode slipped in", func(f *forge) string {
			apart(f)
			f.Git("update-index", "--chmod=+x", "lines")
			return f.amended(nil)
		}, "not-mechanical"},
		{"a link slipped in", func(f *forge) string {
			apart(f)
			f.Git("update-index", "--cacheinfo", "120000,"+f.Hash("blob", []byte("/etc/passwd"))+",lines")
			return f.amended(nil)
		}, "not-mechanical"},
		{"the tree of main", func(f *forge) string {
			apart(f)
			return f.amend(func() { f.Git("read-tree", "-u", "--reset", "HEAD^1") })
		}, "not-mechanical"},
		{"the tree of the branch", func(f *forge) string {
			apart(f)
			return f.amend(func() { f.Git("read-tree", "-u", "--reset", "HEAD^2") })
		}, "not-mechanical"},
		{"merge that takes nothing of the branch", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			f.Git("merge", "--quiet", "--strategy=ours", "--message", "Merge pr", "pr")
			return f.Git("rev-parse", "HEAD")
		}, "not-mechanical"},
		{"merge that prefers the branch where git would ask", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "lines", lines(3))
			f.pull(f.alice, "main", "base", "lines", strings.Replace(lines(), "line 3\n", "line three\n", 1))
			f.Git("merge", "--quiet", "--strategy-option=theirs", "--message", "Merge pr", "pr")
			return f.Git("rev-parse", "HEAD")
		}, "not-mechanical"},
	})
}

// TestForgeRunsNothing has a repository whose configuration and attributes name
// programs for merges: none of them runs, and the verdict is what it would be without.
func TestForgeRunsNothing(t *testing.T) {
	f := newForge(t, "merges: vouched", forgeFile...)
	f.pull(f.alice, "main", "base", ".gitattributes", "lines merge=evil filter=evil diff=evil\n")
	f.Git("tag", "start")
	f.pull(f.bob, "pr", "start", "lines", lines(3))
	f.pull(f.alice, "main", "start", "lines", lines(17))
	f.button("main", "pr")
	proof := filepath.Join(t.TempDir(), "proof")
	evil := "touch " + proof
	for _, setting := range []string{"merge.evil.driver", "filter.evil.smudge", "filter.evil.clean", "diff.evil.command", "diff.evil.textconv", "core.fsmonitor", "core.sshCommand"} {
		f.Git("config", setting, evil)
	}
	for _, hook := range []string{"post-checkout", "post-merge", "reference-transaction", "post-index-change"} {
		path := filepath.Join(f.Dir, ".git", "hooks", hook)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+evil+"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	want(t, f.verify("main"), "authentic", "")
	if _, err := os.Stat(proof); err == nil {
		t.Error("a program of the repository has run")
	}
}

// TestForgeWithoutGit has merges that trees decide, and one that git has to.
func TestForgeWithoutGit(t *testing.T) {
	f := newForge(t, "merges: vouched", forgeFile...)
	f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
	f.pull(f.alice, "main", "base", "README", "read me\n")
	apart := f.button("main", "pr")
	f.pull(f.bob, "pr", "base", "lines", lines(3))
	f.pull(f.alice, "main", "main", "lines", lines(17))
	together := f.button("main", "pr")
	f.pull(nil, "pr", "base", "lines", lines(3))
	bad := f.button("main", "pr")
	u := f.user()
	path := os.Getenv("PATH")
	t.Setenv("PATH", t.TempDir())
	if _, err := exec.LookPath("git"); err == nil {
		t.Fatal("there is a git")
	}
	want(t, f.verifyBy(u, apart), "authentic", "")
	a := f.verifyBy(u, together)
	want(t, a, "cannot-check", "")
	if len(a.Unchecked) != 1 || a.Unchecked[0].Commit != together || !strings.Contains(a.Unchecked[0].Hint, "git") {
		t.Errorf("%+v", a.Unchecked)
	}
	want(t, f.verifyBy(u, bad), "not-vouched", bad)
	t.Setenv("PATH", path)
	want(t, f.verifyBy(u, together), "authentic", "")
}
