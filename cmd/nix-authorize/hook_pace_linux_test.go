package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestHookPriority: a hook, and the git that it reads objects with, gives way to
// others, unless the user does not want that. It is no reason to fail.
func TestHookPriority(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	linked := filepath.Join(t.TempDir(), "linked") // is read through git
	h.Git("worktree", "add", "--quiet", "--detach", linked)
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	nice, err := exec.Command("nice").Output()
	if err != nil {
		t.Fatal(err)
	}
	own, err := strconv.Atoi(strings.TrimSpace(string(nice)))
	if err != nil {
		t.Fatal(err)
	}
	program, err := released()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		setting string
		want    int
	}{{"low", min(own+10, 19)}, {"normal", own}} {
		h.Git("config", "nix-authorize.hookPriority", test.setting)
		dir := t.TempDir()
		log := filepath.Join(dir, "log")
		script := "#!/bin/sh\necho $(nice) $* >>'" + log + "'\nexec '" + git + "' \"$@\"\n"
		if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := newUser(t, linked).command(program, []string{"hook", "run", "reference-transaction", "prepared"})
		cmd.Env = append(cmd.Env, "PATH="+dir+":"+os.Getenv("PATH"))
		cmd.Dir = linked
		cmd.Stdin = strings.NewReader(strings.Repeat("0", 40) + " " + h.Git("rev-parse", "HEAD") + " refs/remotes/other/main\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		content, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		var reading string
		for line := range strings.Lines(string(content)) {
			if strings.Contains(line, " cat-file ") {
				reading, _, _ = strings.Cut(line, " ")
			}
		}
		if reading != strconv.Itoa(test.want) {
			t.Errorf("%s: objects are read with niceness %q instead of %d\n%s", test.setting, reading, test.want, content)
		}
	}
}
