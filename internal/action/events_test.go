package action_test

import (
	"strings"
	"testing"
)

const nobody = "0000000000000000000000000000000000000000"

// A package maintainer's signed head makes a pull request mergeable, and it is said.
func TestPullRequestReady(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.branch("feature")
	head := p.CommitAs(p.hello, "pkgs/hello/default.nix", "2\n")
	r := p.pull(p.main, head).run()
	r.want(t, "authentic", 0, "")
	r.says(t, "vouched for by hello-maintainer for pkgs/hello/")
	if !strings.Contains(r.summary, "nix-authorize: ready") || r.outputs["ready"] != "true" || r.outputs["needs"] != "merge" || r.outputs["vouched-by"] != "hello-maintainer for pkgs/hello/" {
		t.Errorf("%v\n%s", r.outputs, r.summary)
	}
	if did := strings.Join(r.report.Check.Fetched, "; "); !strings.Contains(did, "shallow") || !strings.Contains(did, "keyring") {
		t.Errorf("it fetched: %s", did)
	}
	for _, text := range []string{"squash and rebase", "fetched the keyring, branch keyring"} {
		r.says(t, text)
	}
}

func TestPullRequestNotVouched(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.branch("feature")
	p.Write("pkgs/other/default.nix", "2\n")
	p.Git("add", "--all")
	head := p.CommitAs(p.hello, "pkgs/hello/default.nix", "2\n")
	j := p.pull(p.main, head)
	j.inputs["sarif"] = "true"
	r := j.run()
	r.want(t, "refused", 1, "not-vouched")
	r.says(t, "pkgs/other/default.nix")
	r.says(t, "alice, bob or carol")
	if u := r.report.Check.Uncovered; len(u) != 1 || u[0].Paths[0] != "pkgs/other/default.nix" {
		t.Errorf("%+v", u)
	}
	checkSARIF(t, read(t, r.outputs["sarif-file"]), "not-vouched")

	j.inputs["mode"] = "report"
	r = j.run()
	if r.exit != 0 || r.outputs["verdict"] != "refused" || r.report.Exit != 0 || r.outputs["refused-commit"] != head {
		t.Errorf("exit %d, %v", r.exit, r.outputs)
	}
}

// The commits of a fork are nowhere but below refs/pull.
func TestPullRequestFromFork(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.branch("feature")
	head := p.CommitAs(p.bob, "pkgs/other/default.nix", "2\n")
	p.Git("update-ref", "refs/pull/7/head", head)
	p.Git("switch", "--quiet", "main")
	p.Git("branch", "--quiet", "-D", "feature")
	merge := p.Hash("commit", p.RawCommit(p.Git("rev-parse", head+"^{tree}"), "Merge", p.main, head))
	p.Git("update-ref", "refs/pull/7/merge", merge)
	p.Git("config", "uploadpack.allowAnySHA1InWant", "false")
	r := p.job("pull_request", pullRequest(p.main, head, "main"), p.checkout("refs/pull/7/merge")).run()
	r.want(t, "authentic", 0, "")
	r.says(t, "vouched for by bob")
}

// The commit that a merge queue has made is verified itself.
func TestMergeGroup(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.branch("feature")
	head := p.CommitAs(p.hello, "pkgs/hello/default.nix", "2\n")
	p.Git("switch", "--quiet", "--create", "queue", "main")
	p.Git("merge", "--quiet", "--no-ff", "--message", "Merge pull request 7", head)
	good := p.Git("rev-parse", "HEAD")
	p.Write("pkgs/other/default.nix", "evil\n")
	p.Git("add", "--all")
	p.Git("commit", "--quiet", "--amend", "--no-edit")
	bad := p.Git("rev-parse", "HEAD")
	for _, c := range []struct{ commit, verdict, reason string }{{good, "authentic", ""}, {bad, "refused", "not-mechanical"}} {
		event := map[string]any{"merge_group": map[string]any{"head_sha": c.commit, "base_sha": p.main, "base_ref": "refs/heads/main"}}
		r := p.job("merge_group", event, p.checkout(p.main)).run()
		r.want(t, c.verdict, map[string]int{"authentic": 0, "refused": 1}[c.verdict], c.reason)
		if r.report.Check.Kind != "commit" || r.report.Check.Head != c.commit {
			t.Errorf("%+v", r.report.Check)
		}
	}
}

