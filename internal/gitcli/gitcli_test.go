package gitcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The whole environment is listed here, so that nothing gets into it unnoticed.
func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"GIT_DIR": "/evil", "GIT_COMMON_DIR": "/evil", "GIT_WORK_TREE": "/evil", "GIT_INDEX_FILE": "/evil",
		"GIT_OBJECT_DIRECTORY": "/evil", "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/evil", "GIT_QUARANTINE_PATH": "/evil",
		"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": "evil",
		"GIT_CONFIG_PARAMETERS": "'core.fsmonitor=evil'", "GIT_CONFIG": "/evil", "GIT_CONFIG_GLOBAL": "/evil", "GIT_CONFIG_SYSTEM": "/evil",
		"GIT_CONFIG_NOSYSTEM": "0", "GIT_EXEC_PATH": "/evil", "GIT_EXTERNAL_DIFF": "evil", "GIT_SSH_COMMAND": "evil", "GIT_SSH": "evil",
		"GIT_PROXY_COMMAND": "evil", "GIT_ASKPASS": "evil", "SSH_ASKPASS": "evil", "GIT_EDITOR": "evil", "EDITOR": "evil", "VISUAL": "evil",
		"GIT_PAGER": "evil", "PAGER": "evil", "GIT_TEMPLATE_DIR": "/evil", "GIT_TRACE": "1", "GIT_TRACE2": "1", "GIT_TRACE_SETUP": "1",
		"GIT_NAMESPACE": "evil", "GIT_REPLACE_REF_BASE": "refs/evil", "GIT_NO_REPLACE_OBJECTS": "0", "GIT_GRAFT_FILE": "/evil",
		"GIT_SHALLOW_FILE": "/evil", "GIT_ALLOW_PROTOCOL": "ext", "GIT_PROTOCOL_FROM_USER": "1", "GIT_NO_LAZY_FETCH": "0",
		"GIT_LITERAL_PATHSPECS": "1", "GIT_ATTR_SOURCE": "evil", "GIT_CEILING_DIRECTORIES": "/evil", "GIT_DEFAULT_HASH": "sha256",
		"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", "HOME": "/evil", "XDG_CONFIG_HOME": "/evil", "XDG_CACHE_HOME": "/evil", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8",
		"LANGUAGE": "de", "LD_PRELOAD": "", "LD_LIBRARY_PATH": "/evil", "BASH_ENV": "/evil", "ENV": "/evil", "PERL5LIB": "/evil", "GNUPGHOME": "/evil",
		"HTTPS_PROXY": "evil", "TMPDIR": "/tmp",
	} {
		t.Setenv(name, value)
	}
	standIn(t, "/usr/bin/env; for a; do echo \"argument $a\"; done; pwd\n")
	dir := t.TempDir()
	out, err := Repository{GitDir: dir}.Output(context.Background(), "rev-parse", "--", "x y")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GIT_ALLOW_PROTOCOL=none", "GIT_ATTR_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_DIR=" + dir, "GIT_GRAFT_FILE=/dev/null/home", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0",
		"GIT_PAGER=cat", "GIT_TERMINAL_PROMPT=0", "HOME=/dev/null/home", "LC_ALL=C", "TMPDIR=/tmp", "XDG_CONFIG_HOME=/dev/null/home",
		"argument --", "argument -c", "argument core.attributesFile=/dev/null", "argument core.commitGraph=false", "argument core.fsmonitor=false",
		"argument core.hooksPath=/dev/null", "argument core.useReplaceRefs=false", "argument core.warnAmbiguousRefs=true", "argument gc.auto=0",
		"argument maintenance.auto=false", "argument protocol.allow=never", "argument rev-parse", "argument safe.directory=*", "argument x y", dir,
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	got = slices.DeleteFunc(got, func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return slices.Contains([]string{"PATH", "PWD", "SHLVL", "_", "OLDPWD"}, name) // the shell's own
	})
	slices.Sort(got)
	slices.Sort(want)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRepositoryVariables(t *testing.T) {
	standIn(t, "/usr/bin/env | grep -E '^GIT_(.*DIR|QUARANTINE)' | sort; pwd\n")
	dir := t.TempDir()
	out, err := Repository{
		GitDir: "/g", CommonDir: "/c", Dir: dir, ObjectDir: "/o", AlternateObjectDirs: "/a:/b", QuarantinePath: "/q",
	}.Output(context.Background(), "version")
	want := "GIT_ALTERNATE_OBJECT_DIRECTORIES=/a:/b\nGIT_COMMON_DIR=/c\nGIT_DIR=/g\nGIT_OBJECT_DIRECTORY=/o\nGIT_QUARANTINE_PATH=/q\n" + dir + "\n"
	if err != nil || string(out) != want {
		t.Errorf("error %v, got\n%s", err, out)
	}
}

