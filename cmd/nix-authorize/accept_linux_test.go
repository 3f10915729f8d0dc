package main

import (
	"strings"
	"testing"
)

// TestPullAsks: on a terminal a change of the list comes in only if the user says yes.
func TestPullAsks(t *testing.T) {
	t.Parallel()
	const question = "the rights change as shown; move to this commit? [y/N] "
	for _, c := range []struct {
		name, answer string
		args         []string
		exit         int
		moves        bool
	}{
		{"yes", "y\n", nil, 0, true},
		{"no", "n\n", nil, 0, false},
		{"nothing", "\n", nil, 0, false},
		{"enough", "", nil, 130, false},
		{"yes, quietly", "yes\n", []string{"--quiet"}, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := serves(t)
			f := newFollower(t, h)
			tip := h.CommitAs(alice(t), nixName, listing(nixName, alice(t), bob(t)))
			before := f.Git("for-each-ref")
			m := maintainer{f.user, f.Repo, nil}
			shown, exit := m.converse(t, question, c.answer, append([]string{"pull"}, c.args...)...)
			if exit != c.exit || !strings.Contains(shown, "+ bob") {
				t.Errorf("exit code %d\n%s", exit, shown)
			}
			if now := f.Git("for-each-ref"); (now != before) != c.moves || c.moves && f.Git("rev-parse", "HEAD") != tip {
				t.Errorf("refs are\n%s", now)
			}
			if c.exit == 0 && !c.moves && !strings.Contains(shown, "nothing has been changed here, as you wish") {
				t.Errorf("shown\n%s", shown)
			}
		})
	}
}

// TestPullAsksNobody: there is no question where nobody is to answer, or nothing is to
// be decided.
func TestPullAsksNobody(t *testing.T) {
	t.Parallel()
	h := serves(t)
	f := newFollower(t, h)
	f.env["NO_COLOR"] = "1"
	onTerminal := func(args ...string) string {
		t.Helper()
		term := newTerminal(t)
		cmd := f.command("nix-authorize", append([]string{"-C", f.dir}, args...))
		cmd.Stdin, cmd.Stdout, cmd.Stderr = term.side, term.side, term.side
		if err := cmd.Run(); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		shown := term.end()
		if strings.Contains(shown, "[y/N]") {
			t.Errorf("%q asks:\n%s", args, shown)
		}
		return shown
	}
	says(t, onTerminal("pull"), "main is up to date")
	h.CommitAs(alice(t), "file", "4\n")
	says(t, onTerminal("pull"), "main is now at")
	h.CommitAs(alice(t), nixName, listing(nixName, alice(t), bob(t)))
	says(t, onTerminal("pull", "--dry-run"), "+ bob", "dry run")
	onTerminal("pull", "--dry-run", "--format", "json")
	says(t, onTerminal("pull", "--yes"), "+ bob", "main is now at")
	// Commits of one's own do not move, whatever comes in.
	f.Env = append(f.Env, "GIT_COMMITTER_DATE=1700000000 +0000")
	f.CommitAs(alice(t), nixName, listing(nixName, alice(t)))
	says(t, onTerminal("pull"), "has commits of its own on top of")
	h.CommitAs(alice(t), nixName, listing(nixName, alice(t), mallory(t)))
	says(t, onTerminal("pull"), "+ mallory", "git rebase")
	// Without a terminal it is as if the user had said yes.
	f.Git("reset", "--quiet", "--hard", "HEAD~1")
	if r := f.run("pull"); r.exit != 0 || strings.Contains(r.stderr, "[y/N]") {
		t.Errorf("exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
}