func TestPush(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	good := p.CommitAs(p.bob, "README", "more\n")
	bad := p.Commit("README", "unsigned\n")
	push := func(before, after string) any {
		return map[string]any{"before": before, "after": after, "ref": "refs/heads/main"}
	}
	for _, c := range []struct {
		name          string
		before, after string
		verdict       string
		exit          int
		reason        string
	}{
		{"good", p.main, good, "authentic", 0, ""},
		{"first push of a branch", nobody, good, "authentic", 0, ""},
		{"unsigned", good, bad, "refused", 1, "unsigned"},
		{"a branch is deleted", good, nobody, "authentic", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := p.job("push", push(c.before, c.after), p.checkout(p.main))
			j.t = t
			r := j.run()
			r.want(t, c.verdict, c.exit, c.reason)
			if c.after == nobody && r.report.Check.Kind != "nothing" {
				t.Errorf("%+v", r.report.Check)
			}
		})
	}
}

// What cannot be judged fails and says so, in report mode too.
func TestRefusedEventsAndInputs(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.branch("feature")
	head := p.CommitAs(p.hello, "pkgs/hello/default.nix", "2\n")
	checkout := p.checkout(head)
	for _, c := range []struct {
		name, event string
		payload     any
		inputs      map[string]string
		says        string
	}{
		{"pull_request_target", "pull_request_target", pullRequest(p.main, head, "x"), nil, "pull_request_target is refused"},
		{"issues", "issues", map[string]any{}, nil, "nothing to judge"},
		{"no event", "", nil, nil, "GITHUB_EVENT_NAME is not set"},
		{"ids that are none", "pull_request", pullRequest("main", "$(touch evil)", "x"), nil, "by their ids"},
		{"push of no id", "push", map[string]any{"after": "--upload-pack=evil"}, nil, "by its id"},
		{"no signer", "pull_request", pullRequest(p.main, head, "x"), map[string]string{"signer": ""}, "has no signer"},
		{"a short introduction", "pull_request", pullRequest(p.main, head, "x"), map[string]string{"introduction": p.intro[:12]}, "12 characters"},
		{"an option for an input", "pull_request", pullRequest(p.main, head, "x"), map[string]string{"signer": "--help"}, "signer"},
		{"no such mode", "pull_request", pullRequest(p.main, head, "x"), map[string]string{"mode": "$(touch evil)"}, "mode must be"},
		{"no such sarif", "pull_request", pullRequest(p.main, head, "x"), map[string]string{"sarif": "yes"}, "sarif must be"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := p.job(c.event, c.payload, checkout)
			j.t = t
			j.inputs["mode"] = "report"
			for name, value := range c.inputs {
				j.inputs[name] = value
			}
			if r := j.run(); r.exit != 2 || !strings.Contains(strings.Join(r.commands, "\n"), c.says) {
				t.Errorf("exit %d: %q\n%s", r.exit, r.commands, r.log)
			}
		})
	}
}

// Base and head can be said.
func TestBaseAndHeadInputs(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.branch("feature")
	head := p.CommitAs(p.hello, "pkgs/hello/default.nix", "2\n")
	j := p.job("workflow_dispatch", nil, p.checkout(head))
	j.inputs["base"], j.inputs["head"] = p.main, head
	r := j.run()
	r.want(t, "authentic", 0, "")
	if r.report.Check.Kind != "merge" || r.report.Check.Base != p.main {
		t.Errorf("%+v", r.report.Check)
	}
}

// A change of the list is shown as people and rights, with who agrees.
func TestChangeOfTheList(t *testing.T) {
	t.Parallel()
	p := newProjectWith(t, "strict", 2)
	p.branch("feature")
	head := p.CommitAs(p.alice, ".nix-authorizations", p.list("strict", 2, "  - name: dave\n    openpgp: "+strings.Repeat("D", 40)+"\n"))
	r := p.pull(p.main, head).run()
	r.want(t, "refused", 1, "threshold")
	r.says(t, "dave")
	r.says(t, "1 of 2 needed keys agree to the change of the authorizations file: alice; still missing: carol")
	if rights := r.report.Check.Change.Rights; len(rights) != 1 || rights[0].Change != "added" {
		t.Errorf("%+v", rights)
	}
}
