package action_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A project is a repository on a forge whose rule is vouched: alice may do all, bob
// all but change the list, and hello-maintainer change pkgs/hello/ only. Alice's key
// is on the branch keyring.
type project struct {
	*gittest.Repo
	t     testing.TB
	alice *gittest.Key
	bob   *gittest.Key
	hello *gittest.Key
	intro string
	main  string
}

func newProject(t testing.TB) *project { return newProjectWith(t, "vouched", 1) }

func newProjectWith(t testing.TB, merges string, threshold int) *project {
	t.Helper()
	p := &project{
		Repo: gittest.New(t), t: t,
		alice: gittest.PGP(t, "ed25519", "alice"), bob: gittest.SSH(t, "ed25519", "bob"), hello: gittest.SSH(t, "ed25519", "hello-maintainer"),
	}
	p.Keyring(p.alice)
	p.Write(".nix-authorizations", p.list(merges, threshold, ""))
	p.Write("pkgs/hello/default.nix", "1\n")
	p.Write("pkgs/other/default.nix", "1\n")
	p.Write(".github/workflows/verify.yml", "on: pull_request\n")
	p.Git("add", "--all")
	p.intro = p.CommitIndexAs(p.alice, "Start")
	p.main = p.CommitAs(p.bob, "README", "read me\n")
	return p
}

// list is the authorizations file, with more entries.
func (p *project) list(merges string, threshold int, more string) string {
	return fmt.Sprintf(`version: 1
merges: %s
threshold: %d
keys:
  - name: alice
    openpgp: %s
  - name: bob
    ssh: %s
    may: [commit, merge]
  - name: carol
    openpgp: %s
  - name: hello-maintainer
    ssh: %s
    paths: [pkgs/hello/]
%s`, merges, threshold, p.alice.Fingerprint, p.bob.Public, strings.Repeat("C", 40), p.hello.Public, more)
}

// branch begins a branch at main.
func (p *project) branch(name string) {
	p.t.Helper()
	p.Git("switch", "--quiet", "--create", name, "main")
}

// checkout is what actions/checkout leaves without further settings: one commit
// without its history, and nothing else.
func (p *project) checkout(commit string) string {
	p.t.Helper()
	c := gittest.New(p.t)
	c.Git("remote", "add", "origin", "file://"+p.Dir)
	c.Git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", "+"+commit+":refs/remotes/pull/7/merge")
	c.Git("checkout", "--quiet", "--detach", "refs/remotes/pull/7/merge")
	return c.Dir
}

func (p *project) job(event string, payload any, checkout string) *job {
	return &job{
		t: p.t, workspace: checkout, event: event, payload: payload,
		inputs: map[string]string{"introduction": p.intro, "signer": p.alice.Fingerprint},
	}
}

// pull is the event of a pull request of a head into main.
func (p *project) pull(base, head string) *job {
	p.t.Helper()
	return p.job("pull_request", pullRequest(base, head, "feature"), p.checkout(head))
}

func pullRequest(base, head, ref string) any {
	return map[string]any{
		"number": 7, "action": "synchronize",
		"pull_request": map[string]any{
			"title": "A change", "base": map[string]any{"sha": base, "ref": "main"}, "head": map[string]any{"sha": head, "ref": ref},
		},
	}
}

// want checks the verdict wherever it is to be found.
func (r *result) want(t testing.TB, verdict string, exit int, reason string) {
	t.Helper()
	if r.exit != exit || r.outputs["verdict"] != verdict || r.report.Outcome != verdict {
		t.Fatalf("exit %d, verdict %q, report %q instead of %s\n%s\n%s", r.exit, r.outputs["verdict"], r.report.Outcome, verdict, r.log, r.raw)
	}
	if r.report.Exit != exit {
		t.Errorf("the report has exit %d", r.report.Exit)
	}
	if reason == "" {
		if r.outputs["refused-count"] != "0" || len(r.commands) > 0 {
			t.Errorf("%v %q", r.outputs, r.commands)
		}
		return
	}
	if len(r.report.Refusals) == 0 || r.report.Refusals[0].Reason != reason {
		t.Fatalf("no %s: %s", reason, r.raw)
	}
	if r.outputs["refused-commit"] != r.report.Refusals[0].Commit || r.outputs["refused-count"] != fmt.Sprint(len(r.report.Refusals)) {
		t.Errorf("%v", r.outputs)
	}
	if len(r.commands) == 0 || !strings.HasPrefix(r.commands[0], "::error title=nix-authorize%3A "+reason+"::") {
		t.Errorf("annotations: %q", r.commands)
	}
	if !strings.Contains(r.summary, strings.ReplaceAll(reason, "-", "&#45;")) {
		t.Errorf("the summary has no %s:\n%s", reason, r.summary)
	}
}

// says checks that the summary has a text, which is written there as code.
func (r *result) says(t testing.TB, text string) {
	t.Helper()
	var b strings.Builder
	for _, c := range text {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == ' ' || c > 0x7f {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "&#%d;", c)
		}
	}
	if !strings.Contains(r.summary, b.String()) {
		t.Errorf("the summary does not say %q:\n%s", text, r.summary)
	}
}

func scratchFile(t testing.TB, name string) string { return filepath.Join(t.TempDir(), name) }
