package gitcli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A User is git as its user has set it up: with their configuration, credentials,
// proxies and hooks. It is for what only that git can do, fetching and moving the
// work tree. It believes neither replace refs nor grafts.
type User struct {
	// Dir is the working directory. In it git finds the repository by itself.
	Dir string
	// Detached keeps variables away from git by which its caller may be bound
	// to another repository, such as GIT_DIR within a hook.
	Detached bool
	// Stderr gets what git says on standard error, its progress included. Nil
	// drops it; the last lines are in the error in any case.
	Stderr io.Writer
}

// grace is how long a git that was asked to end may take to remove its locks.
const grace = 5 * time.Second

// Output runs "git args…" and returns what it wrote. Its standard
// input is empty. When ctx ends, git is asked to end and killed if it does not. The error is
// ctx.Err(), ErrNotInstalled or an *Error.
//
// An argument that comes from outside must follow an argument "--end-of-options"
// or "--", or be checked for a hyphen at its beginning.
func (u User) Output(ctx context.Context, args ...string) ([]byte, error) {
	return u.Feed(ctx, "", args...)
}

// Feed is Output for a git that reads its standard input.
func (u User) Feed(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	path, err := Installed()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = u.Dir
	cmd.Env = u.environ()
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	stdout := bounded{limit: MaxOutput}
	stderr := bounded{limit: maxStderr, forget: true}
	cmd.Stdout = &stdout
	cmd.Stderr = &stderr
	if u.Stderr != nil {
		cmd.Stderr = io.MultiWriter(&stderr, u.Stderr)
	}
	err = cmd.Run()
	if interrupted(err) {
		select { // the signal is on its way to this process, too
		case <-ctx.Done():
		case <-time.After(grace):
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, newError(args, err, stderr.data)
	}
	return stdout.data, nil
}

// interrupted says whether a process has ended by the signal that a terminal sends
// to everybody who runs on it.
func interrupted(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGINT
}

// Run is Output for a git that has nothing to say.
func (u User) Run(ctx context.Context, args ...string) error {
	_, err := u.Output(ctx, args...)
	return err
}

// local are the variables that bind git to one repository ("git rev-parse
// --local-env-vars"), except those that carry configuration.
var local = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY",
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_NAMESPACE", "GIT_SHALLOW_FILE",
	"GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX",
}

func (u User) environ() []string {
	env := []string{"GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE=" + nowhere, "LANGUAGE=en"}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains(set, name) || u.Detached && slices.Contains(local, name) {
			continue
		}
		env = append(env, variable)
	}
	return env
}

// set are the variables that every git gets, whatever the user has in them. By
// LANGUAGE git speaks the language of this program, so that some of what it says can
// be told apart.
var set = []string{"GIT_NO_REPLACE_OBJECTS", "GIT_GRAFT_FILE", "LANGUAGE"}

// Failed says whether err is that a git which was run has failed, and how.
func Failed(err error) (*Error, bool) {
	var failed *Error
	ok := errors.As(err, &failed)
	return failed, ok
}
