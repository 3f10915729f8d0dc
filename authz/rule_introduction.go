package authz

import (
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// JudgeIntroduction judges the introduction, which no parent authorizes: it must
// be signed by exactly the introduction's signer, and a file in its tree must be
// well formed. Weak digests are refused here in every format.
func (p *Policy) JudgeIntroduction(f *Facts) *Verdict {
	j := p.judgement(f)
	expected := p.Introduction.Signer
	if j.malformed() || j.ownFile() {
		return j.verdict
	}
	if j.signature(p.refusedWeaknesses(f) | signer.WeakSHA1) {
		refusal := j.verdict.Refusal
		refusal.Expected = expected
		if refusal.Reason != UnknownKey || !names(refusal.Claimed, expected) {
			refusal.Detail = "the introduction is not validly signed: " + refusal.Detail
			refusal.Reason = WrongIntroduction
		}
		return j.verdict
	}
	if j.verdict.Signer.Key != expected {
		j.refuse(WrongIntroduction, gitwalk.ID{}, "the introduction is signed by %s instead of %s",
			j.verdict.Signer.Key, expected)
		j.verdict.Refusal.Expected = expected
	}
	return j.verdict
}

// names says whether what a signature claims as its maker, a fingerprint or a
// 64-bit key id, agrees with a fingerprint.
func names(claimed string, fp signer.Fingerprint) bool {
	const keyID = 16
	switch {
	case claimed == string(fp):
		return true
	case len(claimed) != keyID || fp.IsSSH():
		return false
	case len(fp) == 64: // version 6: the key id is the high 64 bits (RFC 9580, 5.5.4)
		return strings.HasPrefix(string(fp), claimed)
	}
	return strings.HasSuffix(string(fp), claimed)
}
