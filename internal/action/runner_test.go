// Package action_test runs action.yml as a runner of GitHub does.
package action_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// shared is a directory for what all tests need: the program, built once.
var shared string

func TestMain(m *testing.M) {
	os.Exit(gittest.Run(func() int {
		dir, err := os.MkdirTemp("", "nix-authorize-action")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		shared = dir
		return m.Run()
	}))
}

// root is the root of this repository, where the action is.
var root, _ = filepath.Abs("../..")

// An action is what action.yml says.
type action struct {
	Inputs map[string]struct {
		Required bool
		Default  string
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []step
	}
}

type step struct {
	Name, ID, Shell, Run string
	Env                  map[string]string
}

func readAction(t testing.TB) *action {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	a := new(action)
	if err := yaml.Unmarshal(content, a); err != nil {
		t.Fatal(err)
	}
	if a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		t.Fatalf("%+v", a.Runs)
	}
	return a
}

// A job is a run of the action in a checkout.
type job struct {
	t         testing.TB
	workspace string
	event     string // name
	payload   any
	inputs    map[string]string
	env       []string
	home      string
}

// A result is what a run leaves behind.
type result struct {
	exit     int
	log      string // standard output and standard error
	summary  string
	outputs  map[string]string // of the action
	report   document
	raw      []byte // the report
	commands []string
}

// document is the part of the report that the tests look at.
type document struct {
	Outcome  string
	Exit     int
	Refusals []struct{ Commit, Reason, Subject string }
	Check    struct {
		Kind, Base, Head, Rule, Relation, Needs string
		Ready                                   bool
		NewCommits                              int `json:"new_commits"`
		ChangedPaths                            int `json:"changed_paths"`
		Commits                                 []struct{ Commit, Subject string }
		Vouchers                                []struct{ Commit string }
		Uncovered                               []struct {
			Count int
			Paths []string
		}
		Change struct {
			Rights []struct{ Change string }
		} `json:"authorizations_change"`
		Fetched []string
	}
	Error struct{ Class, Reason, Message string }
}

// build runs the steps of the action before the one that checks, once.
var build = sync.OnceValue(func() error {
	content, err := os.ReadFile(filepath.Join(root, "action.yml"))
	if err != nil {
		return err
	}
	a := new(action)
	if err := yaml.Unmarshal(content, a); err != nil {
		return err
	}
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", a.Runs.Steps[0].Run)
	cmd.Env = append(os.Environ(), "RUNNER_TEMP="+shared, "GITHUB_ACTION_PATH="+root, "VERSION=", "SHA256=")
	cmd.Dir = shared
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

// run runs the action as a runner does: inputs reach the steps through their env
// alone, each step is a script of its own, and files take what the steps set.
func (j *job) run() *result {
	j.t.Helper()
	if err := build(); err != nil {
		j.t.Fatal("the first step: ", err)
	}
	a := readAction(j.t)
	temp := j.t.TempDir()
	if err := os.Symlink(filepath.Join(shared, "nix-authorize-bin"), filepath.Join(temp, "nix-authorize-bin")); err != nil {
		j.t.Fatal(err)
	}
	last := a.Runs.Steps[len(a.Runs.Steps)-1]
	r := &result{outputs: make(map[string]string)}
	summary, output := filepath.Join(temp, "summary"), filepath.Join(temp, "output")
	for _, name := range []string{summary, output} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			j.t.Fatal(err)
		}
	}
	script := filepath.Join(temp, "script.sh")
	if err := os.WriteFile(script, []byte(last.Run), 0o600); err != nil {
		j.t.Fatal(err)
	}
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", script)
	cmd.Dir = j.workspace
	cmd.Env = append(j.environ(temp), "GITHUB_STEP_SUMMARY="+summary, "GITHUB_OUTPUT="+output)
	for name, value := range last.Env {
		cmd.Env = append(cmd.Env, name+"="+j.expand(a, value))
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Run(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			j.t.Fatal(err)
		}
		r.exit = exit.ExitCode()
	}
	r.log = log.String()
	r.summary = read(j.t, summary)
	steps := parseOutputs(j.t, read(j.t, output))
	for name, o := range a.Outputs {
		inner := regexp.MustCompile(`^\$\{\{ steps\.check\.outputs\.([a-z-]+) \}\}$`).FindStringSubmatch(o.Value)
		if inner == nil {
			j.t.Fatalf("output %s: %s", name, o.Value)
		}
		r.outputs[name] = steps[inner[1]]
	}
	if path := r.outputs["report"]; path != "" {
		r.raw = []byte(read(j.t, path))
		if err := json.Unmarshal(r.raw, &r.report); err != nil {
			j.t.Fatal(err)
		}
	}
	r.commands = obeyed(r.log)
	return r
}

var expression = regexp.MustCompile(`\$\{\{ *inputs\.([a-z0-9-]+) *\}\}`)

// expand puts inputs into a value of env. Nothing else may stand there.
func (j *job) expand(a *action, value string) string {
	j.t.Helper()
	return expression.ReplaceAllStringFunc(value, func(s string) string {
		name := expression.FindStringSubmatch(s)[1]
		input, ok := a.Inputs[name]
		if !ok {
			j.t.Fatalf("there is no input %s", name)
		}
		if given, ok := j.inputs[name]; ok {
			return given
		}
		if input.Required {
			j.t.Fatalf("input %s is required", name)
		}
		return input.Default
	})
}

func (j *job) environ(temp string) []string {
	j.t.Helper()
	if j.home == "" {
		j.home = j.t.TempDir()
	}
	payload, err := json.Marshal(j.payload)
	if err != nil {
		j.t.Fatal(err)
	}
	event := filepath.Join(temp, "event.json")
	if err := os.WriteFile(event, payload, 0o600); err != nil {
		j.t.Fatal(err)
	}
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + j.home, "RUNNER_TEMP=" + temp, "RUNNER_OS=Linux",
		"GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH=" + root, "GITHUB_WORKSPACE=" + j.workspace,
		"GITHUB_EVENT_NAME=" + j.event, "GITHUB_EVENT_PATH=" + event, "GIT_CONFIG_NOSYSTEM=1",
	}, j.env...)
}

// parseOutputs reads a file of outputs as the runner does.
func parseOutputs(t testing.TB, text string) map[string]string {
	t.Helper()
	values := make(map[string]string)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines) && text != ""; i++ {
		name, end, ok := strings.Cut(lines[i], "<<")
		if !ok {
			t.Fatalf("an output without its end: %q", text)
		}
		var value []string
		for i++; i < len(lines) && lines[i] != end; i++ {
			value = append(value, lines[i])
		}
		if i == len(lines) {
			t.Fatalf("output %s does not end: %q", name, text)
		}
		values[name] = strings.Join(value, "\n")
	}
	return values
}

// obeyed are the workflow commands that a runner would find in a log: "::" at the
// beginning of a line, white space aside, and "##[" anywhere, unless commands have
// been stopped.
func obeyed(log string) []string {
	var commands []string
	stopped := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		switch {
		case stopped != "" && line == "::"+stopped+"::":
			stopped = ""
		case stopped != "":
		case strings.HasPrefix(line, "::stop-commands::"):
			stopped = strings.TrimPrefix(line, "::stop-commands::")
		case strings.HasPrefix(line, "::") || strings.Contains(line, "##["):
			commands = append(commands, line)
		}
	}
	return commands
}

func read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
