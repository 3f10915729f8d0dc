package main

import (
	"strings"
	"syscall"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// converse runs a command on a terminal, waits for its question and types an answer,
// or sends an interrupt if that is empty. It returns what was shown and the exit code.
func (m maintainer) converse(t *testing.T, question, answer string, args ...string) (string, int) {
	t.Helper()
	term := newTerminal(t)
	m.env["NO_COLOR"] = "1"
	cmd := m.command("nix-authorize", append([]string{"-C", m.dir}, args...))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.side, term.side, term.side
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	term.side.Close()
	if !term.waitFor(question) {
		t.Errorf("not asked %q", question)
	}
	var err error
	if answer == "" {
		err = cmd.Process.Signal(syscall.SIGINT)
	} else {
		_, err = term.keys.WriteString(answer)
	}
	if err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // the exit code says it
	return term.end(), cmd.ProcessState.ExitCode()
}

func TestInitAsks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer string
		exit   int
		made   bool
	}{{"y\n", 0, true}, {"Yes\n", 0, true}, {"n\n", 0, false}, {"\n", 0, false}, {"yesterday\n", 0, false}, {"", 130, false}} {
		t.Run(c.answer, func(t *testing.T) {
			t.Parallel()
			m := newMaintainer(t, gittest.New(t), gittest.SSH(t, "ed25519", "alice"))
			shown, exit := m.converse(t, "[y/N] ", c.answer, "init")
			if exit != c.exit || !strings.Contains(shown, "+ alice") {
				t.Errorf("exit code %d\n%s", exit, shown)
			}
			if made := m.Git("for-each-ref") != ""; made != c.made {
				t.Errorf("answered %q, made: %t\n%s", c.answer, made, shown)
			}
			if !c.made && m.Git("status", "--porcelain") != "" {
				t.Error("something was left in the work tree")
			}
		})
	}
}

func TestApproveAsks(t *testing.T) {
	t.Parallel()
	alice, bob := gittest.SSH(t, "ed25519", "alice"), gittest.SSH(t, "ed25519", "bob")
	m := council(t, "2", alice, bob)
	m.Write(nixName, councilFile("1", alice, bob))
	for _, answer := range []string{"n\n", "", "y\n"} {
		before := m.Git("status", "--porcelain", "--untracked-files")
		shown, _ := m.converse(t, "[y/N] ", answer, "approve")
		if !strings.Contains(shown, "threshold: 1 (was 2)") {
			t.Errorf("the change is not shown:\n%s", shown)
		}
		if after := m.Git("status", "--porcelain", "--untracked-files"); (after != before) != (answer == "y\n") {
			t.Errorf("answered %q: %q became %q", answer, before, after)
		}
	}
}
