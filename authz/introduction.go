package authz

import (
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// An Introduction is where trust starts: a commit and the key that signed it,
// which the user got from the project by another way than the repository. It is
// configuration of the verifier and never read from the history that is judged.
type Introduction struct {
	Commit gitwalk.ID
	Signer signer.Fingerprint
	// Format names the authorizations file that the history is judged by.
	Format Format
}

// A Policy is all that a verdict depends on besides the history itself.
type Policy struct {
	Introduction Introduction
	// Historical are the authorizations that a commit without an authorizations
	// file is taken to have, or nil for none at all.
	Historical *Authorizations
}
