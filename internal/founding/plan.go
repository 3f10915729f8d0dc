// Package founding makes the first authorizations of a repository: the file, the
// keyring branch and the introduction, a commit that the user signs and publishes.
package founding

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/authfile"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/keybranch"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/signing"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/internal/worktree"
)

const fileName = string(authz.NixFormat)

// Options are what a user can say about the beginning.
type Options struct {
	// Dir is what relative names start from, and Git the user's, with the same
	// working directory.
	Dir    string
	Git    gitcli.User
	Getenv func(string) string
	// Name is what the file calls the user; by default what git does.
	Name   string
	Merges authz.MergeRule
	// Keyring is the branch for OpenPGP keys, empty for the default.
	Keyring string
	// Message is that of the introduction, empty for a default.
	Message string
}

// A Plan is what would be made.
type Plan struct {
	Signer *signing.Signer
	// Authorizations are what the file will say, and Content is its text.
	Authorizations *authz.Authorizations
	Content        []byte
	// Existing says that the file is in the work tree already and stays as it is.
	Existing bool
	// Branch gets the introduction on top of Parent, which is zero for the first
	// commit of all.
	Branch  string
	Parent  gitwalk.ID
	Message string
	// Keyring is the commit that publishes the user's OpenPGP key, nil if none is
	// needed. KeyringDir is the directory that is the keyring instead of a branch.
	Keyring    *keybranch.Addition
	KeyringDir string

	o          Options
	repository *gitrepo.Repository
	tree       worktree.Tree
}

// Prepare finds out what is there and what would be made, and makes nothing yet. An
// error is a usage error with a hint if the repository has had its beginning, or if
// git cannot sign.
func Prepare(ctx context.Context, repository *gitrepo.Repository, o Options) (*Plan, error) {
	p := &Plan{o: o, repository: repository, Branch: repository.HeadBranch()}
	var err error
	if p.tree, err = worktree.Find(ctx, o.Git); err != nil {
		return nil, err
	}
	if p.Branch == "" {
		return nil, outcome.UsageError(errors.New("no branch is checked out"), `check out the branch that people will pull, for example with "git switch main"`)
	}
	if err := p.isFirst(); err != nil {
		return nil, err
	}
	who, err := identity(ctx, o.Git)
	if err != nil {
		return nil, err
	}
	if p.Signer, err = signing.Find(ctx, o.Git); err != nil {
		return nil, err
	}
	if err := p.file(who); err != nil {
		return nil, err
	}
	return p, p.keyring(ctx)
}