func TestNotInstalled(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for name, path := range map[string]string{
		"empty PATH": "", "empty directory": t.TempDir(), "current directory": ".", "nothing between colons": "::", "no such directory": "/nonexistent",
	} {
		t.Setenv("PATH", path)
		if _, err := Installed(); err != ErrNotInstalled {
			t.Errorf("%s: Installed says %v", name, err)
		}
		if _, err := (Repository{}).Output(context.Background(), "version"); err != ErrNotInstalled {
			t.Errorf("%s: Output says %v", name, err)
		}
		if _, err := (Repository{}).Command(context.Background(), "version"); err != ErrNotInstalled {
			t.Errorf("%s: Command says %v", name, err)
		}
	}
}

func TestCannotBeStarted(t *testing.T) {
	standIn(t, "")
	_, err := Repository{GitDir: "/nonexistent"}.Output(context.Background(), "version")
	var failed *Error
	if !errors.As(err, &failed) || failed.ExitCode != -1 || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestOutput(t *testing.T) {
	standIn(t, `printf 'a\000b\n'; echo "warning: nothing" >&2`)
	out, err := Repository{}.Output(context.Background(), "x")
	if err != nil || string(out) != "a\x00b\n" {
		t.Errorf("output %q, error %v", out, err)
	}
}

func TestFeed(t *testing.T) {
	standIn(t, "cat")
	if out, err := (Repository{}).Feed(context.Background(), "some\ninput", "x"); err != nil || string(out) != "some\ninput" {
		t.Errorf("output %q, error %v", out, err)
	}
	standIn(t, "echo part; exit 3") // without reading it
	if out, err := (Repository{}).Feed(context.Background(), strings.Repeat("input", 100_000), "x"); ExitCode(err) != 3 || string(out) != "part\n" {
		t.Errorf("output %q, error %v", out, err)
	}
}

func TestFailure(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		code         int
		stderr       string
		errors       []string
		text         string
	}{
		{"fatal", "echo 'fatal: bad thing' >&2; exit 128", 128, "bad thing", nil, "git show failed: bad thing"},
		{"error", "echo 'error: first' >&2; echo 'error: second' >&2; echo 'fatal: third' >&2; exit 1", 1, "first", []string{"first", "second"}, "git show failed: first"},
		{"warning before", "echo 'warning: w' >&2; echo; echo 'fatal: f' >&2; exit 3", 3, "f", nil, "git show failed: f"},
		{"hint before", "echo 'hint: h' >&2; echo 'hint: ' >&2; echo 'fatal: f' >&2; exit 128", 128, "f", nil, "git show failed: f"},
		{"hint before", "echo 'hint: h' >&2; echo 'git: file.c:1: Assertion' >&2; kill -6 $$", -1, "git: file.c:1: Assertion", nil, "git show failed: git: file.c:1: Assertion"},
		{"remote before", "echo 'remote: r' >&2; echo 'remote: s' >&2; echo 'fatal: f' >&2; exit 128", 128, "f", nil, "git show failed: f"},
		{"remote alone", "echo 'remote: r' >&2; exit 1", 1, "remote: r", nil, "git show failed: remote: r"},
		{"silence", "exit 5", 5, "", nil, "git show failed: exit status 5"},
		{"only warnings", "echo 'warning: w' >&2; exit 5", 5, "", nil, "git show failed: exit status 5"},
		{"no prefix", "echo 'usage: git' >&2; exit 129", 129, "usage: git", nil, "git show failed: usage: git"},
		{"control characters", `printf 'fatal: a\033[2J\007\302\205\342\200\256b\377\r\n' >&2; exit 1`, 1, "a?[2J???b\ufffd", nil, "git show failed: a?[2J???b\ufffd"},
		{"killed", "kill -9 $$", -1, "", nil, "git show failed: signal: killed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			standIn(t, tt.script)
			out, err := Repository{}.Output(context.Background(), "show", "secret")
			var failed *Error
			if !errors.As(err, &failed) || out != nil {
				t.Fatalf("output %q, error %v", out, err)
			}
			if failed.ExitCode != tt.code || ExitCode(err) != tt.code || ExitCode(fmt.Errorf("x: %w", err)) != tt.code {
				t.Errorf("exit code %d", failed.ExitCode)
			}
			if failed.Stderr != tt.stderr || !slices.Equal(failed.Errors, tt.errors) || err.Error() != tt.text {
				t.Errorf("stderr %q, errors %q, text %q", failed.Stderr, failed.Errors, err)
			}
			if !slices.Equal(failed.Args, []string{"show", "secret"}) {
				t.Errorf("args %q", failed.Args)
			}
		})
	}
	if ExitCode(errors.New("no git")) != -1 || ExitCode(nil) != -1 {
		t.Error("other errors have an exit code")
	}
}

