package report

import (
	"errors"
	"fmt"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// hintFor says what somebody who is no expert can do about a refused commit.
func hintFor(r *authz.Refusal, s Started) string {
	file := s.Policy.Introduction.Format.FileName()
	switch r.Reason {
	case authz.Unsigned:
		if r.Rule != authz.MergesStrict && r.Rule != "" {
			return fmt.Sprintf("if a forge made this commit by squash or rebase, it must merge with a merge commit instead; otherwise whoever is listed in %s must sign it (git commit -S)", file)
		}
		return fmt.Sprintf("whoever is listed in %s must make this change again as a signed commit (git commit -S)", file)
	case authz.BadSignature:
		return "the commit was changed after it was signed, or the signature is made up; do not use it, and ask its author"
	case authz.WeakSignature:
		return "the signer must sign with a current key and SHA-256 or SHA-512; for gpg that is the default since version 2"
	case authz.UnsupportedSignature:
		return "sign with OpenPGP (git config gpg.format openpgp) or SSH (git config gpg.format ssh)"
	case authz.UnknownKey:
		return fmt.Sprintf("if the key belongs to a committer, get it into the keyring (looked up in: %s), for example with \"git fetch origin keyring:keyring\"", Printable(s.Keyring))
	case authz.Unauthorized:
		return unauthorizedHint(r, file)
	case authz.PathForbidden:
		return fmt.Sprintf("whoever may change that path must sign this change; \"git show %.12s:%s\" shows who may", r.Parent, file)
	case authz.Threshold:
		return "whoever approves of the new file signs it with \"nix-authorize approve\", and the approvals go into the same commit"
	case authz.NotMechanical:
		return "somebody has put something into the merge by hand: a key that may merge must sign it, or the branch must be merged again without changes"
	case authz.NotVouched:
		return "somebody listed who may commit must sign the head of the merged branch (\"nix-authorize seal\") before it is merged; merges by squash or rebase are new commits and cannot be vouched for"
	case authz.MalformedCommit:
		return "no current git makes such a commit; do not use it, and make the change again with git"
	case authz.MalformedAuthorizations:
		return fmt.Sprintf("stay at the parent of this commit, and ask the project to mend %s in a new commit on top of that parent", file)
	case authz.AuthorizationsRemoved:
		return fmt.Sprintf("without %s nobody could be authorized any more; stay at the parent of this commit", file)
	case authz.WrongIntroduction:
		return "compare commit and signer with what the project publishes; one digit that differs means a different history"
	case authz.NotDescendant:
		return "check that this is the right branch and introduction; if both are, the history has been replaced: do not use it"
	}
	return ""
}

func unauthorizedHint(r *authz.Refusal, file string) string {
	switch {
	case r.Parent.IsZero():
		return "a history of its own cannot be merged in; apply its changes as signed commits instead"
	case r.NoFile:
		return fmt.Sprintf("a history older than its first %s needs --historical-authorizations; if the project has the other file, add --authorizations", file)
	case r.Signer != nil && r.Signer.Name != "":
		return fmt.Sprintf("somebody with that right must sign this change; \"git show %.12s:%s\" shows who may do what", r.Parent, file)
	}
	return fmt.Sprintf("\"git show %.12s:%s\" shows who may sign it; if the signer should be one of them, somebody listed there must first add the key, in a commit that this one descends from", r.Parent, file)
}

// hintForUnchecked says what is to be done so that a commit can be checked.
func hintForUnchecked(u *authz.UncheckedError, s Started) string {
	switch u.Reason {
	case authz.MissingObject:
		return s.MissingHint
	case authz.CorruptObject:
		return verification.HintCorrupt
	}
	if errors.As(u.Cause, new(*gitwalk.CannotMergeError)) {
		return "whether nothing was slipped into this merge has to be found out by git, version 2.38 or later: install it, or put it on PATH"
	}
	return "there is no verdict on this commit here; what is said about it above says what is in the way"
}
