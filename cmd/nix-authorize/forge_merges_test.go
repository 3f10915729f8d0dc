package main

import (
	"strings"
	"testing"
)

// forgeFile is by whose rules the scenarios go.
var forgeFile = []string{"alice", "bob may: [commit]", "carol paths: [pkgs/hello/]"}

// TestForgeMerges has the ways in which forges bring pull requests into a branch, by
// the rule "merges: vouched".
func TestForgeMerges(t *testing.T) {
	f := newForge(t, "merges: vouched", forgeFile...)
	runForge(t, f, []forgeCase{
		{"merge button, head signed", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			return f.button("main", "pr")
		}, "authentic"},
		{"merge button, head unsigned", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			return f.button("main", "pr")
		}, "not-vouched"},
		{"merge button, head signed by a stranger", func(f *forge) string {
			f.pull(f.mallory, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			return f.button("main", "pr")
		}, "not-vouched"},
		{"several commits, the head sealed", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.change(nil, "pkgs/foo/patch", "a patch\n")
			f.CommitIndexAs(f.bob, "Seal")
			return f.button("main", "pr")
		}, "authentic"},
		{"pushed after it was sealed", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.CommitIndexAs(f.bob, "Seal")
			f.change(nil, "pkgs/foo/patch", "evil\n")
			return f.button("main", "pr")
		}, "not-vouched"},
		{"main went on in the meantime", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			return f.button("main", "pr")
		}, "authentic"},
		{"merge queue", func(f *forge) string {
			for _, name := range []string{"foo", "bar"} {
				f.pull(f.bob, "pr-"+name, "base", "pkgs/"+name+"/default.nix", name+" 2\n")
			}
			f.on("queue", "main")
			f.button("queue", "pr-foo")
			f.button("queue", "pr-bar")
			f.Git("checkout", "--quiet", "main")
			f.Git("merge", "--quiet", "--ff-only", "queue")
			return ""
		}, "authentic"},
		{"merge queue with one that nobody answers for", func(f *forge) string {
			f.pull(nil, "pr-foo", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.bob, "pr-bar", "base", "pkgs/bar/default.nix", "bar 2\n")
			bad := f.button("main", "pr-foo")
			f.button("main", "pr-bar")
			return bad
		}, "not-vouched"},
		{"squash", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.Git("checkout", "--quiet", "main")
			f.Git("merge", "--quiet", "--squash", "pr")
			f.Git("commit", "--quiet", "--message", "Squashed")
			return f.Git("rev-parse", "HEAD")
		}, "unsigned"},
		{"rebase", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			f.Git("checkout", "--quiet", "pr")
			f.Git("rebase", "--quiet", "main")
			f.Git("checkout", "--quiet", "main")
			f.Git("merge", "--quiet", "--ff-only", "pr")
			return f.Git("rev-parse", "HEAD")
		}, "unsigned"},
		{"fast-forward to a signed head", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.Git("checkout", "--quiet", "main")
			f.Git("merge", "--quiet", "--ff-only", "pr")
			return ""
		}, "authentic"},
		{"branch updated by the forge", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			f.button("pr", "main")
			f.pull(f.alice, "main", "main", "README", "read me again\n")
			return f.button("main", "pr")
		}, "authentic"},
		{"branch of nobody updated by the forge", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			f.button("pr", "main")
			return f.button("main", "pr")
		}, "not-vouched"},
		{"branch updated by the forge, which slips something in", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			f.button("pr", "main")
			f.Write("pkgs/foo/evil", "evil\n")
			f.Git("add", ".")
			f.amended(nil)
			return f.button("main", "pr")
		}, "not-vouched"},
		{"suggestion committed by the forge", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.change(nil, "pkgs/foo/default.nix", "foo 2.1\n")
			return f.button("main", "pr")
		}, "not-vouched"},
		{"suggestion committed by the forge and sealed again", func(f *forge) string {
			f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.change(nil, "pkgs/foo/default.nix", "foo 2.1\n")
			f.CommitIndexAs(f.bob, "Seal")
			return f.button("main", "pr")
		}, "authentic"},
		{"backport", func(f *forge) string {
			fix := f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 1.1\n")
			f.button("main", "pr")
			f.pull(f.alice, "release", "base", "VERSION", "1\n")
			f.on("backport", "release")
			f.GitAs(f.bob, "cherry-pick", "-x", fix)
			f.button("release", "backport")
			f.on("main", "release")
			return ""
		}, "authentic"},
		{"backport by a bot", func(f *forge) string {
			fix := f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 1.1\n")
			f.pull(f.alice, "release", "base", "VERSION", "1\n")
			f.on("backport", "release")
			f.Git("cherry-pick", "-x", fix)
			bad := f.button("release", "backport")
			f.on("main", "release")
			return bad
		}, "not-vouched"},
		{"octopus", func(f *forge) string {
			f.pull(f.bob, "one", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.bob, "two", "base", "pkgs/bar/default.nix", "bar 2\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			return f.button("main", "one", "two")
		}, "unauthorized"},
		{"octopus, signed", func(f *forge) string {
			f.pull(f.bob, "one", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.pull(f.bob, "two", "base", "pkgs/bar/default.nix", "bar 2\n")
			f.pull(f.alice, "main", "base", "README", "read me\n")
			return f.MergeAs(f.alice, "one", "two")
		}, "unauthorized"},
		{"merged by hand and signed, whatever is merged", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.Git("checkout", "--quiet", "main")
			return f.MergeAs(f.alice, "pr")
		}, "authentic"},
		{"merged by hand by one who may not merge", func(f *forge) string {
			f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
			f.Git("checkout", "--quiet", "main")
			return f.MergeAs(f.bob, "pr")
		}, "not-vouched"},
		{"pull request from an unrelated history", func(f *forge) string {
			f.Git("checkout", "--quiet", "--orphan", "other")
			f.Git("rm", "-rfq", "--cached", ".")
			f.Write("other", "other\n")
			f.Git("add", "other")
			f.CommitIndexAs(f.bob, "Other")
			f.Git("checkout", "--quiet", "--force", "main")
			f.Git("merge", "--quiet", "--no-ff", "--allow-unrelated-histories", "--message", "Merge other", "other")
			return f.Git("rev-parse", "HEAD")
		}, "not-mechanical"},
	})
}

