// Package approval is about agreeing to a change of .nix-authorizations before it
// counts: who has, how many must, and how somebody does.
package approval

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/internal/worktree"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

const fileName = string(authz.NixFormat)

// Options say which change is meant.
type Options struct {
	// Dir is what relative names start from, and Git the user's, with the same
	// working directory.
	Dir string
	Git gitcli.User
	// Keyring is where keys are looked up, empty for the default.
	Keyring string
	// Revision is a commit that proposes a change. If it is empty, the change is
	// that from HEAD to the work tree or, with Staged, to the index.
	Revision string
	Staged   bool
}

// A Side is the file before or after the change.
type Side struct {
	// Where says in words where it is, such as "the work tree".
	Where          string
	Content        []byte
	Authorizations *authz.Authorizations
}

func (s *Side) sum() [32]byte { return sha256.Sum256(s.Content) }

// A Proposal is a change of the file and who agrees to it.
type Proposal struct {
	Old, New Side
	Change   *authz.FileChange
	// Commit proposes the change, and Revision is what the user calls it. Both are
	// zero if it is not committed yet.
	Commit   gitwalk.ID
	Revision string
	// Signer is the entry of who has signed the commit and may authorize, nil if
	// there is none.
	Signer *authz.Entry
	// Found are the approvals that are there, and Ignored those of them that do not
	// count, in the order of their files.
	Found   []Approval
	Ignored []Approval
	// AtHead says that the commit is the one that is checked out.
	AtHead bool
	// StagedDiffers says that the index has yet another file than the work tree.
	StagedDiffers bool

	keys *keysource.Loaded
	tree worktree.Tree
	// hasTree says that there is a work tree.
	hasTree bool
}

// Message is what an approval signs.
func (p *Proposal) Message() []byte { return authz.ApprovalMessage(p.Old.sum(), p.New.sum()) }

// Needed is how many keys must agree, the signer of the commit among them.
func (p *Proposal) Needed() int { return p.Old.Authorizations.Threshold }

// Have are the entries that agree by what is in the commit, or, before there is one,
// in the work tree.
func (p *Proposal) Have() []authz.Entry {
	var have []authz.Entry
	if p.Signer != nil {
		have = append(have, *p.Signer)
	}
	for _, a := range p.Found {
		if a.Counts && !contains(have, a.Entry) {
			have = append(have, a.Entry)
		}
	}
	return have
}

// Missing is how many more must agree.
func (p *Proposal) Missing() int { return max(0, p.Needed()-len(p.Have())) }

// Could are the entries that may agree and have not.
func (p *Proposal) Could() []authz.Entry {
	var could []authz.Entry
	for _, e := range p.Old.Authorizations.Entries() {
		if e.Rights&authz.RightAuthorize != 0 && !contains(p.Have(), e) {
			could = append(could, e)
		}
	}
	return could
}

func contains(entries []authz.Entry, entry authz.Entry) bool {
	for _, e := range entries {
		if e.Key == entry.Key {
			return true
		}
	}
	return false
}

// Read finds a change and who agrees to it. The error is a usage error with a hint
// if there is no change that could be approved, or one of reading.
func Read(ctx context.Context, repository *gitrepo.Repository, o Options) (*Proposal, error) {
	source, err := repository.NewSource()
	if err != nil {
		return nil, err
	}
	r := reading{ctx: ctx, repository: repository, reader: gitwalk.NewReader(source), Options: o, p: &Proposal{Revision: o.Revision}}
	defer r.reader.Close()
	return r.p, r.read()
}

// reading is one call of Read.
type reading struct {
	Options
	ctx        context.Context
	repository *gitrepo.Repository
	reader     *gitwalk.Reader
	p          *Proposal
}

func (r *reading) read() error {
	var err error
	r.p.tree, err = worktree.Find(r.ctx, r.Git)
	r.p.hasTree = err == nil
	if err != nil && (r.Revision == "" || outcome.From(err).Class != outcome.Usage) {
		return err
	}
	if r.p.keys, err = r.keyring(); err != nil {
		return err
	}
	if r.Revision == "" {
		err = r.uncommitted()
	} else {
		err = r.committed()
	}
	if err != nil {
		return err
	}
	if err := r.compare(); err != nil {
		return err
	}
	return r.approvals()
}

// keyring is the configured keyring, or an empty one if there is none.
func (r *reading) keyring() (*keysource.Loaded, error) {
	loaded, err := keysource.Load(r.repository, r.Dir, r.Keyring, "")
	var absent *keysource.NotFoundError
	if errors.As(err, &absent) && absent.Default {
		return keysource.None(), nil
	}
	return loaded, err
}

