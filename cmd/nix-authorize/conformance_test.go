package main

import (
	"path/filepath"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
)

// The test cases of Guix's own tests/git-authenticate.scm, tests/openpgp.scm,
// tests/channels.scm and tests/guix-git-authenticate.sh, as behaviour, under the
// labels of the project's conformance table, over real git and gpg.
func TestGuixConformance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"G1 unsigned commits", guixUnsigned},
		{"G2 SHA-1 signature where the tree has the file", guixSHA1},
		{"G3 no file anywhere, signer in historical authorizations", guixHistorical},
		{"G4 signer that takes itself off the list", guixSelfRemoval},
		{"G5 merge of a branch with an unauthorized commit", guixUnauthorizedBranch},
		{"G6 branch that adds a key", guixKeyFromBranch},
		{"G7 file removed", guixFileRemoved},
		{"G8 introduction signed by its signer", guixIntroduction},
		{"G9 introduction unsigned", guixIntroductionUnsigned},
		{"G10 introduction signed by another", guixIntroductionByAnother},
		{"G11 tip not a descendant of the introduction", guixNotDescendant},
		{"C5 keyring on another branch", guixOtherKeyring},
		{"S2 S3 with an introduction, then from the recorded configuration", guixRecorded},
		{"S5 S6 introduction older than the first file", guixOlderIntroduction},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t)
		})
	}
}

// alice and bob are who most tests are about.
func alice(t testing.TB) *gittest.Key { return gittest.PGP(t, "ed25519", "alice") }
func bob(t testing.TB) *gittest.Key   { return gittest.PGP(t, "rsa2048", "bob") }

func guixUnsigned(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	first := h.Commit("b", "2")
	second := h.Commit("c", "3")
	a := h.verify()
	want(t, a, "unsigned", first)
	if a.refused(second) == nil {
		t.Errorf("the second unsigned commit is not named: %+v", a.Refusals)
	}
}

func guixSHA1(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	weak := h.sign(alice(t), h.RawCommit(h.tree("HEAD"), "Weak", h.introduction), "--digest-algo", "SHA1")
	want(t, h.verify(weak), "weak-signature", weak)

	// The commit that brings the first file has it, and its parent does not.
	first := h.SortedTree(gittest.TreeEntry{Mode: "100644", Name: guixName, ID: h.Git("rev-parse", "HEAD:"+guixName)})
	h.introduction = h.sign(alice(t), h.RawCommit(h.SortedTree(), "Nothing"))
	weak = h.sign(alice(t), h.RawCommit(first, "Weak", h.introduction), "--digest-algo", "SHA1")
	h.Write("../historical", listing(guixName, alice(t)))
	want(t, h.verify(weak, "--historical-authorizations", "../historical"), "weak-signature", weak)
	weak = h.sign(alice(t), h.RawCommit(h.SortedTree(), "Weak", h.introduction), "--digest-algo", "SHA1")
	want(t, h.verify(weak, "--historical-authorizations", "../historical"), "authentic", "")
}

func guixHistorical(t *testing.T) {
	h := &history{Repo: gittest.New(t), t: t, file: guixName, signer: alice(t)}
	h.Keyring(alice(t), bob(t))
	h.introduction = h.CommitAs(alice(t), "a", "1")
	h.CommitAs(alice(t), "b", "2")
	weak := h.sign(alice(t), h.RawCommit(h.tree("HEAD"), "Weak", h.Git("rev-parse", "HEAD")), "--digest-algo", "SHA1")
	h.Write("../historical", listing(guixName, alice(t)))
	want(t, h.verify("--historical-authorizations", "../historical"), "authentic", "")
	want(t, h.verify("--historical-authorizations", "../historical", weak), "authentic", "")

	other := h.CommitAs(bob(t), "c", "3")
	want(t, h.verify("--historical-authorizations", "../historical"), "unauthorized", other)
}

func guixSelfRemoval(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	want(t, h.verify(), "authentic", "")
	h.authorize(alice(t))
	want(t, h.verify(), "authentic", "")
	child := h.CommitAs(alice(t), "b", "2")
	a := h.verify()
	want(t, a, "unauthorized", child)
	if s := a.Refusals[0].Signer; s == nil || s.Fingerprint != alice(t).Fingerprint {
		t.Errorf("the refusal does not name the key: %+v", a.Refusals[0])
	}
}

func guixUnauthorizedBranch(t *testing.T) {
	h := newHistory(t, guixName, alice(t), bob(t))
	h.Git("switch", "--quiet", "--create", "branch")
	bad := h.CommitAs(bob(t), "b", "1")
	h.Git("switch", "--quiet", "main")
	h.CommitAs(alice(t), "a", "1")
	h.MergeAs(alice(t), "branch")
	a := h.verify()
	want(t, a, "unauthorized", bad)
	if len(a.Refusals) != 1 {
		t.Errorf("more is refused than the branch's commit: %+v", a.Refusals)
	}
}

