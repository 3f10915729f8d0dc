package gitcli

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// environment is what a git of the user's has, by name.
func environment(t *testing.T, u User) map[string]string {
	t.Helper()
	out, err := u.Output(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	env := make(map[string]string)
	for variable := range strings.SplitSeq(string(out), "\x00") {
		name, value, _ := strings.Cut(variable, "=")
		if _, twice := env[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		env[name] = value
	}
	return env
}

// TestUserEnvironment: the user's settings stay, except those by which git would
// believe something else, or speak another language.
func TestUserEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"GIT_SSH_COMMAND": "ssh -x", "https_proxy": "http://proxy", "LC_ALL": "de_DE.UTF-8", "GIT_CONFIG_COUNT": "0",
		"GIT_NO_REPLACE_OBJECTS": "0", "GIT_GRAFT_FILE": "/grafts", "LANGUAGE": "de", "GIT_DIR": "/elsewhere", "GIT_INDEX_FILE": "/index",
	} {
		t.Setenv(name, value)
	}
	standIn(t, "env -0")
	env := environment(t, User{})
	for name, want := range map[string]string{
		"GIT_SSH_COMMAND": "ssh -x", "https_proxy": "http://proxy", "LC_ALL": "de_DE.UTF-8", "GIT_CONFIG_COUNT": "0",
		"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": nowhere, "LANGUAGE": "en", "GIT_DIR": "/elsewhere", "GIT_INDEX_FILE": "/index",
	} {
		if env[name] != want {
			t.Errorf("%s is %q instead of %q", name, env[name], want)
		}
	}
	env = environment(t, User{Detached: true})
	for _, name := range []string{"GIT_DIR", "GIT_INDEX_FILE"} {
		if value, ok := env[name]; ok {
			t.Errorf("detached, %s is %q", name, value)
		}
	}
	if env["GIT_SSH_COMMAND"] != "ssh -x" {
		t.Error("detached, the user's settings are gone")
	}
}

// TestUserTalks: what git says is passed on, and its last words are in the error.
func TestUserTalks(t *testing.T) {
	standIn(t, "cat; [ \"$1\" = good ] || { echo 'fatal: no' >&2; exit 3; }")
	var said bytes.Buffer
	out, err := User{Stderr: &said}.Feed(context.Background(), "input", "x")
	failed, ok := Failed(err)
	if !ok || failed.ExitCode != 3 || failed.Stderr != "no" || out != nil || said.String() != "fatal: no\n" {
		t.Errorf("output %q, error %v, said %q", out, err, &said)
	}
	if out, err := (User{}).Feed(context.Background(), "input", "good"); string(out) != "input" || err != nil {
		t.Errorf("output %q, error %v", out, err)
	}
}

// TestUserInterrupted: an interrupt on a terminal reaches git and this process, in
// any order, and is one.
func TestUserInterrupted(t *testing.T) {
	for _, first := range []string{"git", "process"} {
		t.Run(first, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			script := "kill -INT $$"
			delay := 100 * time.Millisecond
			if first == "process" {
				script, delay = "trap 'exit 1' TERM; while :; do sleep 0.01; done", 50*time.Millisecond
			}
			standIn(t, script)
			timer := time.AfterFunc(delay, cancel)
			defer timer.Stop()
			if err := (User{}).Run(ctx, "x"); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestLocalVariables: git itself says which variables bind it to a repository.
func TestLocalVariables(t *testing.T) {
	out, err := User{}.Output(context.Background(), "rev-parse", "--local-env-vars")
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, "GIT_CONFIG") || slices.Contains(set, name) || name == "GIT_REPLACE_REF_BASE" {
			continue
		}
		if !slices.Contains(local, name) {
			t.Errorf("%s is not kept away", name)
		}
	}
}

func TestErrorNamesTheCommand(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"fetch", "-c"}, "git fetch failed: no"},
		{[]string{"-c", "a=b", "--literal-pathspecs", "checkout", "x"}, "git checkout failed: no"},
		{[]string{"-c"}, "git failed: no"},
		{nil, "git failed: no"},
	} {
		if got := newError(c.args, errors.New("exit"), []byte("fatal: no\n")).Error(); got != c.want {
			t.Errorf("%q: %q", c.args, got)
		}
	}
}
