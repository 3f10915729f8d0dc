package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An interrupt ends the program soon, with exit code 130 and nothing half written.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	h := newLongHistory(t, 50_000)
	linked := filepath.Join(t.TempDir(), "tree")
	h.Git("worktree", "add", "--quiet", "--no-checkout", "--detach", linked, "HEAD")
	for _, test := range []struct {
		name, dir, when string
		signal          os.Signal
	}{
		{"while history is read", h.Dir, "objects are read", os.Interrupt},
		{"while commits are checked", h.Dir, "checking", os.Interrupt},
		{"while git reads", linked, "objects are read", os.Interrupt},
		{"by the system", h.Dir, "objects are read", syscall.SIGTERM},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, test.dir)
			u.program = asReleased
			want(t, h.verifyBy(u, "authentic"), "authentic", "")
			cached, err := os.ReadFile(cacheFile(t, u))
			if err != nil {
				t.Fatal(err)
			}
			interrupt(t, h, u, test.when, test.signal)
			if now, err := os.ReadFile(cacheFile(t, u)); err != nil || !bytes.Equal(now, cached) {
				t.Errorf("the cache has become %q, %v", now, err)
			}
			if a := h.verifyBy(u, "authentic"); a.reason() != "authentic" || a.judged() != 0 {
				t.Errorf("the cache is not used any more: %+v", a)
			}
		})
	}
}

// interrupt starts a verification on a terminal and sends the signal when the
// terminal shows a text.
func interrupt(t *testing.T, h *history, u user, when string, signal os.Signal) {
	t.Helper()
	term := newTerminal(t)
	var stdout bytes.Buffer
	program, err := released() // the race detector would make the walk take a minute
	if err != nil {
		t.Fatal(err)
	}
	cmd := u.command(program, append(append([]string{"verify", "--verbose", "-C", u.dir}, h.flags()...), "--max-refusals", "0", "main"))
	cmd.Stdout, cmd.Stderr = &stdout, term.side
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the exit code tells
		term.side.Close()
	}()
	if !term.waitFor(when) {
		<-ended
		t.Skipf("SKIPPED: it has ended without showing %q: this machine is too fast", when)
	}
	if err := cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	const patience = time.Minute // that it is less than a second is not for a test to say
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("it does not end")
		_ = cmd.Process.Kill()
		<-ended
	}
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d instead of 130", code)
	}
	text := term.end()
	if !strings.HasSuffix(text, "interrupted\r\n") || stdout.Len() > 0 {
		t.Errorf("standard output has %q, the terminal %q", stdout.String(), text)
	}
	if when == "checking" && !bar.MatchString(text) {
		t.Errorf("there is no progress bar: %q", text)
	}
	for begun := time.Now(); !errors.Is(err, syscall.ESRCH); err = syscall.Kill(-cmd.Process.Pid, 0) {
		if time.Since(begun) > patience {
			t.Fatalf("a process is left behind: %v", err)
		}
		time.Sleep(time.Millisecond) // a git that was killed may be about to end
	}
}

// bar is a progress bar with what was done, how fast, and the time that has passed. How
// much there is to do shows when it is done.
var bar = regexp.MustCompile(`checking \([0-9]+/-, [0-9]+ commits/s\) \[[0-9ms]+\]`)

// The JSON of an interrupted run says so.
func TestInterruptAsJSON(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	u := h.user()
	u.program = inEndedContext
	a := h.verifyBy(u)
	if a.Exit != 130 || a.Outcome != "interrupted" || a.Error.Class != "interrupted" {
		t.Errorf("the document is %+v", a)
	}
	if _, err := os.ReadDir(u.cacheDir()); err == nil {
		t.Error("something was cached")
	}
}
