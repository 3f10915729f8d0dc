// Package gitcli is the only place that starts git.
//
// A git that is started here does what its arguments say and nothing else: its
// environment is built from nothing, it reads no system or user configuration,
// runs no hooks, fetches nothing, asks nothing, and believes neither replace
// refs nor grafts nor commit-graph files. There is no shell in between.
package gitcli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"
)

// ErrNotInstalled says that there is no git on PATH.
var ErrNotInstalled = errors.New("git is not installed, or not on PATH")

// MaxOutput is the largest output in bytes that Output returns.
const MaxOutput = 256 << 20

// patience is how long after its end, or after a cancellation, a git may keep
// its output open through a process that it has left behind.
const patience = 2 * time.Second

// A Repository is what git works on. The zero value is none, for commands that
// need none: git does not look for one in the working directory either.
type Repository struct {
	// GitDir is the repository. Git looks for no other.
	GitDir string
	// CommonDir is GIT_COMMON_DIR; git finds out by itself if it is empty.
	CommonDir string
	// Dir is the working directory of git. If it is empty it is GitDir.
	Dir string

	// ObjectDir, AlternateObjectDirs and QuarantinePath are set by git for
	// hooks that see objects before they are accepted, as
	// GIT_OBJECT_DIRECTORY, GIT_ALTERNATE_OBJECT_DIRECTORIES and
	// GIT_QUARANTINE_PATH. Empty ones are not passed on.
	ObjectDir           string
	AlternateObjectDirs string
	QuarantinePath      string
}

// Installed returns the path of git, or ErrNotInstalled. A git that PATH would
// find in the current directory is none.
func Installed() (string, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return "", ErrNotInstalled
	}
	return path, nil
}

// A Command is a git that has been prepared and whose standard error is kept.
type Command struct {
	*exec.Cmd
	args   []string
	stderr bounded
}

// Command prepares "git args…" without starting it. When ctx ends, git is
// killed, and Wait returns soon after even if git has left a process behind.
//
// An argument that comes from outside, such as the name of a revision, must
// follow an argument "--end-of-options" or "--".
func (r Repository) Command(ctx context.Context, args ...string) (*Command, error) {
	path, err := Installed()
	if err != nil {
		return nil, err
	}
	c := &Command{
		Cmd:    exec.CommandContext(ctx, path, append(settings(), args...)...),
		args:   args,
		stderr: bounded{limit: maxStderr, forget: true},
	}
	c.Env = r.environ()
	c.Dir = r.Dir
	if c.Dir == "" {
		c.Dir = r.GitDir
	}
	c.Stderr = &c.stderr
	c.WaitDelay = patience
	return c, nil
}

// Failure describes err, with which git has failed, and what git has said about
// it. Git must have been waited for.
func (c *Command) Failure(err error) *Error { return newError(c.args, err, c.stderr.data) }

// Output runs "git args…" and returns what it wrote. The error is ctx.Err(),
// ErrNotInstalled, or an *Error.
func (r Repository) Output(ctx context.Context, args ...string) ([]byte, error) {
	return r.output(ctx, MaxOutput, args)
}

// Feed is Output for a git that reads its standard input. With an *Error it returns
// what git had written before it failed.
func (r Repository) Feed(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	return r.run(ctx, MaxOutput, stdin, args)
}

func (r Repository) output(ctx context.Context, limit int, args []string) ([]byte, error) {
	out, err := r.run(ctx, limit, "", args)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (r Repository) run(ctx context.Context, limit int, stdin string, args []string) ([]byte, error) {
	c, err := r.Command(ctx, args...)
	if err != nil {
		return nil, err
	}
	if stdin != "" {
		c.Stdin = strings.NewReader(stdin)
	}
	stdout := bounded{limit: limit}
	c.Stdout = &stdout
	err = c.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if stdout.full {
		err = stdout.tooMuch() // rather than that git died of it
	}
	if err != nil {
		return stdout.data, c.Failure(err)
	}
	return stdout.data, nil
}

// environ is the whole environment of git. What git needs of the system is
// taken over; nothing that could make it run, fetch or read something else is.
func (r Repository) environ() []string {
	env := []string{
		"LC_ALL=C",
		"HOME=" + nowhere,
		"XDG_CONFIG_HOME=" + nowhere,
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_SYSTEM=" + os.DevNull,
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_GRAFT_FILE=" + nowhere, // of one that it can open, git says that it is deprecated
		"GIT_NO_LAZY_FETCH=1",
		"GIT_ALLOW_PROTOCOL=none",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_PAGER=cat",
	}
	for _, name := range []string{"PATH", "TMPDIR", "SystemRoot", "TEMP", "TMP"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	for _, v := range []struct{ name, value string }{
		{"GIT_DIR", cmp.Or(r.GitDir, nowhere)},
		{"GIT_COMMON_DIR", r.CommonDir},
		{"GIT_OBJECT_DIRECTORY", r.ObjectDir},
		{"GIT_ALTERNATE_OBJECT_DIRECTORIES", r.AlternateObjectDirs},
		{"GIT_QUARANTINE_PATH", r.QuarantinePath},
	} {
		if v.value != "" {
			env = append(env, v.name+"="+v.value)
		}
	}
	return env
}

// nowhere is a directory that does not exist and that nobody can create.
const nowhere = os.DevNull + "/home"

// settings override what the repository's own configuration could say.
func settings() []string {
	var args []string
	for _, s := range []string{
		"core.hooksPath=" + os.DevNull,
		"core.fsmonitor=false",
		"core.commitGraph=false",
		"core.useReplaceRefs=false",
		"core.attributesFile=" + os.DevNull,
		"core.warnAmbiguousRefs=true",
		"protocol.allow=never",
		"gc.auto=0",
		"maintenance.auto=false",
		"safe.directory=*",
	} {
		args = append(args, "-c", s)
	}
	return args
}
