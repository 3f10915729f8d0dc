package action_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// injections would do something to a shell, a log, Markdown or a reader.
var injections = []string{
	"::set-output name=ready::true",
	"x\n::add-mask::x\n::error::forged",
	"##[set-env name=PATH;]/tmp/evil and ##[command]evil",
	"`touch EVIL` $(touch EVIL) ${{ github.token }} '; touch EVIL; \" | touch EVIL",
	"</code></pre><img src=https://evil.example/x onerror=alert(1)> [click](https://evil.example) @everyone #1 ![x](https://evil.example/y)",
	"| a | b |\n|---|---|\n# Heading\n```\n</details>",
	"\u202eevil\u202c \u200b\x1b[2J\x1b]0;evil\x07 \ufeff",
	"end_X\nverdict<<Y\nauthentic\nY",
}

// harmless checks that nothing of a hostile pull request has run or is shown raw.
func harmless(t testing.TB, j *job, r *result) {
	t.Helper()
	for _, c := range r.commands {
		if !regexp.MustCompile(`^::(error|warning) title=nix-authorize%3A [a-z-]+::`).MatchString(c) {
			t.Errorf("a runner would obey %q", c)
		}
	}
	for what, text := range map[string]string{"log": r.log, "summary": r.summary, "outputs": fmt.Sprint(r.outputs), "report": string(r.raw)} {
		for _, c := range text {
			if c != '\n' && (!unicode.IsPrint(c) || unicode.Is(unicode.Bidi_Control, c)) {
				t.Errorf("the %s has %U", what, c)
				break
			}
		}
	}
	ours := regexp.MustCompile(`</?(code|pre|details|summary)>|&#[0-9]+;`)
	rest := ours.ReplaceAllString(r.summary, "")
	if strings.ContainsAny(rest, "<>`[]@\\$") || strings.Contains(rest, "http") && !strings.Contains(rest, "https ") && strings.Contains(rest, "://") {
		t.Errorf("the summary has markup of others: %s", rest)
	}
	for _, dir := range []string{j.workspace, j.home, root, filepath.Join(root, "internal", "action")} {
		if _, err := os.Stat(filepath.Join(dir, "EVIL")); err == nil {
			t.Errorf("something was executed in %s", dir)
		}
	}
}

// rawCommit makes a commit with exactly this subject; git would tidy it.
func (p *project) rawCommit(subject string, parent string, sign bool) string {
	p.t.Helper()
	content := p.RawCommit(p.Git("rev-parse", parent+"^{tree}"), subject, parent)
	if sign {
		armor := p.bob.Sign(p.t, content)
		headers, message, _ := bytes.Cut(content, []byte("\n\n"))
		signature := bytes.ReplaceAll(bytes.TrimSuffix(armor, []byte("\n")), []byte("\n"), []byte("\n "))
		content = fmt.Appendf(nil, "%s\ngpgsig %s\n\n%s", headers, signature, message)
	}
	return p.Hash("commit", content)
}

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	for _, signed := range []bool{true, false} {
		p := newProject(t)
		head := p.main
		for _, text := range injections {
			head = p.rawCommit(text, head, false)
		}
		blob := p.Hash("blob", []byte("x\n"))
		tree := p.Git("rev-parse", "main^{tree}")
		p.Git("read-tree", tree)
		for i, text := range injections {
			p.GitInput([]byte(fmt.Sprintf("100644 blob %s\t%d %s\x00", blob, i, strings.ReplaceAll(text, "/", "_"))), "update-index", "--add", "-z", "--index-info")
		}
		withPaths := p.RawCommit(p.Git("write-tree"), injections[0], head)
		head = p.Hash("commit", withPaths)
		if signed {
			head = p.rawCommit(injections[1], head, true)
		}
		p.Git("update-ref", "refs/pull/7/head", head)
		ref := "`touch EVIL`\n::error::x$(touch EVIL)"
		j := p.job("pull_request", pullRequest(p.main, head, ref), p.checkout("refs/pull/7/head"))
		j.inputs["sarif"] = "true"
		r := j.run()
		harmless(t, j, r)
		if signed {
			r.want(t, "authentic", 0, "")
		} else {
			r.want(t, "refused", 1, "not-vouched")
			checkSARIF(t, read(t, r.outputs["sarif-file"]), "not-vouched")
		}
	}
}

