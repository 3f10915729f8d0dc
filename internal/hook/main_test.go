package hook

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

func TestMain(m *testing.M) { os.Exit(gittest.Run(m.Run)) }

// emptyHome keeps the configuration of whoever runs the tests away from the user's
// git. It returns the home, in which ".gitconfig" is the global configuration.
func emptyHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(home, ".gitconfig"))
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	return home
}

func open(t *testing.T, dir string) *gitrepo.Repository {
	t.Helper()
	repository, err := gitrepo.Open(t.Context(), dir, gitrepo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return repository
}

// find is Find for the repository of a directory.
func find(t *testing.T, dir string) *Place {
	t.Helper()
	p, err := Find(context.Background(), open(t, dir), dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// read is the content of a file, or "absent".
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "absent"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

// recorder is the text of a program that appends its arguments and what it reads to a
// log, and ends with a code.
func recorder(log, code string) string {
	return "#!/bin/sh\n{ printf '<%s>' \"$@\"; echo; cat; } >> " + quote(log) + "\nexit " + code + "\n"
}

// runScript runs a hook as git does and returns what it writes on standard error.
func runScript(t *testing.T, path, stdin string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	if stdout.Len() > 0 {
		t.Errorf("standard output has %q", stdout.String())
	}
	return stderr.String(), cmd.ProcessState.ExitCode()
}
