package authz

import (
	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// signer is the entry for who has signed a commit of a side branch, who must have
// the right.
func (v *vouching) signer(commit gitwalk.ID, side *SideCommit, right Right) (Entry, error) {
	result := side.Signature
	switch {
	case side.Malformed != nil:
		return Entry{}, notVouched(commit, "is malformed: %s", side.Malformed)
	case !side.Signed:
		return Entry{}, notVouched(commit, "has no signature")
	case result.Problem != nil:
		return Entry{}, notVouched(commit, "has no valid signature: %s", result.Problem.Detail)
	case result.Weakness != 0:
		return Entry{}, notVouched(commit, "has a signature that is too weak: it uses %s", result.Weakness)
	case result.Identity == nil || result.Identity.Key == "":
		return Entry{}, notVouched(commit, "has a signature that proves no key")
	}
	entry, listed := v.keys.Match(result.Identity)
	switch {
	case !listed:
		return Entry{}, notVouched(commit, "is signed by %s, which the first parent of the merge does not list", result.Identity.Key)
	case entry.Rights&right != right:
		return Entry{}, notVouched(commit, "is signed by %q, who may only %s", entry.Name, entry.Rights)
	}
	return entry, nil
}

// signed requires that the paths of the entry that has signed a commit cover what
// differs between two commits, and notes the voucher.
func (v *vouching) signed(commit gitwalk.ID, side *SideCommit, entry Entry, from, to gitwalk.ID) error {
	path, err := uncovered(v.evidence, entry.Paths, from, to)
	if err != nil {
		return err
	}
	if path != "" {
		return notVouched(commit, "is signed by %q, who may not change %q", entry.Name, path)
	}
	v.vouchers = append(v.vouchers, Voucher{commit, Signer{*side.Signature.Identity, entry.Name}})
	return nil
}