// uncommitted is the change from HEAD to the work tree or the index.
func (r *reading) uncommitted() error {
	head, err := verification.Resolve(r.repository, "HEAD")
	if err != nil {
		return err
	}
	if r.p.Old, err = r.side(head.ID); err != nil {
		return err
	}
	staged, err := r.staged()
	if err != nil {
		return err
	}
	content, err := r.p.tree.Read(fileName, authz.MaxAuthorizations)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	r.p.New = Side{Where: "the work tree", Content: content}
	if r.Staged {
		r.p.New = Side{Where: "the index", Content: staged}
	}
	r.p.StagedDiffers = string(staged) != string(content) && string(staged) != string(r.p.Old.Content)
	if r.p.New.Content == nil {
		return outcome.UsageError(fmt.Errorf("%s has no %s", r.p.New.Where, fileName), "a commit that removes it is refused")
	}
	return nil
}

// staged is the file in the index, nil if it has none.
func (r *reading) staged() ([]byte, error) {
	quiet := r.Git
	quiet.Stderr = nil
	content, err := quiet.Output(r.ctx, "cat-file", "blob", ":"+fileName)
	if _, failed := gitcli.Failed(err); failed {
		return nil, nil
	}
	return content, err
}

// committed is the change from the first parent of a commit to that commit.
func (r *reading) committed() error {
	revision, err := verification.Resolve(r.repository, r.Revision)
	if err != nil {
		return err
	}
	raw, err := r.reader.Commit(revision.ID)
	if err != nil {
		return err
	}
	commit, err := gitwalk.ParseCommit(revision.ID, raw)
	if err != nil {
		return err
	}
	if len(commit.Parents) == 0 {
		return outcome.UsageError(fmt.Errorf("commit %s has no parent whose file could be changed", revision.ID), "name a commit that changes "+fileName)
	}
	if r.p.Old, err = r.side(commit.Parents[0]); err != nil {
		return err
	}
	head, _, err := r.repository.Ref("HEAD")
	if err != nil {
		return err
	}
	r.p.Commit, r.p.AtHead = revision.ID, head == revision.ID
	if r.p.New, err = r.side(revision.ID); err != nil {
		return err
	}
	return r.signedBy(commit)
}

// side is the file of a commit. It is there but need not be well formed.
func (r *reading) side(commit gitwalk.ID) (Side, error) {
	s := Side{Where: "commit " + commit.String()}
	file, err := authz.FileAt(r.reader, authz.NixFormat, commit)
	if err != nil {
		return s, err
	}
	if !file.Present() || !file.Entry.Mode.IsFile() {
		return s, outcome.UsageError(fmt.Errorf("%s has no file %s", s.Where, fileName), `"nix-authorize init" begins with one`)
	}
	s.Content, err = r.reader.Blob(file.Entry.ID, authz.MaxAuthorizations)
	return s, err
}

// signedBy notes who has signed the commit, if that is somebody who may authorize.
func (r *reading) signedBy(commit *gitwalk.Commit) error {
	var err error
	if r.p.Old.Authorizations, err = authz.ParseAuthorizations(authz.NixFormat, r.p.Old.Content); err != nil {
		return malformed(r.p.Old, err)
	}
	if commit.Signature == nil {
		return nil
	}
	r.p.Signer = r.entitled(r.p.keys.Check(commit.Payload(), commit.Signature))
	return nil
}

// entitled is the entry that a signature counts for, nil if it does not.
func (r *reading) entitled(result signer.Result) *authz.Entry {
	if result.Problem != nil || result.Identity == nil || result.Weakness != 0 {
		return nil
	}
	entry, listed := r.p.Old.Authorizations.Match(result.Identity)
	if !listed || entry.Rights&authz.RightAuthorize == 0 {
		return nil
	}
	return &entry
}

// compare reads both sides and requires that they differ.
func (r *reading) compare() error {
	for _, s := range []*Side{&r.p.Old, &r.p.New} {
		var err error
		if s.Authorizations, err = authz.ParseAuthorizations(authz.NixFormat, s.Content); err != nil {
			return malformed(*s, err)
		}
	}
	if string(r.p.Old.Content) == string(r.p.New.Content) {
		return outcome.UsageError(fmt.Errorf("%s is the same in %s and %s", fileName, r.p.Old.Where, r.p.New.Where),
			"change it first (\"nix-authorize key add\"), or name a commit that does")
	}
	r.p.Change = authz.Compare(r.p.Old.Authorizations, r.p.New.Authorizations)
	return nil
}

func malformed(s Side, err error) error {
	return outcome.UsageError(fmt.Errorf("%s of %s is malformed: %w", fileName, s.Where, err), "a change from or to a malformed file cannot be approved")
}
