package authz

import (
	"encoding/hex"
	"fmt"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// ApprovalNamespace is the namespace of SSH signatures on approvals, as
// "ssh-keygen -Y sign -n" takes it.
const ApprovalNamespace = "nix-authorize"

// ApprovalDir is where a commit that changes the authorizations file has the
// approvals of those who did not sign it, relative to the root of its tree.
const ApprovalDir = ".nix-authorizations.d/approvals"

// ApprovalMessage is the text that an approval signs: it is about exactly one change
// of the file, from the content whose SHA-256 is previous to that whose SHA-256 is
// next.
func ApprovalMessage(previous, next [32]byte) []byte {
	return fmt.Appendf(nil, "nix-authorize approval v1\nprevious %s\nnext %s\n", hex.EncodeToString(previous[:]), hex.EncodeToString(next[:]))
}

// Approvers are the entries of a parent's file that have agreed to a change of it,
// the signer of the commit among them. Keys count by the entry that lists them, so
// that a primary key and its subkey are one.
type Approvers struct {
	Parent gitwalk.ID
	Have   []Entry // no more than are needed
	Needed int
}

// Missing is how many more approvals are needed.
func (a *Approvers) Missing() int { return max(0, a.Needed-len(a.Have)) }

func (a *Approvers) add(entry Entry) {
	for _, e := range a.Have {
		if e.Key == entry.Key {
			return
		}
	}
	a.Have = append(a.Have, entry)
}

// approvers counts who of a parent's keys agrees to the change of its file that a
// commit makes.
func approvers(f *Facts, parent Parent, authorizations *Authorizations, by *signer.Identity) (*Approvers, error) {
	a := &Approvers{Parent: parent.ID, Needed: authorizations.Threshold}
	if entry, ok := authorizations.Match(by); ok && entry.Rights&RightAuthorize != 0 {
		a.add(entry)
	}
	if a.Missing() == 0 {
		return a, nil
	}
	if f.Evidence == nil {
		return nil, errNoEvidence
	}
	message := ApprovalMessage(parent.File.Sum, f.File.Sum)
	for result, err := range f.Evidence.Approvals(f.Commit, message) {
		if err != nil {
			return nil, err
		}
		if result.Problem != nil || result.Identity == nil || result.Weakness != 0 {
			continue
		}
		if entry, ok := authorizations.Match(result.Identity); ok && entry.Rights&RightAuthorize != 0 {
			a.add(entry)
		}
		if a.Missing() == 0 {
			break
		}
	}
	return a, nil
}
