package main

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// sameOnAnyCores runs a command line on several numbers of cores, as text and as JSON,
// and requires the same of each byte and the exit code.
func sameOnAnyCores(t *testing.T, u user, exit int, args ...string) {
	t.Helper()
	for _, format := range []string{"text", "json"} {
		sameOn(t, u, exit, append(slices.Clone(args), "--format", format), "1", "2", "3", "8")
	}
}

func sameOn(t *testing.T, u user, exit int, args []string, numbers ...string) {
	t.Helper()
	var first result
	for i, cores := range numbers {
		u.env = map[string]string{"HOME": t.TempDir()} // nothing is remembered
		got := u.run(append(slices.Clone(args), "--cpu", cores)...)
		if i == 0 {
			first = got
		}
		if got.exit != exit {
			t.Fatalf("%q on %s cores ends with %d instead of %d\n%s%s", args, cores, got.exit, exit, got.stdout, got.stderr)
		}
		if got != first {
			t.Fatalf("%q on %s cores says\n%s%s\ninstead of\n%s%s", args, cores, got.stdout, got.stderr, first.stdout, first.stderr)
		}
	}
}

// TestCores: how many cores there are changes nothing of what is said about a history,
// in which order, or where judging ends.
func TestCores(t *testing.T) {
	t.Parallel()
	whole, missing := newPatchwork(t, 400, 0), newPatchwork(t, 200, 100)
	for _, test := range []struct {
		name string
		h    *history
		args []string
		exit int
	}{
		{"all refusals", whole, []string{"main", "--max-refusals", "0", "--stats"}, 1},
		{"a few refusals", whole, []string{"main"}, 1},
		{"one refusal, drawn", whole, []string{"main", "--max-refusals", "1", "--graph"}, 1},
		{"several refusals", whole, []string{"main", "--max-refusals", "8"}, 1},
		{"authentic", whole, []string{"main~390", "--stats"}, 0},
		{"unrelated", whole, []string{"keyring"}, 1},
		{"a commit is missing", missing, []string{"main", "--max-refusals", "0"}, 5},
		{"a commit is missing, one refusal", missing, []string{"main", "--max-refusals", "1"}, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := test.h.user()
			if u.program = asReleased; slices.Contains(test.args, "0") {
				u.program = asProcess // with the race detector
			}
			sameOnAnyCores(t, u, test.exit, slices.Concat([]string{"verify", "--no-cache"}, test.args, test.h.flags())...)
		})
	}
}

// newPatchwork is a history of n commits on top of an introduction, with merges every
// few commits. Some are unsigned, signed by somebody else or have the signature of
// something else; all others are signed. The one with the number missing, if that is
// not 0, is not there.
func newPatchwork(t *testing.T, n, missing int) *history {
	t.Helper()
	alice, mallory := touched(t), touched(t)
	h := rawHistory(t, nixName, alice)
	tip := h.Git("rev-parse", "main")
	tree := h.tree(tip)
	wrong := alice.Sign(t, []byte("something else"))
	var p pack
	ids := []string{tip}
	for i := 1; i <= n; i++ {
		parents := []string{ids[i-1]}
		if i%10 == 0 {
			parents = append(parents, ids[i-5])
		}
		commit := h.RawCommit(tree, fmt.Sprint("Commit ", i), parents...)
		switch {
		case i > 15 && i%47 == 0:
		case i > 15 && i%53 == 0:
			commit = gittest.AddSignature(commit, wrong)
		case i > 15 && i%59 == 0:
			commit = gittest.AddSignature(commit, mallory.Sign(t, commit))
		default:
			commit = gittest.AddSignature(commit, alice.Sign(t, commit))
		}
		ids = append(ids, p.add(commit, i == missing))
	}
	p.write(h)
	h.Git("update-ref", "refs/heads/main", ids[n])
	return h
}

// A pack is one in the making, of commits.
type pack struct {
	objects bytes.Buffer
	n       uint32
}

// add returns the id of a commit and adds it, unless that is to be left out.
func (p *pack) add(commit []byte, out bool) string {
	if !out {
		addPacked(&p.objects, zlib.NewWriter(&p.objects), commit)
		p.n++
	}
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "commit %d\x00%s", len(commit), commit)))
}

// write puts the commits into a repository.
func (p *pack) write(h *history) {
	h.t.Helper()
	content := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), p.n)
	content = append(content, p.objects.Bytes()...)
	sum := sha1.Sum(content)
	h.GitInput(append(content, sum[:]...), "index-pack", "--stdin")
}

// TestCoresVouched: nor of merges that nobody signed, whether trees decide or git.
func TestCoresVouched(t *testing.T) {
	t.Parallel()
	f := newForge(t, "merges: vouched", forgeFile...)
	f.on("main", "base")
	var changed []int
	content := func(more ...int) string { return "hello\n" + lines(append(slices.Clone(changed), more...)...) }
	for i := range 5 {
		f.pull(f.bob, fmt.Sprint("pr-", i), "main", fmt.Sprint("pkgs/foo/", i), "new\n")
		f.pull(f.alice, "main", "main", fmt.Sprint("notes/", i), "new\n")
		f.button("main", fmt.Sprint("pr-", i)) // trees decide
		above, below := i+1, 20-i
		f.pull(f.carol, fmt.Sprint("content-", i), "main", "pkgs/hello/src.sh", content(above))
		f.pull(f.alice, "main", "main", "pkgs/hello/src.sh", content(below))
		f.button("main", fmt.Sprint("content-", i)) // git decides
		changed = append(changed, above, below)
	}
	f.pull(f.bob, "good", "main", "pkgs/bar/default.nix", "bar 2\n")
	f.pull(nil, "bad", "main", "pkgs/bar/default.nix", "bar 3\n")
	f.change(nil, "pkgs/bar/patch", "evil\n")
	f.on("refused", "main")
	f.button("refused", "bad")
	u := f.user()
	u.program = asReleased
	check := func(exit int, args ...string) {
		t.Run(strings.Join(args, " "), func(t *testing.T) { sameOnAnyCores(t, u, exit, append(args, f.flags()...)...) })
	}
	check(0, "verify", "main", "--no-cache")
	check(1, "verify", "refused", "--no-cache")
	check(0, "explain", "main")
	check(0, "check-pr", "--base", "main", "--head", "good", "--no-cache")
	check(1, "check-pr", "--base", "main", "--head", "bad", "--no-cache")
}

// TestCoresCorpora: nor of real histories.
func TestCoresCorpora(t *testing.T) {
	t.Parallel()
	eachCorpus(t, func(t *testing.T, c corpus) {
		u := newUser(t, c.repository(t))
		u.program = asReleased
		exit := 1
		if c.reason == "authentic" {
			exit = 0
		}
		sameOn(t, u, exit, []string{"verify", "--no-cache", "--introduction", c.introduction, "--signer", c.signer,
			"--authorizations", guixName, c.tip}, "1", "2", "8")
	})
}
