package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts are the specification of the command line that can be executed: what
// a user types, what comes back on which stream, and the exit code.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		Setup:               setUpScript,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// setUpScript gives a script a user of its own, and the recorded repositories.
func setUpScript(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	dir, err := filepath.Abs(recordings)
	if err != nil {
		return err
	}
	introduction, err := os.ReadFile(filepath.Join(dir, "demo.introduction"))
	if err != nil {
		return err
	}
	fields := strings.Fields(string(introduction))
	env.Setenv("HOME", home)
	env.Setenv("RECORDINGS", dir)
	env.Setenv("COMMIT", fields[0]) // the introduction of demo.bundle
	env.Setenv("SIGNER", fields[1])
	env.Vars = append(env.Vars,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_AUTHOR_DATE=1600000000 +0000",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org", "GIT_COMMITTER_DATE=1600000000 +0000",
	)
	return os.Mkdir(home, 0o700)
}

// exits CODE PROGRAM ARG... runs a program that must end with this exit code.
func exits(script *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		script.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	code := 0
	err := script.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		script.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		script.Fatalf("exit code %d instead of %s", code, args[0])
	}
}
