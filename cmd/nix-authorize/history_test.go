package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// The names of the two authorizations files.
const (
	nixName  = ".nix-authorizations"
	guixName = ".guix-authorizations"
)

// A history is a repository in the making that starts with an introduction: a
// signed commit whose authorizations file lists its signer.
type history struct {
	*gittest.Repo
	t            testing.TB
	file         string // name of the authorizations file
	introduction string
	signer       *gittest.Key
}

// newHistory starts a history. The keyring has the keys, of which the first signs
// the introduction and is alone in its file.
func newHistory(t testing.TB, file string, keys ...*gittest.Key) *history {
	t.Helper()
	h := &history{Repo: gittest.New(t), t: t, file: file, signer: keys[0]}
	h.Keyring(keys...)
	h.introduction = h.authorize(keys[0], keys[0])
	return h
}

// authorize commits a file that lists the keys.
func (h *history) authorize(by *gittest.Key, listed ...*gittest.Key) string {
	h.t.Helper()
	return h.CommitAs(by, h.file, listing(h.file, listed...))
}

// listing is the text of an authorizations file that lists keys by their holders.
func listing(file string, keys ...*gittest.Key) string {
	var b strings.Builder
	if file == guixName {
		b.WriteString("(authorizations\n (version 0)\n (")
		for _, k := range keys {
			fmt.Fprintf(&b, "(%q (name %q))\n  ", k.Fingerprint, k.Holder)
		}
		return strings.TrimSpace(b.String()) + "))\n"
	}
	b.WriteString("version: 1\nkeys:\n")
	for _, k := range keys {
		fmt.Fprintf(&b, "  - name: %s\n    %s\n", k.Holder, keyField(k))
	}
	return b.String()
}

// keyField is how .nix-authorizations lists a key.
func keyField(k *gittest.Key) string {
	if k.IsSSH() {
		return "ssh: " + k.Public
	}
	return "openpgp: " + k.Fingerprint
}

// flags say what the history is judged by.
func (h *history) flags() []string {
	return []string{"--introduction", h.introduction, "--signer", h.signer.Fingerprint, "--authorizations", h.file}
}

// user is a user in the repository.
func (h *history) user() user {
	h.t.Helper()
	return newUser(h.t, h.Dir)
}

// verify judges a revision with a user who has done nothing before.
func (h *history) verify(args ...string) answer {
	h.t.Helper()
	return h.verifyBy(h.user(), args...)
}

// verifyBy judges a revision; the arguments come behind the flags and may
// contradict them.
func (h *history) verifyBy(u user, args ...string) answer {
	h.t.Helper()
	return u.json(append(append([]string{"verify"}, h.flags()...), args...)...)
}

// sign signs the content of a commit and writes it, without moving a branch.
func (h *history) sign(k *gittest.Key, commit []byte, args ...string) string {
	h.t.Helper()
	return h.Hash("commit", gittest.AddSignature(commit, k.Sign(h.t, commit, args...)))
}

// tree is the tree of a commit.
func (h *history) tree(commit string) string {
	h.t.Helper()
	return h.Git("rev-parse", commit+"^{tree}")
}

// want fails the test unless the verdict has this reason, or outcome if there is
// no reason, and the exit code that goes with it. The first refusal must be that
// of the commit, if one is given.
func want(t testing.TB, a answer, reason, commit string) {
	t.Helper()
	if got := a.reason(); got != reason {
		t.Fatalf("the verdict is %q instead of %q\n%+v", got, reason, a)
	}
	if exit := exitOf(reason); a.Exit != exit {
		t.Errorf("exit code %d instead of %d", a.Exit, exit)
	}
	if commit != "" && (len(a.Refusals) == 0 || a.Refusals[0].Commit != commit) {
		t.Errorf("the first refusal is not that of %s: %+v", commit, a.Refusals)
	}
	for _, r := range a.Refusals {
		if r.Hint == "" || r.Detail == "" {
			t.Errorf("the refusal says too little: %+v", r)
		}
	}
}

// exitOf is the exit code of an outcome or reason.
func exitOf(reason string) int {
	switch reason {
	case "authentic":
		return 0
	case "missing-object", "corrupt-object", "cannot-check":
		return 5
	case "usage":
		return 2
	}
	return 1
}
