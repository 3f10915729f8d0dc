package authz

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A world is a repository in memory with a policy to judge it by. Every commit
// is a minute later than the one that was made before it.
type world struct {
	*memStore
	testing.TB
	policy Policy
	clock  int64
}

func newWorld(t testing.TB, f Format) *world {
	return &world{memStore: newMemStore(), TB: t, policy: Policy{Introduction: Introduction{Format: f}}, clock: 1700000000}
}

// eachFormat runs a test in a world of each format.
func eachFormat(t *testing.T, test func(t *testing.T, w *world)) {
	for _, f := range []Format{NixFormat, GuixFormat} {
		t.Run(f.FileName(), func(t *testing.T) { test(t, newWorld(t, f)) })
	}
}

// listing is a file that lists these keys with all rights. Since nobody can have
// made a .nix-authorizations without a key, it has one that nobody owns.
func (w *world) listing(keys ...fakeKey) string {
	if w.policy.Introduction.Format == NixFormat && len(keys) == 0 {
		keys = []fakeKey{"nobody"}
	}
	var nix, guix strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&nix, "- {name: %s, openpgp: %s}\n", k, k.fingerprint())
		fmt.Fprintf(&guix, "(%q (name %q))\n", k.fingerprint(), k)
	}
	if w.policy.Introduction.Format == NixFormat {
		return "version: 1\nkeys:\n" + nix.String()
	}
	return guixWith(guix.String())
}

// treeWith is a tree with the file, if it is not empty, and another.
func (w *world) treeWith(mode gitwalk.Mode, file string) gitwalk.ID {
	readme := gitwalk.Entry{Mode: gitwalk.ModeFile, Name: "README", ID: w.blob("read me")}
	if file == "" {
		return w.tree(readme)
	}
	entry := gitwalk.Entry{Mode: mode, Name: w.policy.Introduction.Format.FileName(), ID: w.blob(file)}
	if mode == gitwalk.ModeTree {
		entry.ID = w.tree(readme)
	}
	return w.tree(entry, readme)
}

// commit makes a commit signed by a key, if it is not empty, with the file.
func (w *world) commit(by fakeKey, file string, parents ...gitwalk.ID) gitwalk.ID {
	return w.commitTree(by, w.treeWith(gitwalk.ModeFile, file), parents...)
}

func (w *world) commitTree(by fakeKey, tree gitwalk.ID, parents ...gitwalk.ID) gitwalk.ID {
	sign := by.sign
	if by == "" {
		sign = nil
	}
	return w.put(gitwalk.KindCommit, w.next(tree, parents...).signed(sign))
}

// commitWith makes a commit with the file and with what the words of a text say:
// "path=content" for a file, "path*=content" for an executable one, "path@=target"
// for a symbolic link and "path!=digit" for a submodule.
func (w *world) commitWith(by fakeKey, file, words string, parents ...gitwalk.ID) gitwalk.ID {
	return w.commitTree(by, w.treeOfWords(file, words), parents...)
}

func (w *world) treeOfWords(file, words string) gitwalk.ID {
	entries := []gitwalk.Entry{{Mode: gitwalk.ModeFile, Name: "README", ID: w.blob("read me")}}
	if file != "" {
		entries = append(entries, gitwalk.Entry{Mode: gitwalk.ModeFile, Name: w.policy.Introduction.Format.FileName(), ID: w.blob(file)})
	}
	for word := range strings.FieldsSeq(words) {
		entries = append(entries, w.wordEntry(word))
	}
	return w.treeWithin(entries...)
}

func (w *world) wordEntry(word string) gitwalk.Entry {
	path, content, _ := strings.Cut(word, "=")
	e := gitwalk.Entry{Mode: gitwalk.ModeFile, Name: strings.TrimRight(path, "*@!"), ID: w.blob(content)}
	switch path[len(path)-1] {
	case '*':
		e.Mode = gitwalk.ModeExecutable
	case '@':
		e.Mode = gitwalk.ModeSymlink
	case '!':
		e.Mode, e.ID = gitwalk.ModeGitlink, gitwalk.ID{content[0]}
	}
	return e
}

// next is a commit that is a minute later than the last one.
func (w *world) next(tree gitwalk.ID, parents ...gitwalk.ID) rawCommit {
	w.clock += 60
	return rawCommit{tree, parents, w.clock, fmt.Sprintf("commit %d", w.clock)}
}

// introduce makes a commit the introduction.
func (w *world) introduce(commit gitwalk.ID, by fakeKey) gitwalk.ID {
	w.policy.Introduction.Commit, w.policy.Introduction.Signer = commit, by.fingerprint()
	return commit
}

// begin makes an introduction by alice whose file lists these keys.
func (w *world) begin(keys ...fakeKey) gitwalk.ID {
	return w.introduce(w.commit(alice, w.listing(keys...)), alice)
}

func (w *world) verifier() *Verifier {
	return &Verifier{Policy: w.policy, Objects: w.memStore, Keys: fakeKeyring{}, Workers: 2}
}

func (w *world) verify(tip gitwalk.ID) *Report {
	w.Helper()
	r, err := w.verifier().Verify(context.Background(), tip)
	if err != nil {
		w.Fatal(err)
	}
	w.checkClosed(w)
	return r
}

// accepts requires that a history is authentic.
func (w *world) accepts(tip gitwalk.ID) *Report {
	w.Helper()
	r := w.verify(tip)
	if r.Outcome() != Authentic {
		w.Fatalf("%s: %v %v", r.Outcome(), r.Refusals, r.Unchecked)
	}
	return r
}

// refuses requires that a history is refused for this commit alone.
func (w *world) refuses(tip, commit gitwalk.ID, reason Reason) *Refusal {
	w.Helper()
	r := w.verify(tip)
	if r.Outcome() != Refused || len(r.Refusals) != 1 {
		w.Fatalf("%s: %v %v", r.Outcome(), r.Refusals, r.Unchecked)
	}
	if got := r.Refusals[0]; got.Commit != commit || got.Reason != reason {
		w.Fatalf("%v instead of commit %s: %s", got, commit, reason)
	}
	return r.Refusals[0]
}

// signerOf is the verified signer of a refused commit.
func signerOf(r *Refusal) signer.Fingerprint {
	if r.Signer == nil {
		return ""
	}
	return r.Signer.Key
}
