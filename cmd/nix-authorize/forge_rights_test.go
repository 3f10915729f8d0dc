package main

import (
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// TestForgeAuthorizations has pull requests that change the authorizations file.
func TestForgeAuthorizations(t *testing.T) {
	f := newForge(t, "merges: vouched", forgeFile...)
	with := func(more string) string { return f.listing("merges: vouched", append(forgeFile, more)...) }
	runForge(t, f, []forgeCase{
		{"adds its own key", func(f *forge) string {
			f.pull(f.mallory, "pr", "base", nixName, with("mallory"))
			return f.button("main", "pr")
		}, "unauthorized"},
		{"adds its own key, and its head is sealed by one who may commit", func(f *forge) string {
			f.pull(f.mallory, "pr", "base", nixName, with("mallory"))
			f.CommitIndexAs(f.bob, "Seal")
			return f.button("main", "pr")
		}, "unauthorized"},
		{"adds its own key, and its head is sealed by one who may authorize", func(f *forge) string {
			f.pull(f.mallory, "pr", "base", nixName, with("mallory"))
			f.CommitIndexAs(f.alice, "Seal")
			return f.button("main", "pr")
		}, "unauthorized"},
		{"adds its own key, and one who may authorize merges it", func(f *forge) string {
			f.pull(f.mallory, "pr", "base", nixName, with("mallory"))
			f.Git("checkout", "--quiet", "main")
			f.MergeAs(f.alice, "pr")
			return f.change(f.mallory, "pkgs/foo/default.nix", "foo 2\n")
		}, "authentic"},
		{"adds a key that signs what comes next", func(f *forge) string {
			f.pull(f.alice, "pr", "base", nixName, with("mallory"))
			f.change(f.mallory, "pkgs/foo/default.nix", "foo 2\n")
			return f.button("main", "pr")
		}, "unauthorized"},
		{"changes the file on both sides, each in its own way", func(f *forge) string {
			f.pull(f.alice, "pr", "base", nixName, with("web may: [merge]"))
			f.pull(f.alice, "main", "base", nixName, "# of main\n"+f.listing("merges: vouched", forgeFile...))
			return f.button("main", "pr")
		}, "unauthorized"},
		{"changes the file on both sides, and one who may authorize merges it", func(f *forge) string {
			f.pull(f.alice, "pr", "base", nixName, with("web may: [merge]"))
			f.pull(f.alice, "main", "base", nixName, "# of main\n"+f.listing("merges: vouched", forgeFile...))
			f.Git("merge", "--quiet", "--no-commit", "--strategy-option=theirs", "pr")
			return f.CommitIndexAs(f.alice, "Merge pr")
		}, "authentic"},
		{"changes the file on both sides alike", func(f *forge) string {
			f.pull(f.alice, "pr", "base", nixName, with("web may: [merge]"))
			f.change(f.bob, "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.alice, "main", "base", nixName, with("web may: [merge]"))
			return f.button("main", "pr")
		}, "authentic"},
		{"takes its change of the file back", func(f *forge) string {
			f.pull(f.mallory, "pr", "base", nixName, with("mallory"))
			f.change(nil, nixName, f.listing("merges: vouched", forgeFile...))
			f.change(f.bob, "pkgs/foo/default.nix", "foo 2\n")
			return f.button("main", "pr")
		}, "authentic"},
		{"removes the file", func(f *forge) string {
			f.on("pr", "base")
			f.Git("rm", "-q", nixName)
			f.CommitIndexAs(f.alice, "Remove the file")
			return f.button("main", "pr")
		}, "unauthorized"},
		{"made lax by a commit that counts from the next on", func(f *forge) string {
			f.pull(f.alice, "main", "base", nixName, f.listing("merges: strict", forgeFile...))
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			return f.button("main", "pr")
		}, "unsigned"},
	})
}

// TestForgeThreshold has changes of a file that two of three keys must agree to.
func TestForgeThreshold(t *testing.T) {
	listed := []string{"alice", "bob", "carol paths: [pkgs/hello/]", "web may: [authorize]"}
	f := newForge(t, "threshold: 2\nmerges: vouched", listed...)
	next := f.listing("threshold: 2\nmerges: vouched", append(listed, "mallory")...)
	// by commits the next file, with approvals by others.
	by := func(signer *gittest.Key, approvers ...*gittest.Key) func(f *forge) string {
		return func(f *forge) string {
			for _, approver := range approvers {
				f.approve(approver, "base", next)
			}
			f.Write(nixName, next)
			f.Git("add", ".", ":!sub")
			return f.CommitIndexAs(signer, "Let mallory in")
		}
	}
	runForge(t, f, []forgeCase{
		{"one", by(f.alice), "threshold"},
		{"one who approves too", by(f.alice, f.alice), "threshold"},
		{"SSH, approved with OpenPGP", by(f.alice, f.bob), "authentic"},
		{"OpenPGP, approved with SSH", by(f.bob, f.alice), "authentic"},
		{"approved by one who may only authorize", by(f.alice, f.web), "authentic"},
		{"approved by one who may not", by(f.alice, f.carol), "threshold"},
		{"approved by the one who is let in", by(f.alice, f.mallory), "threshold"},
		{"approved by all", by(f.bob, f.alice, f.web, f.carol, f.mallory), "authentic"},
		{"another file than was approved", func(f *forge) string {
			f.approve(f.bob, "base", next)
			f.Write(nixName, next+"# and a comment\n")
			f.Git("add", ".", ":!sub")
			return f.CommitIndexAs(f.alice, "Let mallory in")
		}, "threshold"},
		{"approvals kept, and another change", func(f *forge) string {
			by(f.alice, f.bob)(f)
			return f.change(f.alice, nixName, f.listing("merges: vouched", listed...))
		}, "threshold"},
		{"a change by the merge button", func(f *forge) string {
			f.on("pr", "base")
			by(f.alice, f.bob)(f)
			return f.button("main", "pr")
		}, "unauthorized"},
		{"a change, merged and signed by one", func(f *forge) string {
			f.on("pr", "base")
			by(f.alice, f.bob)(f)
			f.Git("checkout", "--quiet", "main")
			return f.MergeAs(f.alice, "pr")
		}, "authentic"},
		{"anything else needs one", func(f *forge) string {
			return f.change(f.bob, "pkgs/foo/default.nix", "foo 2\n")
		}, "authentic"},
	})
}

// TestForgePaths has a maintainer of one package.
func TestForgePaths(t *testing.T) {
	f := newForge(t, "merges: vouched", forgeFile...)
	runForge(t, f, []forgeCase{
		{"commits to the package", func(f *forge) string {
			return f.change(f.carol, "pkgs/hello/default.nix", "hello 2\n")
		}, "authentic"},
		{"adds a file to the package", func(f *forge) string {
			return f.change(f.carol, "pkgs/hello/patches/1.patch", "a patch\n")
		}, "authentic"},
		{"commits to another one", func(f *forge) string {
			return f.change(f.carol, "pkgs/foo/default.nix", "foo 2\n")
		}, "path"},
		{"moves a file out", func(f *forge) string {
			f.Git("mv", "pkgs/hello/src.sh", "pkgs/foo/hello.sh")
			return f.CommitIndexAs(f.carol, "Move")
		}, "path"},
		{"moves a file in", func(f *forge) string {
			f.Git("mv", "pkgs/foo/src.sh", "pkgs/hello/foo.sh")
			return f.CommitIndexAs(f.carol, "Move")
		}, "path"},
		{"bumps a submodule elsewhere", func(f *forge) string {
			f.Git("update-index", "--cacheinfo", "160000,2222222222222222222222222222222222222222,sub")
			tip := f.CommitIndexAs(f.carol, "Bump")
			f.Git("reset", "--quiet", "--hard")
			return tip
		}, "path"},
		{"makes another file executable", func(f *forge) string {
			f.Git("update-index", "--chmod=+x", "lines")
			return f.CommitIndexAs(f.carol, "Executable")
		}, "path"},
		{"puts the package under another spelling", func(f *forge) string {
			return f.change(f.carol, "pkgs/Hello/default.nix", "hello 2\n")
		}, "path"},
		{"replaces the package by a link", func(f *forge) string {
			f.Git("rm", "-rq", "pkgs/hello")
			f.Git("update-index", "--add", "--cacheinfo", "120000,"+f.Hash("blob", []byte("foo"))+",pkgs/hello")
			return f.CommitIndexAs(f.carol, "Link")
		}, "path"},
		{"merges", func(f *forge) string {
			f.pull(f.carol, "pr", "base", "pkgs/hello/default.nix", "hello 2\n")
			f.Git("checkout", "--quiet", "main")
			return f.MergeAs(f.carol, "pr")
		}, "authentic"}, // because she has signed the head
		{"merges what others have made", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/hello/default.nix", "hello 2\n")
			f.Git("checkout", "--quiet", "main")
			return f.MergeAs(f.carol, "pr")
		}, "not-vouched"},
		{"seals what others have made of the package", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/hello/default.nix", "hello 2\n")
			f.CommitIndexAs(f.carol, "Seal")
			f.pull(f.alice, "main", "base", "pkgs/foo/default.nix", "foo 2\n")
			return f.button("main", "pr")
		}, "authentic"},
		{"seals what others have made of another one", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.change(f.carol, "pkgs/hello/default.nix", "hello 2\n")
			return f.button("main", "pr")
		}, "not-vouched"},
		{"seals a branch that takes back what main has", func(f *forge) string {
			f.pull(f.alice, "main", "base", "pkgs/foo/default.nix", "foo 1, the hole mended\n")
			f.on("stale", "main")
			f.Git("checkout", "base", "--", "pkgs/foo")
			f.change(f.carol, "pkgs/hello/default.nix", "hello 2\n")
			f.on("side", "base")
			f.button("side", "stale")
			f.pull(f.alice, "main", "main", "README", "read me\n")
			return f.button("main", "side")
		}, "not-vouched"},
	})
}

// TestForgeSigned has the rule "merges: signed": who merges answers for all of it.
func TestForgeSigned(t *testing.T) {
	f := newForge(t, "merges: signed", forgeFile...)
	runForge(t, f, []forgeCase{
		{"signed merge of unsigned commits", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			return f.MergeAs(f.alice, "pr")
		}, "authentic"},
		{"signed merge with more in it", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.Git("checkout", "--quiet", "main")
			f.MergeAs(f.alice, "pr")
			f.Write("pkgs/foo/more", "more\n")
			f.Git("add", "pkgs")
			return f.amended(f.alice)
		}, "authentic"},
		{"by one who may only commit", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.Git("checkout", "--quiet", "main")
			return f.MergeAs(f.bob, "pr")
		}, "unauthorized"},
		{"the merge button", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			return f.button("main", "pr")
		}, "unsigned"},
		{"an unsigned commit on main", func(f *forge) string {
			return f.change(nil, "README", "read me\n")
		}, "unsigned"},
	})
}
