package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// A follower is a user with a checkout of a history, which somebody serves.
type follower struct {
	user
	*gittest.Repo // the checkout
	server        *history
	parent        string // where the checkout is
}

// newFollower clones a history.
func newFollower(t testing.TB, server *history) follower {
	t.Helper()
	f := follower{user: newUser(t, t.TempDir()), server: server}
	f.program = asProcess
	f.env["GIT_CONFIG_GLOBAL"], f.env["GIT_CONFIG_NOSYSTEM"] = os.DevNull, "1"
	f.parent = f.dir
	if r := f.clone("checkout"); r.exit != 0 {
		t.Fatalf("exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
	f.dir = filepath.Join(f.parent, "checkout")
	f.Repo = gittest.At(t, f.dir)
	return f
}

// clone makes another clone beside the checkout.
func (f follower) clone(dir string, args ...string) result {
	f.t.Helper()
	f.dir = f.parent
	return f.run(append(append([]string{"clone", "file://" + f.server.Dir, dir, "--branch", "main"}, f.server.flags()...), args...)...)
}

// picture is all of the checkout that a pull could move.
func (f follower) picture() string {
	f.t.Helper()
	var b strings.Builder
	for _, name := range strings.Split(f.Git("ls-files", "--cached", "--others"), "\n") {
		content, err := os.ReadFile(filepath.Join(f.dir, name))
		if err != nil {
			f.t.Error(err)
		}
		b.WriteString(name + ": " + string(content) + "\n")
	}
	if _, err := os.Stat(filepath.Join(f.dir, ".git", "FETCH_HEAD")); err == nil {
		b.WriteString("FETCH_HEAD\n")
	}
	return strings.Join([]string{f.Git("for-each-ref"), f.Git("symbolic-ref", "HEAD"), f.Git("ls-files", "--stage"), b.String()}, "\n")
}

// keeps requires that what is done does not change the checkout.
func (f follower) keeps(do func()) {
	f.t.Helper()
	before := f.picture()
	do()
	if after := f.picture(); after != before {
		f.t.Errorf("the checkout was\n%s\nand is\n%s", before, after)
	}
}

// serves is a history with some commits on its branch main, and another branch.
func serves(t testing.TB) *history {
	h := newHistory(t, nixName, alice(t), bob(t))
	for _, content := range []string{"1", "2", "3"} {
		h.CommitAs(alice(t), "file", content+"\n")
	}
	h.Git("branch", "staging", "HEAD~1")
	return h
}

// What a server can do with a branch that somebody has seen: each ends with its exit
// code, as text and as JSON, nothing moves, and a clone that has seen nothing itself
// knows better, too.
func TestServerAttacks(t *testing.T) {
	t.Parallel()
	for _, attack := range []struct {
		name   string
		do     func(h *history)
		exit   int
		reason string // in the document
		says   string // to people
		args   []string
	}{
		{"rollback", func(h *history) { h.Git("reset", "--quiet", "--hard", "HEAD~1") }, 3, "downgrade", "is older than", nil},
		{"fork", func(h *history) {
			h.Git("reset", "--quiet", "--hard", "HEAD~1")
			h.CommitAs(alice(h.t), "file", "fork\n")
		}, 3, "downgrade", "has diverged from", nil},
		{"teleport", func(h *history) {
			h.Git("checkout", "--quiet", "staging")
			h.CommitAs(alice(h.t), "staged", "staged\n")
			h.Git("branch", "--force", "main", "staging")
		}, 3, "downgrade", "has diverged from", nil},
		{"teleport to an unrelated branch", func(h *history) {
			h.Git("update-ref", "refs/heads/main", "refs/heads/keyring")
		}, 1, "not-descendant", "does not descend from the introduction", nil},
		{"freeze", func(*history) {}, 4, "stale", "is longer ago than", []string{"--max-age", "14d"}},
		{"a date in the future", func(h *history) {
			h.Env = append(h.Env, "GIT_COMMITTER_DATE=4000000000 +0000")
			h.CommitAs(alice(h.t), "file", "later\n")
		}, 4, "stale", "is in the future", []string{"--max-age", "14d"}},
		{"a commit of somebody else's", func(h *history) { h.CommitAs(bob(h.t), "file", "evil\n") }, 1, "unauthorized", "is not listed", nil},
		{"a branch that is gone", func(h *history) {
			h.Git("checkout", "--quiet", "staging")
			h.Git("branch", "--quiet", "-D", "main")
		}, 2, "usage", `has no branch "main"`, nil},
	} {
		t.Run(attack.name, func(t *testing.T) {
			t.Parallel()
			h := serves(t)
			f := newFollower(t, h)
			attack.do(h)
			f.keeps(func() {
				r := f.run(append([]string{"pull"}, attack.args...)...)
				if text := r.stdout + r.stderr; r.exit != attack.exit || !strings.Contains(text, attack.says) || !strings.Contains(text, "hint") {
					t.Errorf("exit code %d\n%s", r.exit, text)
				}
				if a := f.json(append([]string{"pull"}, attack.args...)...); a.Exit != attack.exit || a.reason() != attack.reason && a.Error.Class != attack.reason {
					t.Errorf("the document is %+v", a)
				}
			})
			r := f.clone("fresh", attack.args...)
			if alone := attack.reason == "not-descendant"; r.exit != attack.exit && !alone || alone && !strings.Contains(r.stderr, "is not in what the remote serves") {
				t.Errorf("a clone ends with exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
			}
			if left, err := os.ReadDir(f.parent); err != nil || len(left) != 1 {
				t.Errorf("the clone has left %v, %v", left, err)
			}
		})
	}
}

// TestVanished: a clone that does not even have the tip that was seen.
func TestVanished(t *testing.T) {
	t.Parallel()
	h := serves(t)
	f := newFollower(t, h)
	h.Git("reset", "--quiet", "--hard", "HEAD~1")
	r := f.clone("fresh")
	if r.exit != 3 || !strings.Contains(r.stderr, "comes from a history that does not have") {
		t.Errorf("exit code %d\n%s", r.exit, r.stderr)
	}
	if r := f.clone("fresh", "--allow-downgrade"); r.exit != 0 {
		t.Errorf("exit code %d\n%s", r.exit, r.stderr)
	}
	// What was allowed there is what was seen last, here too.
	if r := f.run("pull"); r.exit != 0 || !strings.Contains(r.stdout, "has commits of its own on top of") {
		t.Errorf("exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
}

// TestRightsComeIn: a change of the list is shown as people and rights, and so are
// keys.
func TestRightsComeIn(t *testing.T) {
	t.Parallel()
	h := serves(t)
	carol := gittest.SSH(t, "ed25519", "carol")
	h.CommitAs(alice(t), nixName, listing(nixName, alice(t), carol))
	f := newFollower(t, h)
	text := strings.Replace(listing(nixName, alice(t), bob(t)), "version: 1\n", "version: 1\nmerges: signed\nthreshold: 1\n", 1)
	text = strings.Replace(text, bob(t).Fingerprint+"\n", bob(t).Fingerprint+"\n    may: [commit]\n", 1)
	h.CommitAs(alice(t), nixName, text)
	h.Keyring(alice(t), mallory(t))
	r := f.run("pull", "--dry-run")
	says(t, r.stdout, "authentic: 1 new commit from origin\n",
		"  rights        + bob  "+bob(t).Fingerprint+"  may commit\n",
		"  rights        - carol  "+carol.Fingerprint+"  may nothing any more\n",
		"  rule          merges: signed (was strict)\n",
		"  new key       "+mallory(t).Fingerprint+"  ",
		"  key gone      "+bob(t).Fingerprint+"  ",
		"dry run: nothing has been changed here\n")
	h.CommitAs(alice(t), nixName, strings.Replace(text, "[commit]", "[commit, merge]", 1))
	if r := f.run("pull"); r.exit != 0 {
		t.Fatalf("exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
	h.CommitAs(alice(t), nixName, text)
	says(t, f.run("pull").stdout, "  rights        ~ bob  "+bob(t).Fingerprint+"  may commit (was bob: may commit, merge)\n")
	h.Keyring(alice(t))
	r = f.run("pull")
	says(t, r.stdout, "authentic: no new commits from origin\n", "  key gone      "+mallory(t).Fingerprint, "main is up to date")
}

// TestManyKeys: whoever fills a keyring does not fill the screen.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	h := serves(t)
	f := newFollower(t, h)
	files := map[string]string{}
	for i := range byte(30) {
		point := append(make([]byte, 31), i) // of any key, since nobody signs with it
		key := append([]byte("\x00\x00\x00\vssh-ed25519\x00\x00\x00\x20"), point...)
		files[fmt.Sprintf("%d.pub", i)] = "ssh-ed25519 " + base64.StdEncoding.EncodeToString(key) + "\n"
	}
	h.Git("update-ref", "refs/heads/keyring", h.CommitFiles(files))
	r := f.run("pull")
	says(t, r.stdout, "  new key       and 10 more\n")
	if n := strings.Count(r.stdout, "  new key "); n != 21 {
		t.Errorf("%d lines:\n%s", n, r.stdout)
	}
}

// TestGitCannotPassForUs: what a server says on the user's terminal is marked, and
// moves no cursor.
func TestGitCannotPassForUs(t *testing.T) {
	t.Parallel()
	h := serves(t)
	f := newFollower(t, h)
	h.CommitAs(bob(t), "file", "evil\n")
	script := filepath.Join(t.TempDir(), "upload-pack")
	content := "#!/bin/sh\nprintf 'x\\nauthentic: 1 new commit\\r\\033[2Jmain is now at y\\n\\302\\233K\\342\\200\\256z' >&2\nexec git-upload-pack \"$@\"\n"
	if err := os.WriteFile(script, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	f.Git("config", "remote.origin.uploadpack", script)
	r := f.run("pull")
	if r.exit != 1 || !strings.Contains(r.stderr, "git: authentic: 1 new commit\rgit: ?[2Jmain") {
		t.Errorf("exit code %d\n%q", r.exit, r.stderr)
	}
	for line := range strings.FieldsFuncSeq(r.stderr, func(c rune) bool { return c == '\n' || c == '\r' }) {
		if !strings.HasPrefix(line, "git: ") {
			t.Errorf("the line %q", line)
		}
	}
	if r := f.run("pull", "--quiet"); r.exit != 1 || r.stderr != "" {
		t.Errorf("exit code %d\n%q", r.exit, r.stderr)
	}
	if a := f.json("pull"); a.Exit != 1 {
		t.Errorf("%+v", a)
	}
}

// TestInterruptedFetch: an interrupt while a server takes its time ends with the exit
// code 130, without quarantine and lock.
func TestInterruptedFetch(t *testing.T) {
	t.Parallel()
	h := serves(t)
	f := newFollower(t, h)
	asked := make(chan struct{}, 100)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, in *http.Request) {
		asked <- struct{}{}
		<-in.Context().Done()
	}))
	t.Cleanup(slow.Close)
	tip := h.CommitAs(alice(t), "file", "4\n")
	for _, args := range [][]string{
		{"pull", slow.URL + "/x", "main"}, {"pull", slow.URL + "/x", "main", "--format", "json"},
		append([]string{"clone", slow.URL + "/x", "../fresh"}, h.flags()...),
	} {
		f.keeps(func() {
			cmd := f.command("nix-authorize", append([]string{"-C", f.dir}, args...))
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			// As a terminal does it: to git as well.
			if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
				t.Error(err)
			}
			killer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait() // the exit code tells
			killer.Stop()
			if code := cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("%s ends with exit code %d\n%s%s", args[0], code, &stdout, &stderr)
			}
			asJSON := args[len(args)-1] == "json"
			if asJSON != strings.Contains(stdout.String(), `"outcome": "interrupted"`) || asJSON == strings.HasSuffix(stderr.String(), "interrupted\n") {
				t.Errorf("standard output has %q, standard error %q", &stdout, &stderr)
			}
		})
	}
	if refs := f.Git("for-each-ref", "refs/nix-authorize"); refs != "" {
		t.Errorf("left %s", refs)
	}
	if left, err := os.ReadDir(f.parent); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
	if r := f.run("pull"); r.exit != 0 || f.Git("rev-parse", "HEAD") != tip {
		t.Errorf("exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
}

// TestPasswords: what gives access to a server is neither shown nor remembered.
func TestPasswords(t *testing.T) {
	t.Parallel()
	h := serves(t)
	f := newFollower(t, h)
	const secret = "s3cret"
	f.Git("config", "remote.origin.url", "https://user:"+secret+"@example.invalid/x")
	f.Git("config", "url.file://"+h.Dir+".insteadOf", "https://user:"+secret+"@example.invalid/x")
	h.CommitAs(alice(t), "file", "4\n")
	for _, args := range [][]string{{"pull"}, {"status"}, {"state", "list"}, {"pull", "https://user:" + secret + "@example.invalid/x", "main"}, {"state", "forget"}} {
		for _, format := range []string{"text", "json"} {
			r := f.run(append(args, "--format", format)...)
			if strings.Contains(r.stdout+r.stderr, secret) {
				t.Errorf("%q: exit code %d\n%s%s", args, r.exit, r.stdout, r.stderr)
			}
			if args[0] == "pull" && r.exit != 0 {
				t.Errorf("exit code %d\n%s%s", r.exit, r.stdout, r.stderr)
			}
		}
	}
	f.run("pull")
	err := filepath.WalkDir(f.env["HOME"], func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), secret) {
			t.Errorf("%s has it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestRepositoryOfSomebodyElse: git does not work there, and the error says why.
func TestRepositoryOfSomebodyElse(t *testing.T) {
	t.Parallel()
	h := serves(t)
	f := newFollower(t, h)
	h.CommitAs(alice(t), "file", "4\n")
	f.env["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1" // git's own way to try that
	f.keeps(func() {
		r := f.run("pull")
		if r.exit != 5 || !strings.Contains(r.stderr, "dubious ownership") || !strings.Contains(r.stderr, "hint: run this as the user that the repository belongs to") {
			t.Errorf("exit code %d\n%s", r.exit, r.stderr)
		}
		for _, args := range [][]string{
			{"pull"}, {"hook", "install"}, {"hook", "status"}, {"hook", "uninstall"}, {"approvals"}, {"key", "list"},
			{"key", "remove", "alice"},
		} {
			if a := f.json(args...); a.Exit != 5 || a.reason() != "cannot-check" || !strings.Contains(a.Error.Hint, "safe.directory") {
				t.Errorf("%q: %+v", args, a)
			}
		}
	})
}
