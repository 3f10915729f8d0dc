// Package gittest builds repositories with real git for tests: no user or
// system configuration, one identity, and a clock that starts at the same
// second in every run, so that ids do not change from run to run.
package gittest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest/process"
)

// Start is the date of the first command of a repository, in seconds since
// 1970. Each command comes a minute after the one before.
const Start = 1_600_000_000

// A Repo is a repository of a test, which goes away with the test. It is used
// by one goroutine.
type Repo struct {
	// Dir is where git runs: the work tree, or a bare repository.
	Dir string
	// Env has further variables, as NAME=VALUE, for every git.
	Env []string

	t    testing.TB
	home string // an empty directory
	now  int64
}

// New makes a repository with a work tree and the unborn branch main. The
// arguments go to git init.
func New(t testing.TB, args ...string) *Repo {
	t.Helper()
	r := At(t, filepath.Join(t.TempDir(), "repo"))
	if err := os.Mkdir(r.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	r.Git(append([]string{"init", "--quiet", "--initial-branch=main"}, args...)...)
	return r
}

// At is for a repository that is already in dir, or that git will make there.
func At(t testing.TB, dir string) *Repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("this test needs git: ", err)
	}
	return &Repo{Dir: dir, t: t, home: t.TempDir(), now: Start}
}

// Git runs git and returns what it writes, without the final newline. The test
// fails if git does.
func (r *Repo) Git(args ...string) string {
	r.t.Helper()
	return r.GitInput(nil, args...)
}

// GitInput is Git with something to read.
func (r *Repo) GitInput(stdin []byte, args ...string) string {
	r.t.Helper()
	out, err := r.TryGit(stdin, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// TryGit is GitInput for commands that may fail. The error has what git said.
func (r *Repo) TryGit(stdin []byte, args ...string) (string, error) {
	out, err := r.run(stdin, args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

func (r *Repo) run(stdin []byte, args ...string) ([]byte, error) {
	r.now += 60
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	cmd.Env = r.environ()
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.Bytes(), nil
}

func (r *Repo) environ() []string {
	date := fmt.Sprintf("%d +0000", r.now)
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"LC_ALL=C",
		process.Environ(), // for hooks that are ours
		"HOME=" + r.home,
		"XDG_CONFIG_HOME=" + r.home,
		"GNUPGHOME=" + r.home,
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada",
		"GIT_AUTHOR_EMAIL=ada@example.org",
		"GIT_COMMITTER_NAME=Ada",
		"GIT_COMMITTER_EMAIL=ada@example.org",
		"GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_DATE=" + date,
	}
	return append(env, r.Env...)
}

// Hash writes an object of the kind (blob, tree, commit, tag) with exactly this
// content, well formed or not, and returns its id.
func (r *Repo) Hash(kind string, content []byte) string {
	r.t.Helper()
	return r.GitInput(content, "hash-object", "-t", kind, "-w", "--literally", "--stdin")
}

// Object returns the raw content of an object.
func (r *Repo) Object(id string) []byte {
	r.t.Helper()
	out, err := r.run(nil, "cat-file", r.Git("cat-file", "-t", id), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// Write writes a file of the work tree, making directories as needed.
func (r *Repo) Write(name, content string) {
	r.t.Helper()
	path := filepath.Join(r.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

// Commit writes the file name, commits it, and returns the id of the commit.
func (r *Repo) Commit(name, content string) string {
	r.t.Helper()
	r.Write(name, content)
	r.Git("add", "--", name)
	r.Git("commit", "--quiet", "--allow-empty", "--message", "Change "+name)
	return r.Git("rev-parse", "HEAD")
}
