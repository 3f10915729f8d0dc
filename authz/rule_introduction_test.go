package authz

import (
	"errors"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// TestRuleIntroduction has each way in which an introduction can fail.
func TestRuleIntroduction(t *testing.T) {
	const long = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEFFEDCBA9876543210"
	fp := string(alice.fingerprint())
	unknown := func(claimed string) signer.Result { return fakeProblem(signer.UnknownKey, claimed) }
	wrong := func(signer, detail string) verdictWanted { return verdictWanted{WrongIntroduction, 0, signer, detail} }
	invalid := wrong("-", "not validly signed: a fake problem")
	for _, c := range []struct {
		name     string
		result   signer.Result
		expected signer.Fingerprint
		want     verdictWanted
	}{
		{"good", signedBy(alice, 0), alice.fingerprint(), verdictWanted{}},
		{"another key", signedBy(bob, 0), alice.fingerprint(), wrong("", "signed by "+string(bob.fingerprint())+" instead of "+fp)},
		{"a subkey", signer.Result{Identity: &signer.Identity{Key: bob.fingerprint(), Primaries: []signer.Fingerprint{alice.fingerprint()}}},
			alice.fingerprint(), wrong("", "instead of")},
		{"no signer expected", signedBy(alice, 0), "", wrong("", "instead of")},
		{"no signer expected, none found", signer.Result{Identity: &signer.Identity{}}, "", wrong("-", "proves no key")},
		{"no signer expected, an unknown key", unknown(fp[24:]), "", invalid},
		{"bad", fakeProblem(signer.BadSignature, fp), alice.fingerprint(), invalid},
		{"malformed", fakeProblem(signer.Malformed, ""), alice.fingerprint(), invalid},
		{"unsupported", fakeProblem(signer.Unsupported, ""), alice.fingerprint(), invalid},
		{"SHA-1", signedBy(alice, signer.WeakSHA1), alice.fingerprint(), wrong("-", "SHA-1")},
		{"key not in the keyring", unknown(fp), alice.fingerprint(), verdictWanted{UnknownKey, 0, "-", "a fake problem"}},
		{"key not in the keyring, by id", unknown(fp[24:]), alice.fingerprint(), verdictWanted{UnknownKey, 0, "-", ""}},
		{"key not in the keyring, version 6", unknown(long), long, verdictWanted{UnknownKey, 0, "-", ""}},
		{"key not in the keyring, version 6 by id", unknown(long[:16]), long, verdictWanted{UnknownKey, 0, "-", ""}},
		{"another that is not in the keyring", unknown(string(bob.fingerprint())), alice.fingerprint(), invalid},
		{"another by id", unknown(string(bob.fingerprint()[24:])), alice.fingerprint(), invalid},
		{"an id of 8 digits", unknown(fp[32:]), alice.fingerprint(), invalid},
		{"the first digits", unknown(fp[:16]), alice.fingerprint(), invalid},
		{"the last digits of a version 6 key", unknown(long[48:]), long, invalid},
		{"the end of an SSH key", unknown(fpBob[len(fpBob)-16:]), fpBob, invalid},
		{"nobody", unknown(""), alice.fingerprint(), invalid},
	} {
		for _, f := range []Format{NixFormat, GuixFormat} {
			t.Run(c.name+" "+f.FileName(), func(t *testing.T) {
				w := newWorld(t, f)
				w.policy.Introduction.Signer = c.expected
				facts := factsOf(fileWith(f, w.listing(bob)))
				facts.Signature = c.result
				v := w.policy.JudgeIntroduction(facts)
				c.want.check(t, v)
				if v.Refusal != nil && v.Refusal.Expected != c.expected {
					t.Errorf("expected %q", v.Refusal.Expected)
				}
			})
		}
	}
}

// TestRuleIntroductionWeakness has that DSA and short RSA keys are good where
// Guix accepts them, and SHA-1 nowhere, file or no file.
func TestRuleIntroductionWeakness(t *testing.T) {
	for _, f := range []Format{NixFormat, GuixFormat} {
		w := newWorld(t, f)
		w.introduce(commitID, alice)
		for _, file := range []*File{{}, fileWith(f, w.listing(alice))} {
			for weak := range signer.Weakness(8) {
				facts := factsOf(file)
				facts.Signature = signedBy(alice, weak)
				want := weak == 0 || f == GuixFormat && weak&signer.WeakSHA1 == 0
				if v := w.policy.JudgeIntroduction(facts); v.Authentic() != want {
					t.Errorf("%s, %s: %v", f, weak, v.Refusal)
				}
			}
		}
	}
}

func TestRuleIntroductionForm(t *testing.T) {
	for _, f := range []Format{NixFormat, GuixFormat} {
		w := newWorld(t, f)
		w.introduce(commitID, alice)
		good := fileWith(f, w.listing(alice))
		for _, c := range []struct {
			name   string
			change func(*Facts)
			want   verdictWanted
		}{
			{"no file", func(f *Facts) { f.File = &File{} }, verdictWanted{}},
			{"malformed file", func(facts *Facts) { facts.File = fileWith(f, "{") }, verdictWanted{MalformedAuthorizations, 0, "-", "column"}},
			{"link", func(facts *Facts) { facts.File = linked(f) }, verdictWanted{MalformedAuthorizations, 0, "-", "symbolic link"}},
			{"malformed commit", func(f *Facts) { f.Malformed = errors.New("two trees") }, verdictWanted{MalformedCommit, 0, "-", "two trees"}},
			{"unsigned", func(f *Facts) { f.Signed = false }, verdictWanted{WrongIntroduction, 0, "-", "it has no signature"}},
		} {
			t.Run(c.name+" "+f.FileName(), func(t *testing.T) {
				facts := factsOf(good)
				c.change(facts)
				c.want.check(t, w.policy.JudgeIntroduction(facts))
			})
		}
	}
}

// TestRuleIntroductionParents has that no parent has a say, not even one that the
// repository lacks.
func TestRuleIntroductionParents(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		missing := gitwalk.ID{1}
		intro := w.introduce(w.commit(alice, w.listing(alice), missing, missing), alice)
		w.accepts(intro)
		w.accepts(w.commit(alice, w.listing(alice), intro))
		w.accepts(w.introduce(w.commit(alice, "", w.commit(bob, w.listing(bob)), w.commit("", "{")), alice))
	})
}
