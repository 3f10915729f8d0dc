package approval

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/filename"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/shell"
	"github.com/nix-authorize/nix-authorize/internal/signing"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A Ballot is the user's own approval before it is given.
type Ballot struct {
	*Proposal
	// Own is the entry of the user's key by the old file.
	Own authz.Entry
	// Given is the approval that the user has given already, nil if there is none.
	Given *Approval
	// File is where the approval will be.
	File string

	signer *signing.Signer
}

// Prepare finds the user's key and requires that it may authorize by the old file.
func (p *Proposal) Prepare(ctx context.Context, o Options) (*Ballot, error) {
	if !p.hasTree {
		return nil, outcome.UsageError(errors.New("there is no work tree to put an approval into"), "change to a checkout, or name one with -C DIRECTORY")
	}
	own, err := signing.Find(ctx, o.Git)
	if err != nil {
		return nil, err
	}
	b := &Ballot{Proposal: p, signer: own}
	entry, listed := own.Entry(p.Old.Authorizations)
	if !listed || entry.Rights&authz.RightAuthorize == 0 {
		return nil, p.outsider(own.Key)
	}
	b.Own = entry
	for i, a := range p.Found {
		if a.Entry.Key == entry.Key {
			b.Given = &p.Found[i]
		}
	}
	b.File = b.name()
	return b, nil
}

// outsider says that a key has no say, and who has.
func (p *Proposal) outsider(key signer.Fingerprint) error {
	var names []string
	for _, e := range p.Old.Authorizations.Entries() {
		if e.Rights&authz.RightAuthorize != 0 {
			names = append(names, e.Name)
		}
	}
	return outcome.UsageError(fmt.Errorf("your key, %s, may not authorize by the file of %s", key, p.Old.Where),
		"what a change adds does not count for the change itself; these may agree to it: "+strings.Join(names, ", "))
}

// name is a file that is the entry's own.
func (b *Ballot) name() string {
	name := filename.Of(b.Own.Name)
	for _, e := range b.Old.Authorizations.Entries() {
		if e.Key != b.Own.Key && filename.Of(e.Name) == name {
			name = filename.With(b.Own.Name, b.Own.Key)
			break
		}
	}
	ending := ".asc"
	if b.Own.Key.IsSSH() {
		ending = ".sig"
	}
	return path.Join(authz.ApprovalDir, name+ending)
}

// Approved is what has become of a proposal.
type Approved struct {
	*Ballot
	// Unpublished says that the user's key is not in the keyring, so that nobody
	// else can check the approval.
	Unpublished bool
}

// Approve signs the change and writes the approval into the work tree, in the place
// of an older one of the same key.
func (b *Ballot) Approve(ctx context.Context) (*Approved, error) {
	old, err := b.tree.Read(b.File, maxFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	message := b.Message()
	signature, err := b.signer.Sign(ctx, message, authz.ApprovalNamespace)
	if err != nil {
		return nil, err
	}
	if entry, listed := b.Old.Authorizations.Match(signature.By); !listed || entry.Key != b.Own.Key {
		return nil, b.outsider(signature.By.Key) // another subkey has signed than was expected
	}
	if err := b.tree.Replace(b.File, old, signature.Armor); err != nil {
		return nil, err
	}
	b.Ignored = slices.DeleteFunc(b.Ignored, func(a Approval) bool { return a.File == b.File })
	b.Found = append(b.Found, Approval{File: b.File, Entry: b.Own, Counts: b.Commit.IsZero()})
	result := b.keys.CheckDetached(message, signature.Armor, authz.ApprovalNamespace)
	return &Approved{b, result.Problem != nil}, nil
}

// Next are the commands to run next.
func (a *Approved) Next() []string {
	directory, _, _ := strings.Cut(authz.ApprovalDir, "/")
	switch {
	case a.Commit.IsZero() && a.Missing() > 0:
		return nil
	case a.Commit.IsZero():
		return []string{
			shell.Line("git", "add", "--", fileName, directory),
			shell.Line("git", "commit", "--gpg-sign"),
		}
	case a.AtHead:
		return []string{
			shell.Line("git", "add", "--", directory),
			shell.Line("git", "commit", "--amend", "--no-edit", "--gpg-sign"),
		}
	}
	return nil
}

// Lost is the entry whose agreement is in the signature on the commit alone, and
// would be lost if somebody else amended it; nil if there is none.
func (a *Approved) Lost() *authz.Entry {
	if a.Signer == nil || a.Signer.Key == a.Own.Key {
		return nil
	}
	for _, found := range a.Found {
		if found.Entry.Key == a.Signer.Key {
			return nil
		}
	}
	return a.Signer
}
