package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// What a clone lacks is missing: it is never taken for absent, and never fetched
// on the way. What the hint says makes the verdict possible.
func TestIncompleteClones(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		hint string
	}{
		{"shallow", []string{"--depth=2", "--no-single-branch"}, "--unshallow"},
		{"shallow below the introduction", []string{"--depth=1", "--no-single-branch"}, "--unshallow"},
		{"without trees", []string{"--filter=tree:0", "--no-checkout"}, "--refetch"},
		{"without blobs", []string{"--filter=blob:none", "--no-checkout"}, "--refetch"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, guixName, alice(t))
			for i := range 4 {
				h.CommitAs(alice(t), guixName, fmt.Sprintf("; %d\n%s", i, listing(guixName, alice(t))))
			}
			h.Git("config", "uploadpack.allowFilter", "true")
			r := clone(t, append(test.args, "file://"+h.Dir)...)
			fetched := watchFetches(t, r)
			u := newUser(t, r.Dir)
			for _, args := range [][]string{{"verify"}, {"explain", "HEAD"}, {"keyring", "list"}, {"trust", h.introduction, alice(t).Fingerprint}} {
				if args[0] == "verify" || args[0] == "explain" {
					args = append(args, h.flags()...)
				}
				a := u.json(args...)
				if a.Exit != 0 && a.Exit != 5 {
					t.Errorf("%q ended with exit code %d: %+v", args, a.Exit, a)
				}
				if a.Exit == 5 && a.reason() != "missing-object" {
					t.Errorf("%q could not be done because of %q: %+v", args, a.reason(), a)
				}
				if _, err := os.Stat(fetched); err == nil {
					t.Fatalf("%q has fetched", args)
				}
			}

			a := h.verifyBy(u)
			want(t, a, "missing-object", "")
			hint := a.Error.Hint
			if len(a.Unchecked) > 0 {
				hint = a.Unchecked[0].Hint
			}
			if !strings.Contains(hint, test.hint) {
				t.Fatalf("the hint is %q", hint)
			}
			r.Git("config", "--unset", "remote.origin.uploadpack")
			r.Git(strings.Fields(quoted.FindStringSubmatch(hint)[1])...)
			want(t, h.verifyBy(u), "authentic", "")
		})
	}
}

// quoted is a git command in a hint.
var quoted = regexp.MustCompile(`"git ([^"]*)"`)

// watchFetches makes a fetch from origin leave a file behind, whose name is
// returned.
func watchFetches(t *testing.T, r *gittest.Repo) string {
	t.Helper()
	marker := filepath.Join(t.TempDir(), "fetched")
	script := filepath.Join(filepath.Dir(marker), "upload-pack")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch "+marker+"\nexec git-upload-pack \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.Git("config", "remote.origin.uploadpack", script)
	return marker
}

// The same through git, which would fetch what is missing by itself.
func TestPartialCloneThroughGit(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	h.Git("config", "uploadpack.allowFilter", "true")
	r := clone(t, "--filter=tree:0", "--no-checkout", "file://"+h.Dir)
	fetched := watchFetches(t, r)
	linked := filepath.Join(t.TempDir(), "tree")
	r.Git("worktree", "add", "--quiet", "--no-checkout", "--detach", linked, "origin/main")
	want(t, h.verifyBy(newUser(t, linked), "origin/main"), "missing-object", "")
	if _, err := os.Stat(fetched); err == nil {
		t.Error("git has fetched")
	}
}

// An object that is gone from a whole clone.
func TestMissingObject(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"HEAD", "HEAD^", "HEAD^{tree}", "HEAD^^:" + guixName, "keyring^{tree}", "keyring:alice.key"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, guixName, alice(t))
			h.CommitAs(alice(t), guixName, "; 1\n"+listing(guixName, alice(t)))
			h.CommitAs(alice(t), guixName, "; 2\n"+listing(guixName, alice(t)))
			id := h.Git("rev-parse", name)
			if err := os.Remove(filepath.Join(h.Dir, ".git", "objects", id[:2], id[2:])); err != nil {
				t.Fatal(err)
			}
			a := h.verify()
			if want(t, a, "missing-object", ""); !strings.Contains(fmt.Sprint(a), id) {
				t.Errorf("the object is not named: %+v", a)
			}
		})
	}
}

// A pack that ends too early, as after a disk was full.
func TestTruncatedPack(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	for i := range 20 {
		h.CommitAs(alice(t), "a", fmt.Sprint(i))
	}
	h.Git("repack", "-adq")
	found, err := filepath.Glob(filepath.Join(h.Dir, ".git", "objects", "pack", "*.pack"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the packs are %q, %v", found, err)
	}
	whole, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(t.TempDir(), "tree")
	h.Git("worktree", "add", "--quiet", "--no-checkout", "--detach", linked, "HEAD")
	if err := os.Remove(found[0]); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 4, 11, 12, 40, len(whole) / 4, len(whole) / 2, len(whole) - 300} {
		write(t, found[0], string(whole[:size]))
		for _, dir := range []string{h.Dir, linked} {
			a := h.verifyBy(newUser(t, dir))
			if a.Exit != 5 {
				t.Errorf("of %d bytes %d are there, and the exit code is %d: %+v", len(whole), size, a.Exit, a)
			}
			if reason := a.reason(); reason != "corrupt-object" && reason != "missing-object" {
				t.Errorf("of %d bytes %d are there, and the reason is %q: %+v", len(whole), size, reason, a)
			}
		}
	}
	write(t, found[0], string(whole))
	want(t, h.verify(), "authentic", "")
}
