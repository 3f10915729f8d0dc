package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// corporaSource has histories of real channels with the verdicts that Guix's own
// code gave. It lies beside the repository and is no part of it.
const corporaSource = "../../../shared/corpora"

// corpora are the histories, unpacked: a directory of bare repositories.
var corpora = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(scratch, "corpora")
	out, err := exec.Command(filepath.Join(corporaSource, "unpack"), dir).CombinedOutput()
	if err != nil {
		return "", errors.New(string(out) + err.Error())
	}
	return dir, nil
})

// corpus is a line of verdicts.tsv.
type corpus struct {
	name, introduction, signer, tip string
	reason                          string // or "authentic"
	commits                         int
	detail                          string
}

// repository is the unpacked repository of the corpus.
func (c corpus) repository(t testing.TB) string {
	t.Helper()
	dir, err := corpora()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, c.name+".git")
}

// eachCorpus runs a test for each line of verdicts.tsv.
func eachCorpus(t *testing.T, test func(*testing.T, corpus)) {
	if _, err := os.Stat(corporaSource); err != nil {
		t.Skip("SKIPPED: the real histories are not here, so none was verified: ", err)
	}
	file, err := os.Open(filepath.Join(corporaSource, "verdicts.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tested := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		c := parseCorpus(t, lines.Text())
		t.Run(c.name+" "+c.reason, func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
		tested++
	}
	if tested == 0 {
		t.Error("verdicts.tsv has no verdict")
	}
}

func parseCorpus(t *testing.T, line string) corpus {
	fields := strings.Split(line, "\t")
	if len(fields) != 8 || fields[1] != "guix" {
		t.Fatalf("verdicts.tsv has the line %q", line)
	}
	commits, err := strconv.Atoi(fields[6])
	if err != nil {
		t.Fatal(err)
	}
	return corpus{fields[0], fields[2], fields[3], fields[4], fields[5], commits, fields[7]}
}

func (c corpus) verify(u user, args ...string) answer {
	u.t.Helper()
	return u.json(append([]string{"verify", "--introduction", c.introduction, "--signer", c.signer,
		"--authorizations", ".guix-authorizations", c.tip}, args...)...)
}

// check compares an answer with the verdict that Guix gave. A warm run judges
// nothing of an authentic history again.
func (c corpus) check(t *testing.T, a answer, warm bool) {
	t.Helper()
	if got := a.reason(); got != c.reason {
		t.Fatalf("the verdict is %q instead of %q: %+v", got, c.reason, a)
	}
	commits := c.commits
	if warm && c.reason == "authentic" {
		commits = 0
	}
	if got := a.judged(); got != commits {
		t.Errorf("%d commits instead of %d", got, commits)
	}
	if !warm {
		c.checkDetail(t, a)
	}
}

// checkDetail checks what the last column says: "N signers", "commit ID" of one
// that is refused, or "signed by KEY" of the introduction.
func (c corpus) checkDetail(t *testing.T, a answer) {
	t.Helper()
	words := strings.Fields(c.detail)
	switch last := words[len(words)-1]; {
	case last == "signers":
		if strconv.Itoa(len(a.Signers)) != words[0] {
			t.Errorf("%d signers instead of %s", len(a.Signers), words[0])
		}
	case words[0] == "commit":
		if r := a.refused(last); r == nil || r.Reason != c.reason {
			t.Errorf("commit %s is not among those refused: %+v", last, a.Refusals)
		}
	case strings.HasPrefix(c.detail, "signed by "):
		r := a.refused(c.introduction)
		if r == nil || r.Signer == nil || r.Signer.Fingerprint != last || r.ExpectedSigner != c.signer {
			t.Errorf("the refusal does not name %s: %+v", last, a.Refusals)
		}
	default:
		t.Errorf("verdicts.tsv has the detail %q", c.detail)
	}
}

func TestCorpora(t *testing.T) {
	t.Parallel()
	eachCorpus(t, func(t *testing.T, c corpus) {
		u := newUser(t, c.repository(t))
		if c.commits > 5000 { // would take a minute with the race detector
			u.program = asReleased
		}
		c.check(t, c.verify(u, "--max-refusals", "0"), false)
		c.check(t, c.verify(u, "--max-refusals", "0"), true)
	})
}

// The same verdicts where the objects are read through git.
func TestCorporaThroughGit(t *testing.T) {
	t.Parallel()
	for _, layout := range []struct {
		name  string
		place func(t *testing.T, repository string) string
	}{
		{"alternates", func(t *testing.T, repository string) string {
			return clone(t, "--bare", "--shared", repository).Dir
		}},
		{"linked worktree", func(t *testing.T, repository string) string {
			r := clone(t, "--bare", "--local", repository)
			tree := filepath.Join(t.TempDir(), "tree")
			r.Git("worktree", "add", "--quiet", "--no-checkout", tree, "main")
			return tree
		}},
	} {
		t.Run(layout.name, func(t *testing.T) {
			t.Parallel()
			eachCorpus(t, func(t *testing.T, c corpus) {
				u := newUser(t, layout.place(t, c.repository(t)))
				u.program = asReleased
				if notes := u.run("keyring", "list", "--verbose").stderr; !strings.Contains(notes, "git cat-file: "+layout.name) {
					t.Fatalf("the objects were read otherwise: %q", notes)
				}
				c.check(t, c.verify(u, "--max-refusals", "0"), false)
				c.check(t, c.verify(u, "--max-refusals", "0"), true)
			})
		})
	}
}

// clone clones a repository; the arguments go to git clone.
func clone(t testing.TB, args ...string) *gittest.Repo {
	t.Helper()
	r := gittest.At(t, filepath.Join(t.TempDir(), "clone"))
	at := gittest.At(t, filepath.Dir(r.Dir))
	// A fetch into it would leave maintenance behind, which goes on when the test has
	// ended and its directory is removed.
	at.Git(append(append([]string{"clone", "--quiet", "--config=maintenance.auto=false", "--config=gc.auto=0"}, args...), r.Dir)...)
	return r
}