func guixKeyFromBranch(t *testing.T) {
	h := newHistory(t, guixName, alice(t), bob(t))
	h.Git("switch", "--quiet", "--create", "branch")
	h.authorize(alice(t), alice(t), bob(t))
	h.CommitAs(bob(t), "b", "1")
	h.Git("switch", "--quiet", "main")
	tooEarly := h.CommitAs(alice(t), "a", "1")
	h.MergeAs(alice(t), "branch")
	h.CommitAs(bob(t), "c", "1")
	want(t, h.verify(), "authentic", "")

	// The key counts only where every parent lists it.
	h.Git("switch", "--quiet", "--create", "early", tooEarly)
	merge := h.MergeAs(bob(t), "branch")
	want(t, h.verify("early"), "unauthorized", merge)
}

func guixFileRemoved(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	h.Git("rm", "--quiet", guixName)
	removal := h.CommitIndexAs(alice(t), "Remove the file")
	want(t, h.verify(), "authorizations-removed", removal)
	h.CommitAs(alice(t), "a", "1")
	want(t, h.verify(), "authorizations-removed", removal)
}

func guixIntroduction(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	a := h.verify()
	want(t, a, "authentic", "")
	if a.judged() != 0 || a.Tip != h.introduction {
		t.Errorf("only the introduction is there, but %+v", a)
	}
}

func guixIntroductionUnsigned(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	h.introduction = h.Commit("a", "unsigned")
	h.CommitAs(alice(t), "b", "1")
	a := h.verify()
	want(t, a, "wrong-introduction", h.introduction)
	if len(a.Refusals) != 1 || a.Refusals[0].ExpectedSigner != alice(t).Fingerprint {
		t.Errorf("the refusals are %+v", a.Refusals)
	}
}

func guixIntroductionByAnother(t *testing.T) {
	h := newHistory(t, guixName, alice(t), bob(t))
	h.introduction = h.CommitAs(bob(t), "a", "1")
	h.CommitAs(alice(t), "b", "1")
	a := h.verify()
	want(t, a, "wrong-introduction", h.introduction)
	r := a.Refusals[0]
	if r.Signer == nil || r.Signer.Fingerprint != bob(t).Fingerprint || r.ExpectedSigner != alice(t).Fingerprint {
		t.Errorf("the refusal does not have both fingerprints: %+v", r)
	}
}

func guixNotDescendant(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	older := h.introduction
	h.Git("switch", "--quiet", "--create", "beside")
	beside := h.CommitAs(alice(t), "a", "1")
	h.Git("switch", "--quiet", "main")
	h.introduction = h.CommitAs(alice(t), "b", "1")
	want(t, h.verify("main"), "authentic", "")
	want(t, h.verify("beside"), "not-descendant", beside)
	want(t, h.verify(older), "not-descendant", older)
}

func guixOtherKeyring(t *testing.T) {
	h := newHistory(t, guixName, alice(t), bob(t))
	h.CommitAs(alice(t), "a", "1")
	h.Git("branch", "--move", "keyring", "our/keys")
	want(t, h.verify(), "usage", "")
	a := h.verify("--keyring", "our/keys")
	want(t, a, "authentic", "")
	if a.Keyring != "branch our/keys" {
		t.Errorf("the keyring is %q", a.Keyring)
	}
	bad := h.CommitAs(bob(t), "b", "1")
	want(t, h.verify("--keyring", "our/keys"), "unauthorized", bad)
}

func guixRecorded(t *testing.T) {
	h := newHistory(t, guixName, alice(t))
	h.CommitAs(alice(t), "a", "1")
	u := h.user()
	want(t, h.verifyBy(u), "authentic", "")
	want(t, u.json("verify"), "usage", "")
	if a := u.json("trust", h.introduction, alice(t).Fingerprint); a.Exit != 0 {
		t.Fatalf("not recorded: %+v", a)
	}
	a := u.json("verify")
	want(t, a, "authentic", "")
	if a.Introduction.Commit != h.introduction || a.Authorizations != guixName {
		t.Errorf("it was judged by something else: %+v", a)
	}
}

func guixOlderIntroduction(t *testing.T) {
	h := &history{Repo: gittest.New(t), t: t, file: guixName, signer: alice(t)}
	h.Keyring(alice(t))
	h.introduction = h.CommitAs(alice(t), "a", "1")
	first := h.CommitAs(alice(t), "b", "1")
	h.authorize(alice(t), alice(t))
	h.CommitAs(alice(t), "c", "1")
	want(t, h.verify(), "unauthorized", first)

	historical := filepath.Join(t.TempDir(), "historical")
	gittest.At(t, filepath.Dir(historical)).Write("historical", listing(guixName, alice(t)))
	want(t, h.verify("--historical-authorizations", historical), "authentic", "")
}