// TestForgeStaging has branches that collect changes and are merged as a whole.
func TestForgeStaging(t *testing.T) {
	f := newForge(t, "merges: vouched", forgeFile...)
	// staging collects two pull requests, and main goes on.
	staging := func(f *forge) {
		f.pull(f.bob, "one", "base", "pkgs/foo/default.nix", "foo 2\n")
		f.pull(f.alice, "two", "base", "pkgs/bar/default.nix", "bar 2\n")
		f.on("staging", "base")
		f.button("staging", "one")
		f.button("staging", "two")
		f.pull(f.alice, "main", "base", "README", "read me\n")
	}
	runForge(t, f, []forgeCase{
		{"merged back", func(f *forge) string {
			staging(f)
			return f.button("main", "staging")
		}, "authentic"},
		{"with main merged into it, twice", func(f *forge) string {
			staging(f)
			f.button("staging", "main")
			f.pull(f.alice, "main", "main", "README", "read me again\n")
			f.button("staging", "main")
			f.pull(f.bob, "three", "staging", "pkgs/foo/default.nix", "foo 3\n")
			f.button("staging", "three")
			f.pull(f.alice, "main", "main", "README", "read me at last\n")
			return f.button("main", "staging")
		}, "authentic"},
		{"through staging-next", func(f *forge) string {
			staging(f)
			f.on("staging-next", "main")
			f.button("staging-next", "staging")
			f.pull(f.bob, "four", "staging-next", "pkgs/foo/default.nix", "foo 4\n")
			f.button("staging-next", "four")
			f.pull(f.alice, "main", "main", "README", "read me again\n")
			return f.button("main", "staging-next")
		}, "authentic"},
		{"and merged again later", func(f *forge) string {
			staging(f)
			f.button("main", "staging")
			f.pull(f.bob, "five", "staging", "pkgs/foo/default.nix", "foo 5\n")
			f.button("staging", "five")
			return f.button("main", "staging")
		}, "authentic"},
		{"with a pull request that nobody answers for", func(f *forge) string {
			staging(f)
			f.pull(nil, "bad", "base", "pkgs/foo/patch", "evil\n")
			f.button("staging", "bad")
			return f.button("main", "staging")
		}, "not-vouched"},
		{"with a commit pushed to it", func(f *forge) string {
			staging(f)
			f.pull(nil, "staging", "staging", "pkgs/foo/patch", "evil\n")
			f.pull(f.bob, "five", "staging", "pkgs/foo/default.nix", "foo 5\n")
			f.button("staging", "five")
			return f.button("main", "staging")
		}, "not-vouched"},
		{"with a merge that contains more", func(f *forge) string {
			staging(f)
			f.Git("checkout", "--quiet", "staging")
			f.Write("pkgs/foo/patch", "evil\n")
			f.Git("add", ".")
			f.amended(nil)
			return f.button("main", "staging")
		}, "not-vouched"},
		{"with conflicts that somebody has resolved and signed", func(f *forge) string {
			staging(f)
			f.pull(f.alice, "main", "main", "pkgs/foo/default.nix", "foo 1.1\n")
			f.Git("checkout", "--quiet", "staging")
			if _, err := f.TryGit(nil, "merge", "--quiet", "main"); err == nil {
				t.Fatal("there is no conflict")
			}
			f.Write("pkgs/foo/default.nix", "foo 2.1\n")
			f.Git("add", ".")
			f.CommitIndexAs(f.alice, "Merge main into staging")
			f.pull(f.bob, "five", "staging", "pkgs/bar/default.nix", "bar 5\n")
			f.button("staging", "five")
			return f.button("main", "staging")
		}, "authentic"},
	})
}

