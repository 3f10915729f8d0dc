package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A maintainer is a user whose git signs with a key.
type maintainer struct {
	user
	*gittest.Repo
	key *gittest.Key
}

// newMaintainer is somebody who works in a repository and signs with a key, or, if
// that is nil, has no key.
func newMaintainer(t testing.TB, r *gittest.Repo, k *gittest.Key) maintainer {
	t.Helper()
	m := maintainer{newUser(t, r.Dir), r, k}
	m.program = asProcess
	settings := []string{"user.name=Ada", "user.email=ada@example.org"}
	m.env["GIT_CONFIG_GLOBAL"], m.env["GIT_CONFIG_NOSYSTEM"] = os.DevNull, "1"
	m.env["GNUPGHOME"] = t.TempDir()
	if k != nil {
		settings = append(append(settings, k.Config()...), "user.name="+k.Holder)
		for _, variable := range k.Environ() {
			name, value, _ := strings.Cut(variable, "=")
			m.env[name] = value
		}
	}
	m.configure(settings...)
	return m
}

// configure gives the maintainer's git settings, as NAME=VALUE, beside those of the
// repository.
func (m maintainer) configure(settings ...string) {
	for i, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		m.env[fmt.Sprintf("GIT_CONFIG_KEY_%d", i)], m.env[fmt.Sprintf("GIT_CONFIG_VALUE_%d", i)] = name, value
	}
	m.env["GIT_CONFIG_COUNT"] = fmt.Sprint(len(settings))
}

// does runs a command that must work.
func (m maintainer) does(args ...string) result {
	m.t.Helper()
	r := m.run(args...)
	if r.exit != 0 {
		m.t.Fatalf("nix-authorize %s: exit code %d\n%s%s", strings.Join(args, " "), r.exit, r.stdout, r.stderr)
	}
	return r
}

// refused runs a command that must end with an exit code and say something. It is the
// program as people get it, which starts faster.
func (m maintainer) refused(exit int, says string, args ...string) result {
	m.t.Helper()
	m.program = asReleased
	r := m.run(args...)
	if r.exit != exit || !strings.Contains(r.stdout+r.stderr, says) {
		m.t.Errorf("nix-authorize %s: exit code %d instead of %d, or no word of %q:\n%s%s", strings.Join(args, " "), r.exit, exit, says, r.stdout, r.stderr)
	}
	if exit == 2 && !strings.Contains(r.stderr, "hint: ") {
		m.t.Errorf("nix-authorize %s: no hint:\n%s", strings.Join(args, " "), r.stderr)
	}
	return r
}

// authentic requires that the history of a revision is authentic.
func (m maintainer) authentic(args ...string) answer {
	m.t.Helper()
	a := m.json(append([]string{"verify", "--no-cache"}, args...)...)
	want(m.t, a, "authentic", "")
	return a
}

// A maintenanceAnswer is what the commands of maintainers add to an answer.
type maintenanceAnswer struct {
	Init struct {
		File, Parent, Message, Clone, Trust string
	}
	Change struct {
		Rights []struct {
			Change, Fingerprint string
			Old, New            struct{ Name, May string }
		}
		Merges    struct{ Old, New string }
		Threshold struct{ Old, New int }
	}
	Findings []struct {
		Severity, Code, File, Text, Hint string
		Line                             int
	}
	Seal struct {
		Base, Head string
		Commits    int
		PathCount  int  `json:"path_count"`
		Vouched    bool `json:"vouched_already"`
		Vouchers   []struct {
			Commit string
			Signer signedBy
		}
		Seal string
	}
	Approvals struct {
		Old, New        string
		Needed, Missing int
		Approved        []struct {
			Name, File, Commit string
			Counts             bool
		}
		Could   []struct{ Name string }
		Ignored []struct{ File, Detail string }
		Written string
	}
	Next            []string
	OwnKey          string `json:"own_key"`
	ApprovalsNeeded int    `json:"approvals_needed"`
	Rule            struct {
		Merges    string
		Threshold int
	}
}

// says requires texts in an output.
func says(t testing.TB, output string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(output, text) {
			t.Errorf("no word of %q in:\n%s", text, output)
		}
	}
}

// picture is all that a command could change in a repository.
func (m maintainer) picture() string {
	m.t.Helper()
	var files strings.Builder
	for name := range strings.SplitSeq(m.Git("ls-files", "--others", "--cached", "-z"), "\x00") {
		content, _ := os.ReadFile(m.Dir + "/" + name)
		fmt.Fprintf(&files, "%s: %q\n", name, content)
	}
	config, _ := os.ReadFile(m.Dir + "/.git/config")
	return m.Git("for-each-ref") + "\n" + m.Git("ls-files", "--stage") + "\n" + files.String() + string(config)
}

// keeps requires that a command changes nothing.
func (m maintainer) keeps(do func()) {
	m.t.Helper()
	before := m.picture()
	do()
	if after := m.picture(); after != before {
		m.t.Errorf("changed:\n%s\nbecame\n%s", before, after)
	}
}
