package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest/process"
)

// A user is somebody who runs the program: from where, and with which environment.
type user struct {
	t   testing.TB
	dir string
	env map[string]string
	// program runs the command line; by default that happens in this process.
	program func(u user, args []string) result
}

// newUser is a user in a directory, with a home of his own.
func newUser(t testing.TB, dir string) user {
	return user{t: t, dir: dir, env: map[string]string{"HOME": t.TempDir()}, program: inProcess}
}

// cacheDir is where the user's caches are.
func (u user) cacheDir() string { return filepath.Join(u.env["HOME"], ".cache", "nix-authorize") }

// A result is what a command line came to.
type result struct {
	exit           int
	stdout, stderr string
}

func inProcess(u user, args []string) result {
	var stdout, stderr bytes.Buffer
	getenv := func(name string) string { return u.env[name] }
	exit := run(context.Background(), args, getenv, &stdout, &stderr)
	return result{exit, stdout.String(), stderr.String()}
}

// asReleased runs the program that people get.
func asReleased(u user, args []string) result {
	path, err := released()
	if err != nil {
		u.t.Fatal(err)
	}
	return u.start(path, args)
}

// asProcess runs this binary as the program.
func asProcess(u user, args []string) result { return u.start("nix-authorize", args) }

func (u user) start(program string, args []string) result {
	u.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := u.command(program, args)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		u.t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// command prepares the program with the user's environment.
func (u user) command(program string, args []string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.Getenv("TMPDIR"), process.Environ()}
	for name, value := range u.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// run runs a command line in the user's directory.
func (u user) run(args ...string) result {
	u.t.Helper()
	return u.program(u, append([]string{"-C", u.dir}, args...))
}

// json runs a command line for a program to read: one document on standard output
// that has the exit code, in ASCII, and nothing on standard error.
func (u user) json(args ...string) answer {
	u.t.Helper()
	r := u.run(append(args, "--format", "json")...)
	var a answer
	decoder := json.NewDecoder(strings.NewReader(r.stdout))
	if err := decoder.Decode(&a); err != nil {
		u.t.Fatalf("%v\nstdout: %q\nstderr: %q", err, r.stdout, r.stderr)
	}
	if _, err := decoder.Token(); err != io.EOF {
		u.t.Errorf("something follows the document: %q", r.stdout)
	}
	checkSchema(u.t, r.stdout)
	if a.Exit != r.exit {
		u.t.Errorf("the document has exit %d and the process %d", a.Exit, r.exit)
	}
	if r.stderr != "" {
		u.t.Errorf("with JSON, standard error has %q", r.stderr)
	}
	for i := range len(r.stdout) {
		if c := r.stdout[i]; c >= 0x7f || c < ' ' && c != '\n' {
			u.t.Fatalf("JSON has the byte %#x: %q", c, r.stdout)
		}
	}
	return a
}

// An answer is the JSON document as docs/json.md promises it, read with this
// test's own names.
type answer struct {
	SchemaVersion  int `json:"schema_version"`
	Command        string
	Outcome        string
	Exit           int
	Introduction   struct{ Commit, Signer, Origin string }
	Authorizations string
	Keyring        string
	Revision, Tip  string
	Commits        *int
	Authentic      *int
	Truncated      bool
	Signers        []struct {
		Fingerprint, Name string
		Commits           int
	}
	Refusals   []refusal
	Unchecked  []struct{ Commit, Reason, Detail, Hint string }
	Commit     string
	Subject    string
	Standing   string
	Signer     *signedBy
	Steps      []struct{ Step, Result, Commit, Text string }
	Keys       []listedKey
	Authorized []struct {
		Fingerprint, Name, May string
		Paths                  []string
		InKeyring              bool `json:"in_keyring"`
	}
	Skipped    []struct{ File, Detail string }
	Branch     string
	RecordedIn string `json:"recorded_in"`
	Hooks      struct {
		Dir       string
		Hooks     []struct{ Name, Path, State, Program, Before, Broken string }
		Protected []string
	}
	Warnings []struct{ Code, Text, Hint string }
	maintenanceAnswer
	Error struct{ Class, Reason, Message, Hint string }
}

type refusal struct {
	Commit, Subject, Reason, Detail string
	Signer                          *signedBy
	ClaimedSigner                   string `json:"claimed_signer"`
	Parent                          string
	ExpectedSigner                  string `json:"expected_signer"`
	Hint                            string
}

type signedBy struct {
	Fingerprint string
	Primaries   []string
	Name        string
	Algorithm   string
}

type listedKey struct {
	Fingerprint, Kind, Algorithm string
	Primaries                    []string
	Claims                       []string `json:"claimed_user_ids"`
	File                         string
	Expires                      string
	Revoked                      bool
	Unusable                     string
	AuthorizedAs                 string `json:"authorized_as"`
}

// reason is the first reason in the document, or the outcome if there is none.
func (a answer) reason() string {
	switch {
	case len(a.Refusals) > 0:
		return a.Refusals[0].Reason
	case len(a.Unchecked) > 0:
		return a.Unchecked[0].Reason
	case a.Error.Reason != "":
		return a.Error.Reason
	}
	return a.Outcome
}

// refused is the refusal of a commit, nil if there is none.
func (a answer) refused(commit string) *refusal {
	for i := range a.Refusals {
		if a.Refusals[i].Commit == commit {
			return &a.Refusals[i]
		}
	}
	return nil
}

// judged is how many commits were judged, -1 if the document does not say it.
func (a answer) judged() int {
	if a.Commits == nil {
		return -1
	}
	return *a.Commits
}

// warned says whether there is a warning of this code.
func (a answer) warned(code string) bool {
	for _, w := range a.Warnings {
		if w.Code == code {
			return true
		}
	}
	return false
}

// inEndedContext is inProcess after an interrupt.
func inEndedContext(u user, args []string) result {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	exit := run(ctx, args, func(name string) string { return u.env[name] }, &stdout, &stderr)
	return result{exit, stdout.String(), stderr.String()}
}