// TestForgeOldHeads has a head that was signed once and merged much later, after its
// signer was removed.
func TestForgeOldHeads(t *testing.T) {
	f := newForge(t, "merges: vouched", append(forgeFile, "mallory may: [commit]")...)
	f.pull(f.mallory, "old", "base", "pkgs/foo/default.nix", "foo 0\n")
	runForge(t, f, []forgeCase{
		{"while the key is listed", func(f *forge) string {
			f.pull(f.alice, "main", "base", "README", "read me\n")
			return f.button("main", "old")
		}, "authentic"},
		{"after it was removed", func(f *forge) string {
			f.pull(f.alice, "main", "base", nixName, f.listing("merges: vouched", forgeFile...))
			return f.button("main", "old")
		}, "not-vouched"},
		{"after it was removed, on a branch that still lists it", func(f *forge) string {
			f.pull(f.alice, "release", "base", "VERSION", "1\n")
			f.button("release", "old")
			f.pull(f.alice, "main", "base", nixName, f.listing("merges: vouched", forgeFile...))
			return f.button("main", "release")
		}, "not-vouched"},
		{"merged before it was removed", func(f *forge) string {
			f.button("main", "old")
			f.pull(f.alice, "main", "main", nixName, f.listing("merges: vouched", forgeFile...))
			return ""
		}, "authentic"},
		{"after it was removed, and signed again", func(f *forge) string {
			f.pull(f.alice, "main", "base", nixName, f.listing("merges: vouched", forgeFile...))
			f.on("again", "old")
			f.CommitIndexAs(f.bob, "Seal")
			return f.button("main", "again")
		}, "authentic"},
	})
}

// TestForgeKey has a forge that signs its merges, and is listed for that.
func TestForgeKey(t *testing.T) {
	for _, rule := range []string{"signed", "vouched"} {
		t.Run(rule, func(t *testing.T) {
			f := newForge(t, "merges: "+rule, "alice", "bob may: [commit]", "web may: [merge]")
			nobody := "unsigned"
			if rule == "vouched" {
				nobody = "not-vouched"
			}
			runForge(t, f, []forgeCase{
				{"merges what nobody has signed", func(f *forge) string {
					f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
					f.Git("checkout", "--quiet", "main")
					return f.MergeAs(f.web, "pr")
				}, "authentic"},
				{"commits", func(f *forge) string {
					return f.change(f.web, "pkgs/foo/default.nix", "foo 2\n")
				}, "unauthorized"},
				{"merges, and changes the file", func(f *forge) string {
					f.pull(nil, "pr", "base", nixName, f.listing("merges: "+rule, "alice", "mallory"))
					f.Git("checkout", "--quiet", "main")
					return f.MergeAs(f.web, "pr")
				}, "unauthorized"},
				{"signs the head of a branch", func(f *forge) string {
					f.pull(f.web, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
					return f.button("main", "pr")
				}, nobody},
				{"is forgotten once", func(f *forge) string {
					f.pull(nil, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
					return f.button("main", "pr")
				}, nobody},
			})
		})
	}
}

// TestForgeText has what a person reads.
func TestForgeText(t *testing.T) {
	f := newForge(t, "merges: vouched", forgeFile...)
	u := f.user()
	f.pull(f.bob, "pr", "base", "pkgs/foo/default.nix", "foo 2\n")
	f.button("main", "pr")
	r := u.run(append([]string{"verify", "main"}, f.flags()...)...)
	if !strings.Contains(r.stdout, "or is a merge that such keys vouch for (1 merge)") || r.exit != 0 {
		t.Errorf("%+v", r)
	}
	f.pull(nil, "other", "base", "pkgs/bar/default.nix", "bar 2\n")
	bad := f.button("main", "other")
	r = u.run(append([]string{"verify", "main"}, f.flags()...)...)
	for _, text := range []string{"refused commit " + bad, "not-vouched", "nix-authorize seal", "1 to check"} {
		if !strings.Contains(r.stdout, text) {
			t.Errorf("%q is not in %s", text, r.stdout)
		}
	}
	r = u.run(append([]string{"explain", "main"}, f.flags()...)...)
	for _, text := range []string{"mechanical    yes", "voucher       NO", "merge         yes"} {
		if !strings.Contains(r.stdout, text) {
			t.Errorf("%q is not in %s", text, r.stdout)
		}
	}
	a := u.json(append([]string{"explain", "main~1"}, f.flags()...)...)
	if a.Outcome != "authentic" || len(a.Steps) < 8 || a.Steps[7].Step != "voucher" || a.Steps[7].Commit != f.Git("rev-parse", "pr") {
		t.Errorf("%+v", a)
	}
	if a := u.json(append([]string{"verify", "main~1"}, f.flags()...)...); *a.Commits != 0 {
		t.Errorf("%+v", a)
	}
}
