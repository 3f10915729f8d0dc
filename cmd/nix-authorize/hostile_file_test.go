package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// hostileFile is an authorizations file that must not count.
type hostileFile struct {
	name    string
	content string // as the text of a file
	// position says that the refusal must have a line and a column.
	position bool
}

// The files are made when they are needed: this binary is also the program that some
// tests start, many times over.
func hostileNixFiles() []hostileFile {
	return []hostileFile{
		{"empty", "", true},
		{"byte order mark", "\ufeff" + validNix, true},
		{"carriage returns", strings.ReplaceAll(validNix, "\n", "\r\n"), true},
		{"one carriage return", strings.Replace(validNix, "keys", "# x\rkeys", 1), true},
		{"NUL", strings.Replace(validNix, "alice", "ali\x00ce", 1), true},
		{"invalid UTF-8", strings.Replace(validNix, "alice", "ali\xffce", 1), true},
		{"Latin-1", strings.Replace(validNix, "alice", "ren\xe9", 1), true},
		{"bidirectional override", validNix + "# \u202e\n", true},
		{"anchor", strings.Replace(validNix, "keys:", "keys: &k", 1), true},
		{"alias", validNix + "  - *k\n", true},
		{"bomb of anchors", "a: &a [x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nversion: 1\n", true},
		{"tag", strings.Replace(validNix, "version: 1", "version: !!int 1", 1), true},
		{"merge key", validNix + "<<: {threshold: 1}\n", true},
		{"two documents", validNix + "---\n" + validNix, true},
		{"unknown version", strings.Replace(validNix, "version: 1", "version: 2", 1), true},
		{"no version", strings.Replace(validNix, "version: 1\n", "", 1), true},
		{"unknown field", validNix + "evil: yes\n", true},
		{"repeated field", validNix + "version: 1\n", true},
		{"no keys", "version: 1\nkeys: []\n", true},
		{"duplicate name", validNix + "  - name: alice\n    openpgp: " + strings.Repeat("AB", 20) + "\n", true},
		{"duplicate key", validNix + "  - name: bob\n    openpgp: " + strings.Repeat("A", 40) + "\n", true},
		{"key id instead of a fingerprint", strings.Replace(validNix, strings.Repeat("A", 40), strings.Repeat("A", 16), 1), true},
		{"threshold that cannot be met", validNix + "threshold: 2\n", true},
		{"deep nesting", strings.Repeat("[", 100_000), true},
		{"tabs", strings.Replace(validNix, "  - ", "\t- ", 1), true},
		{"binary", "\x7fELF\x02\x01\x01", true},
		{"larger than 1 MiB", validNix + "#" + strings.Repeat("x", 1<<20) + "\n", false},
		{"zeros, 64 MiB of them", strings.Repeat("\x00", 64<<20), false},
	}
}

var validNix = "version: 1\nkeys:\n  - name: alice\n    openpgp: " + strings.Repeat("A", 40) + "\n"

func hostileGuixFiles() []hostileFile {
	return []hostileFile{
		{"empty", "", true},
		{"not closed", "(authorizations (version 0) (", true},
		{"deep nesting", strings.Repeat("(", 100_000), true},
		{"unknown version", "(authorizations (version 1) ())", true},
		{"not a fingerprint", "(authorizations (version 0) ((\"not hexadecimal\")))", true},
		{"NUL", "(authorizations (version 0) ()) ;\x00", true},
		{"invalid UTF-8", "(authorizations (version 0) ()) ;\xff", true},
		{"evaluation", "#.(system \"touch evil\")", true},
		{"larger than 1 MiB", "(authorizations (version 0) ())" + strings.Repeat(" ", 1<<20), false},
	}
}

var position = regexp.MustCompile(`line [1-9][0-9]*, column [1-9][0-9]*: `)

func TestHostileAuthorizations(t *testing.T) {
	t.Parallel()
	for _, format := range []struct {
		file    string
		hostile []hostileFile
	}{{nixName, hostileNixFiles()}, {guixName, hostileGuixFiles()}} {
		t.Run(format.file, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, format.file, alice(t))
			for _, test := range format.hostile {
				t.Run(test.name, func(t *testing.T) {
					blob := h.Hash("blob", []byte(test.content))
					bad := h.put(alice(t), gittest.TreeEntry{Mode: "100644", Name: h.file, ID: blob})
					a := h.malformed(t, bad)
					if detail := a.Refusals[0].Detail; test.position != position.MatchString(detail) {
						t.Errorf("the detail is %q", detail)
					}
				})
			}
		})
	}
}

