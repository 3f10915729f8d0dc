package action_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// Nothing is interpolated into a script: an input reaches it as a variable.
func TestNoInterpolationInScripts(t *testing.T) {
	for _, s := range readAction(t).Runs.Steps {
		if strings.Contains(s.Run, "${{") || s.Shell != "bash" || !strings.HasPrefix(s.Run, "set -euo pipefail\n") {
			t.Errorf("step %s", s.Name)
		}
		for name, value := range s.Env {
			if strings.Contains(expression.ReplaceAllString(value, ""), "${{") {
				t.Errorf("%s: %s", name, value)
			}
		}
	}
	for _, path := range workflows(t) {
		var w struct {
			Jobs map[string]struct{ Steps []step }
		}
		if err := yaml.Unmarshal([]byte(read(t, path)), &w); err != nil {
			t.Fatal(err)
		}
		for _, job := range w.Jobs {
			for _, s := range job.Steps {
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s, step %s", path, s.Name)
				}
			}
		}
	}
}

// workflows are those of this repository and those that documentation has for users.
func workflows(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, pattern := range []string{".github/workflows/*.yml", "docs/workflows/*.yml"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		paths = append(paths, found...)
	}
	return paths
}

var pinned = regexp.MustCompile(`uses: (\./\S*|[\w.-]+/[\w./-]+@(?:[0-9a-f]{40}|COMMIT) +# \S.*)$`)

// Every action is pinned by hash, with the version beside it, and every job has
// least permissions.
func TestWorkflowsArePinned(t *testing.T) {
	for _, path := range workflows(t) {
		text := read(t, path)
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if strings.Contains(line, "uses:") && !strings.HasPrefix(line, "#") && !pinned.MatchString(line) {
				t.Errorf("%s: %s", path, line)
			}
		}
		if !strings.Contains(text, "\npermissions:\n  contents: read\n") || strings.Contains(text, "pull_request_target") ||
			!strings.Contains(text, "persist-credentials: false") {
			t.Errorf("%s: permissions, events or credentials", path)
		}
	}
}

func TestActionlint(t *testing.T) {
	args := append([]string{"tool", "actionlint", "-no-color"}, workflows(t)...)
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestShellcheck(t *testing.T) {
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("SHELLCHECK IS NOT INSTALLED: no script was checked")
	}
	out, err := exec.Command("git", "-C", root, "ls-files", "*.sh", ".ci/run").Output()
	if err != nil {
		t.Fatal(err)
	}
	scripts := strings.Fields(string(out))
	if len(scripts) < 5 {
		t.Errorf("only %q are scripts", scripts)
	}
	for _, name := range scripts {
		if out, err := exec.Command(program, filepath.Join(root, name)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	for _, s := range readAction(t).Runs.Steps {
		path := scratchFile(t, "step.sh")
		if err := os.WriteFile(path, []byte("#!/bin/bash\n"+s.Run), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(program, "--enable=all", "--exclude=SC2154,SC2250,SC2312", path).CombinedOutput(); err != nil {
			t.Errorf("step %s: %v\n%s", s.Name, err, out)
		}
	}
}