// A pull request that edits the workflow, the list, a keyring of its own, and git's
// own files has no say in how it is judged.
func TestPullRequestEditsItsJudges(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.branch("feature")
	for name, content := range map[string]string{
		".nix-authorizations":          strings.ReplaceAll(p.list("vouched", 1, ""), p.alice.Fingerprint, strings.Repeat("E", 40)),
		".github/workflows/verify.yml": "on: push\njobs: {evil: {runs-on: x, steps: [{run: touch EVIL}]}}\n",
		"action.yml":                   "runs: {using: composite, steps: [{shell: bash, run: touch EVIL}]}\n",
		"go.mod":                       "module evil\n",
		"keyring/evil.pub":             p.hello.Public + "\n",
		".gitattributes":               "* merge=evil filter=evil\n",
		".gitconfig":                   "[core]\n\tfsmonitor = touch EVIL\n",
		"nix-authorize":                "#!/bin/sh\ntouch EVIL\n",
	} {
		p.Write(name, content)
	}
	p.Git("add", "--all")
	head := p.CommitIndexAs(p.hello, "Harmless")
	j := p.pull(p.main, head)
	j.env = append(j.env, "GIT_CONFIG_GLOBAL="+filepath.Join(j.workspace, "nowhere"))
	r := j.run()
	r.want(t, "refused", 1, "unauthorized")
	harmless(t, j, r)
	if len(r.report.Check.Change.Rights) == 0 {
		t.Error("the change of rights is not shown")
	}
}

// Somebody changes the branch of the keyring: keys that nobody lists let nobody in.
func TestHostileKeyringBranch(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.Git("update-ref", "refs/heads/keyring", p.CommitFiles(map[string]string{
		p.alice.File(): p.alice.Public, "evil.pub": p.hello.Public, "bad.key": "\x00\x01", "x.asc": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n",
	}))
	p.branch("feature")
	head := p.CommitAs(p.hello, "README", "evil\n")
	j := p.pull(p.main, head)
	r := j.run()
	r.want(t, "refused", 1, "not-vouched")
	harmless(t, j, r)
}

// A head that descends from nothing known.
func TestUnrelatedHead(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	head := p.Hash("commit", p.RawCommit(p.Git("rev-parse", "main^{tree}"), "Other"))
	p.Git("update-ref", "refs/pull/7/head", head)
	j := p.job("pull_request", pullRequest(p.main, head, "x"), p.checkout("refs/pull/7/head"))
	r := j.run()
	r.want(t, "refused", 1, "not-mechanical")
	harmless(t, j, r)
}

// Large pull requests are judged, and what is shown of them stays within GitHub's
// limits.
func TestLargePullRequest(t *testing.T) {
	t.Parallel()
	const commits, paths = 5000, 3000
	for _, rule := range []string{"vouched", "strict"} {
		p := newProjectWith(t, rule, 1)
		p.GitInput(manyCommits(p.main, commits, paths), "fast-import", "--quiet")
		head := p.Git("rev-parse", "refs/heads/large")
		j := p.pull(p.main, head)
		j.inputs["sarif"] = "true"
		r := j.run()
		r.want(t, "refused", 1, map[string]string{"vouched": "not-vouched", "strict": "unsigned"}[rule])
		harmless(t, j, r)
		if c := r.report.Check; c.NewCommits != commits || c.ChangedPaths != paths {
			t.Errorf("%d commits, %d paths", c.NewCommits, c.ChangedPaths)
		}
		if len(r.summary) > 1<<20 || len(r.commands) > 20 {
			t.Errorf("summary of %d bytes, %d annotations", len(r.summary), len(r.commands))
		}
	}
}

// manyCommits is a branch of unsigned commits for git fast-import.
func manyCommits(from string, commits, paths int) []byte {
	var b bytes.Buffer
	b.WriteString("blob\nmark :1\ndata 2\nx\n\n")
	for i := range commits {
		fmt.Fprintf(&b, "commit refs/heads/large\ncommitter A <a@e> %d +0000\ndata 5\nmany\n\n", 1_700_000_000+i)
		if i == 0 {
			fmt.Fprintf(&b, "from %s\n", from)
		}
		for j := 0; i == 0 && j < paths; j++ {
			fmt.Fprintf(&b, "M 100644 :1 many/%d/file\n", j)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