// put commits a tree with the entries on top of the introduction, and returns the
// commit's id. No branch moves.
func (h *history) put(by *gittest.Key, entries ...gittest.TreeEntry) string {
	h.t.Helper()
	return h.sign(by, h.RawCommit(h.SortedTree(entries...), "Change the file", h.introduction))
}

// malformed checks that a commit is refused for its authorizations file, and that
// the file authorizes no child.
func (h *history) malformed(t *testing.T, bad string) answer {
	t.Helper()
	child := h.sign(h.signer, h.RawCommit(h.tree(h.introduction), "On top", bad))
	a := h.verify(child)
	want(t, a, "malformed-authorizations", bad)
	if r := a.refused(child); r == nil || r.Reason != "malformed-authorizations" || r.Parent != bad {
		t.Errorf("the child is not refused for it: %+v", a.Refusals)
	}
	a = h.verify(bad)
	want(t, a, "malformed-authorizations", bad)
	return a
}

// What stands under the file's name and is no file.
func TestHostileAuthorizationsEntry(t *testing.T) {
	t.Parallel()
	for _, file := range []string{nixName, guixName} {
		h := newHistory(t, file, alice(t))
		text := h.Git("rev-parse", "HEAD:"+file)
		target := h.Hash("blob", []byte("other"))
		tree := h.SortedTree(gittest.TreeEntry{Mode: "100644", Name: file, ID: text})
		for _, test := range []struct {
			name, what string
			entries    []gittest.TreeEntry
		}{
			{"symbolic link", "symbolic link", []gittest.TreeEntry{{Mode: "120000", Name: file, ID: target}, {Mode: "100644", Name: "other", ID: text}}},
			{"symbolic link to the right text", "symbolic link", []gittest.TreeEntry{{Mode: "120000", Name: file, ID: text}}},
			{"directory", "directory", []gittest.TreeEntry{{Mode: "40000", Name: file, ID: tree}}},
			{"submodule", "submodule", []gittest.TreeEntry{{Mode: "160000", Name: file, ID: h.introduction}}},
			{"tree with the mode of a file", "no file", []gittest.TreeEntry{{Mode: "100644", Name: file, ID: tree}}},
		} {
			t.Run(file+" "+test.name, func(t *testing.T) {
				var raw bytes.Buffer
				for _, e := range test.entries { // git mktree would check the kinds
					raw.WriteString(e.Raw(t))
				}
				tree := h.Hash("tree", raw.Bytes())
				a := h.malformed(t, h.sign(alice(t), h.RawCommit(tree, "Change the file", h.introduction)))
				if !strings.Contains(a.Refusals[0].Detail, test.what) {
					t.Errorf("the detail is %q", a.Refusals[0].Detail)
				}
			})
		}
		t.Run(file+" executable", func(t *testing.T) {
			executable := h.put(alice(t), gittest.TreeEntry{Mode: "100755", Name: file, ID: text})
			want(t, h.verify(executable), "authentic", "")
		})
	}
}

// Names that look like that of the file, on one file system or another, are not it.
func TestLookAlikeNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{".NIX-authorizations", ".nix-authorizations\u200b", ".nix\u2010authorizations", ".nix-authorizations ", ".nix-authorizations.", "nix-authorizations", guixName} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, nixName, alice(t), mallory(t))
			text := h.Git("rev-parse", "HEAD:"+nixName)
			evil := h.Hash("blob", []byte(listing(nixName, mallory(t))))
			beside := h.put(alice(t), gittest.TreeEntry{Mode: "100644", Name: nixName, ID: text}, gittest.TreeEntry{Mode: "100644", Name: name, ID: evil})
			want(t, h.verify(beside), "authentic", "")
			child := h.sign(mallory(t), h.RawCommit(h.tree(beside), "On top", beside))
			want(t, h.verify(child), "unauthorized", child)
			instead := h.put(alice(t), gittest.TreeEntry{Mode: "100644", Name: name, ID: text})
			want(t, h.verify(instead), "authorizations-removed", instead)
		})
	}
}

// A file counts from the next commit on, never for the commit that has it.
func TestFileNeverCountsForItsOwnCommit(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nixName, alice(t), mallory(t))
	own := h.authorize(mallory(t), alice(t), mallory(t))
	want(t, h.verify(), "unauthorized", own)
}
