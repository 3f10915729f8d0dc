package main

import (
	"strings"
	"testing"
)

// Names that stand for two things, or that could be taken for something else, are
// errors of usage: nothing is judged in place of what was meant.
func TestHostileRevisions(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t), mallory(t))
	good := h.CommitAs(alice(t), "a", "1")
	h.Git("switch", "--quiet", "--create", "evil")
	evil := h.CommitAs(mallory(t), "evil", "1")
	h.Git("switch", "--quiet", "main")
	// A tag that shadows a branch, even if both are the same today.
	h.Git("branch", "release", good)
	h.Git("tag", "release", evil)
	h.Git("branch", "same", good)
	h.Git("tag", "same", good)
	// Branches named like an id, like its beginning, like options and like refs.
	for _, name := range []string{good, good[:8], "-x", "--introduction", "HEAD", "refs/heads/main"} {
		h.Git("update-ref", "refs/heads/"+name, evil)
	}
	h.Git("update-ref", "refs/remotes/origin/other", evil)
	h.Git("tag", "blob", h.Git("rev-parse", "HEAD:"+guixName))
	u := h.user()
	for _, test := range []struct{ name, verdict, hint string }{
		{"HEAD", "authentic", ""},
		{"@", "authentic", ""},
		{"main", "authentic", ""},
		{"refs/heads/main", "authentic", ""},
		{"refs/heads/release", "authentic", ""},
		{"refs/tags/release", "unauthorized", ""},
		{"evil", "unauthorized", ""},
		{evil, "unauthorized", ""},
		{"main~1", "authentic", ""},
		{good, "usage", "one of these"},
		{good[:8], "usage", "one of these"},
		{"release", "usage", "one of these"},
		{"release^{commit}", "usage", "one of these"},
		{"release@{0}", "usage", "one of these"},
		{"release~0", "usage", "one of these"},
		{"same", "usage", "one of these"},
		{"-x", "usage", ""},
		{"--introduction", "usage", ""},
		{"", "usage", ""},
		{"nowhere", "usage", "git branch --all"},
		{"other", "usage", "did you mean origin/other?"},
		{strings.Repeat("0", 40), "missing-object", ""},
		{"0123", "usage", ""},
		{"blob", "usage", "name a commit"},
		{"main..evil", "usage", ""},
		{"^main", "usage", ""},
		{"main evil", "usage", ""},
		{"main\n", "usage", ""},
		{"main\x00", "usage", ""},
		{":/Change", "unauthorized", ""},
		{"HEAD:" + guixName, "usage", ""},
		{strings.Repeat("x", 5000), "usage", ""},
	} {
		t.Run(strings.ToValidUTF8(test.name[:min(len(test.name), 40)], "?"), func(t *testing.T) {
			a := h.verifyRevision(u, test.name)
			if want(t, a, test.verdict, ""); a.Exit != exitOf(test.verdict) {
				t.Errorf("exit code %d", a.Exit)
			}
			if !strings.Contains(a.Error.Hint, test.hint) || test.verdict == "usage" && a.Error.Message == "" {
				t.Errorf("the error is %+v", a.Error)
			}
			if test.verdict == "authentic" && a.Tip != good && a.Tip != h.introduction {
				t.Errorf("the tip is %s", a.Tip)
			}
			if text := u.run(append(append([]string{"verify"}, h.flags()...), "--", test.name)...); text.exit != exitOf(test.verdict) {
				t.Errorf("as text, the exit code is %d: %s%s", text.exit, text.stdout, text.stderr)
			}
		})
	}
}

// verifyRevision judges a revision that may look like an option.
func (h *history) verifyRevision(u user, name string) answer {
	h.t.Helper()
	u.program = func(u user, args []string) result {
		return inProcess(u, append(args, "--", name))
	}
	return h.verifyBy(u, "--no-cache")
}

// The introduction is named in full: a hostile repository can have another commit
// that starts with the same digits, and refs of any name.
func TestHostileIntroductionNames(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	h.Git("update-ref", "refs/heads/"+h.introduction, "HEAD")
	want(t, h.verify(), "authentic", "")
	u := h.user()
	for _, name := range []string{h.introduction[:39], h.introduction[:7], "main", "HEAD", "refs/heads/main", "-x", "", h.introduction + "0", h.introduction[:39] + "g"} {
		a := u.json("verify", "--introduction", name, "--signer", alice(t).Fingerprint)
		want(t, a, "usage", "")
	}
	// Digits can be written in upper case.
	want(t, h.verify("--introduction", strings.ToUpper(h.introduction)), "authentic", "")
}

// The branch keyring is a branch: no tag or other ref of the name stands in.
func TestHostileKeyringNames(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	h.Git("tag", "keyring", "HEAD")
	a := h.verify()
	if want(t, a, "authentic", ""); a.Keyring != "branch keyring" {
		t.Errorf("the keyring is %q", a.Keyring)
	}
	h.Git("update-ref", "-d", "refs/heads/keyring")
	want(t, h.verify(), "usage", "")
	h.Keyring(alice(t))
	h.Git("update-ref", "refs/remotes/origin/keyring", "refs/heads/keyring")
	h.Git("update-ref", "-d", "refs/heads/keyring")
	a = h.verify()
	if want(t, a, "authentic", ""); a.Keyring != "branch origin/keyring" {
		t.Errorf("the keyring is %q", a.Keyring)
	}
}

// The verdict is about an object, whatever becomes of the name.
func TestVerdictIsAboutAnID(t *testing.T) {
	t.Parallel()
	h := newHistory(t, guixName, alice(t))
	tip := h.CommitAs(alice(t), "a", "1")
	h.Git("tag", "--annotate", "--message", "v1", "v1")
	for _, name := range []string{"main", "v1", "HEAD", tip, tip[:10]} {
		if a := h.verify(name); a.Tip != tip || a.Revision != name {
			t.Errorf("%s is said to be %s at %s", name, a.Revision, a.Tip)
		}
		if text := h.user().run(append([]string{"verify", name}, h.flags()...)...); !strings.Contains(text.stdout, tip) {
			t.Errorf("the text does not have the full id:\n%s", text.stdout)
		}
	}
}
