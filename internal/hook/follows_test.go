package hook

import "testing"

// TestReceiveFollows has pushes to a branch of a server that are authentic, and may yet
// undo what the branch is now.
func TestReceiveFollows(t *testing.T) {
	for _, rule := range []string{"strict", "signed", "vouched"} {
		t.Run(rule, func(t *testing.T) {
			g := newGuarded(t)
			file := ".nix-authorizations"
			begin := g.CommitAs(g.alice, file, "version: 1\nmerges: "+rule+"\nkeys:\n  - name: alice\n    ssh: "+g.alice.Public+"\n")
			aside := g.CommitAs(g.alice, "aside", "1\n")
			g.Git("checkout", "--quiet", "main")
			g.Git("reset", "--quiet", "--hard", begin)
			now := g.CommitAs(g.alice, "file", "2\n")
			onward := g.MergeAs(g.alice, aside)
			g.Git("reset", "--quiet", "--hard", aside)
			undone := g.MergeAs(g.alice, now) // has all of main as its second parent
			over := g.CommitAs(g.alice, "file", "3\n")
			bad := g.Git("commit-tree", "-m", "Unsigned", "-p", begin, begin+"^{tree}")
			repaired := g.GitAs(g.alice, "commit-tree", "-S", "-m", "Merge", "-p", aside, "-p", bad, aside+"^{tree}")
			for _, test := range []struct {
				name, old, tip string
				vetoed         bool // by the rules that follow first parents
			}{
				{"a commit", begin, now, false},
				{"a merge", now, onward, false},
				{"the branch becomes content", now, undone, true},
				{"the branch becomes content, with a commit on top", now, over, true},
				{"back", now, begin, false},
				{"aside", now, aside, false},
				{"a new branch", "", undone, false},
				{"from what is not authentic", bad, repaired, false},
			} {
				if rule == "strict" && test.old == bad {
					continue // a merge of it is not authentic
				}
				if test.old == "" {
					g.Git("update-ref", "-d", "refs/heads/release")
				} else {
					g.Git("update-ref", "refs/heads/release", test.old)
				}
				g.Git("config", "nix-authorize.protect", "release")
				want := "authentic"
				if test.vetoed && rule != "strict" {
					want = "refs/heads/release downgrade downgrade"
				}
				if got := g.run(PreReceive, to("refs/heads/release", test.tip)); got != want {
					t.Errorf("%s: %s instead of %s", test.name, got, want)
				}
			}
		})
	}
}