// isFirst makes sure that there is no introduction and no file yet.
func (p *Plan) isFirst() error {
	config, err := p.repository.Config()
	if err != nil {
		return err
	}
	const hint = `"nix-authorize key add" lets somebody else in, and "nix-authorize verify" judges what is there`
	for _, branch := range []string{p.Branch, ""} {
		if trust.CheckReplace(config, branch, trust.Settings{}, false) != nil {
			return outcome.UsageError(errors.New("this repository has an introduction already (git config nix-authorize.introduction)"), hint)
		}
	}
	head, born, err := p.repository.Ref("refs/heads/" + p.Branch)
	if err != nil || !born {
		return err
	}
	p.Parent = head
	source, err := p.repository.NewSource()
	if err != nil {
		return err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	file, err := authz.FileAt(reader, authz.NixFormat, head)
	if err == nil && file.Present() {
		err = outcome.UsageError(fmt.Errorf("%s is there already, in commit %s", fileName, head), hint)
	}
	return err
}

// identity is the name under which git commits.
func identity(ctx context.Context, git gitcli.User) (string, error) {
	git.Stderr = nil // it explains at length what the hint says
	out, err := git.Output(ctx, "var", "GIT_COMMITTER_IDENT")
	if _, failed := gitcli.Failed(err); failed {
		return "", outcome.UsageError(errors.New("git does not know who you are"), `git config user.name "YOUR NAME" && git config user.email MAIL`)
	}
	name, _, _ := strings.Cut(string(out), " <")
	return name, err
}

// file decides what the file will say. One that is there already, written by hand,
// imported or left by a run that failed, is taken as it is if the user's own key may
// do everything by it.
func (p *Plan) file(who string) error {
	made, err := p.newFile(who)
	if err != nil {
		return err
	}
	switch p.Content, err = p.tree.Read(fileName, authz.MaxAuthorizations); {
	case errors.Is(err, fs.ErrNotExist):
		p.Content = made
	case err != nil:
		return err
	default:
		p.Existing = true
	}
	if p.Existing && !bytes.Equal(p.Content, made) && (p.o.Name != "" || p.o.Merges != "") {
		return outcome.UsageError(fmt.Errorf("%s is there already and will be taken as it is", fileName), "leave --name and --merges out, or move the file away")
	}
	return p.read()
}

// newFile is a file that lists the user's own key.
func (p *Plan) newFile(who string) ([]byte, error) {
	entry := authz.Entry{
		Name: cmp.Or(p.o.Name, who), Key: p.Signer.Key,
		Rights: authz.RightCommit | authz.RightMerge | authz.RightAuthorize,
	}
	if entry.Key.IsSSH() {
		entry.SSHKey = p.Signer.Public
	}
	return authfile.New([]authz.Entry{entry}, authfile.Options{Merges: p.o.Merges})
}

// read reads the file as everybody else will, and makes sure that the user can go on
// from it.
func (p *Plan) read() (err error) {
	p.Authorizations, err = authz.ParseAuthorizations(authz.NixFormat, p.Content)
	if err != nil {
		return outcome.UsageError(fmt.Errorf("%s is there already and is malformed: %w", fileName, err), "mend it, or move it away for a new one")
	}
	entry, listed := p.Signer.Entry(p.Authorizations)
	if need := authz.RightCommit | authz.RightAuthorize; !listed || entry.Rights&need != need {
		return outcome.UsageError(fmt.Errorf("%s is there already and does not let your own key, %s, commit and authorize", fileName, p.Signer.Key),
			"whoever signs the beginning should be listed in it: add your key, or let somebody who is listed run this")
	}
	p.Message = cmp.Or(p.o.Message, "Start: "+p.starters()+" may sign")
	return nil
}

// starters are those who may sign, for the message.
func (p *Plan) starters() string {
	const most = 3
	var names []string
	for _, e := range p.Authorizations.Entries() {
		names = append(names, e.Name)
	}
	if len(names) > most {
		return fmt.Sprintf("%d keys", len(names))
	}
	return strings.Join(names, ", ")
}

// keyring plans the publication of the user's key.
func (p *Plan) keyring(ctx context.Context) error {
	if p.Signer.Key.IsSSH() {
		return nil
	}
	entry, _ := p.Signer.Entry(p.Authorizations)
	key := keybranch.Key{Holder: entry.Name, Fingerprint: p.Signer.Key, Content: []byte(p.Signer.Public)}
	var err error
	p.Keyring, err = keybranch.Plan(ctx, p.repository, p.o.Git, key, keybranch.Options{Dir: p.o.Dir, Keyring: p.o.Keyring, Signed: true})
	var directory *keybranch.DirectoryError
	if errors.As(err, &directory) {
		p.KeyringDir = directory.Dir
		return p.inDirectory()
	}
	return err
}

// inDirectory makes sure that a keyring that is a directory has the user's key.
func (p *Plan) inDirectory() error {
	keys, err := keysource.Load(p.repository, p.o.Dir, p.o.Keyring, "")
	if err != nil {
		return verification.Classify(p.repository, err)
	}
	if _, found := keys.Lookup(p.Signer.Key); !found {
		return outcome.UsageError(fmt.Errorf("the keyring is the directory %s, and your key %s is not in it", p.KeyringDir, p.Signer.Key),
			fmt.Sprintf("gpg --armor --export %s >%s/%s.key", p.Signer.Key, strings.TrimSuffix(p.KeyringDir, "/"), strings.ToLower(string(p.Signer.Key[len(p.Signer.Key)-8:]))))
	}
	return nil
}