func TestStderrIsBounded(t *testing.T) {
	standIn(t, "echo 'fatal: first line' >&2; i=0; while [ $i -lt 2000 ]; do echo 'error: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' >&2; i=$((i+1)); done; exit 1")
	_, err := Repository{}.Output(context.Background(), "x")
	var failed *Error
	if !errors.As(err, &failed) || failed.ExitCode != 1 || failed.Stderr != "first line" {
		t.Fatalf("error %v", err)
	}
	if n := len(strings.Join(failed.Errors, "")); n > maxStderr || n < maxStderr/2 {
		t.Errorf("%d bytes were kept", n)
	}
}

func TestOutputIsBounded(t *testing.T) {
	standIn(t, "printf 0123456789")
	if out, err := (Repository{}).output(context.Background(), 10, nil); err != nil || string(out) != "0123456789" {
		t.Errorf("output %q, error %v", out, err)
	}
	if out, err := (Repository{}).output(context.Background(), 9, nil); err == nil || out != nil || !strings.Contains(err.Error(), "more than 9 bytes") {
		t.Errorf("output %q, error %v", out, err)
	}
	// One that does not end by itself ends when nobody reads any more.
	standIn(t, "while :; do echo 0123456789; done")
	var failed *Error
	if out, err := (Repository{}).output(context.Background(), 100_000, []string{"log"}); !errors.As(err, &failed) || out != nil || err.Error() != "git log failed: it wrote more than 100000 bytes" {
		t.Errorf("%d bytes, error %v", len(out), err)
	}
}

// alive says whether the process whose id a stand-in has written still runs.
func alive(t *testing.T, file string) bool {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	return syscall.Kill(pid, 0) == nil
}

// cancelWhen cancels a context as soon as a file has been written.
func cancelWhen(t *testing.T, file string) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		for range 3000 {
			if content, err := os.ReadFile(file); err == nil && len(content) > 0 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { <-done })
	return ctx
}

func TestCancellationKills(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	standIn(t, "trap '' TERM INT HUP; echo $$ > "+pid+"; exec sleep 300")
	out, err := Repository{}.Output(cancelWhen(t, pid), "x")
	if !errors.Is(err, context.Canceled) || out != nil {
		t.Errorf("output %q, error %v", out, err)
	}
	if alive(t, pid) {
		t.Error("git still runs")
	}
}

// A process that git leaves behind with its output open is not waited for.
func TestCancellationWaitsForNobodyElse(t *testing.T) {
	dir := t.TempDir()
	pid, end := filepath.Join(dir, "pid"), filepath.Join(dir, "end")
	standIn(t, "(i=0; while [ $i -lt 300 ]; do sleep 0.1; i=$((i+1)); done; : > "+end+") & echo $! > "+pid+"; wait")
	_, err := Repository{}.Output(cancelWhen(t, pid), "x")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(end); err == nil || !alive(t, pid) {
		t.Error("the process was waited for, or never ran")
	}
	content, _ := os.ReadFile(pid)
	left, _ := strconv.Atoi(strings.TrimSpace(string(content)))
	if err := syscall.Kill(left, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestCancelledBefore(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "marker")
	standIn(t, ": > "+marker)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Repository{}).Output(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("git was started")
	}
}
