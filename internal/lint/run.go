package lint

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/internal/worktree"
)

// Options say what is checked.
type Options struct {
	// Dir is what relative names start from, and Git the user's, with the same
	// working directory.
	Dir string
	Git gitcli.User
	// Revision is the commit whose file is checked, or empty: then it is that of the
	// work tree or, in a bare repository, that of HEAD.
	Revision string
	// WorkTree requires that there is a work tree.
	WorkTree bool
	// Keyring and Authorizations come before what is recorded; both may be empty.
	Keyring, Authorizations string
	// Recent is how many of the last commits are looked at for who signs.
	Recent int
}

// Run checks what the options say. The error is one of reading, or of usage.
func Run(ctx context.Context, repository *gitrepo.Repository, o Options) (*Subject, []Finding, error) {
	source, err := repository.NewSource()
	if err != nil {
		return nil, nil, err
	}
	r := run{ctx: ctx, repository: repository, reader: gitwalk.NewReader(source), Options: o}
	defer r.reader.Close()
	if err := r.settle(); err != nil {
		return nil, nil, err
	}
	subject, tip, err := r.subject()
	if err != nil {
		return nil, nil, err
	}
	if subject.Keyring, err = r.keyring(); err != nil {
		return nil, nil, err
	}
	if !tip.IsZero() && o.Recent > 0 {
		if err := LookBack(ctx, r.reader, subject, tip, o.Recent); err != nil {
			return nil, nil, err
		}
	}
	findings, err := Check(subject)
	return subject, findings, err
}

type run struct {
	Options
	ctx        context.Context
	repository *gitrepo.Repository
	reader     *gitwalk.Reader
	tree       worktree.Tree
}

// settle decides between revision and work tree, and fills in what is recorded.
func (r *run) settle() error {
	config, err := r.repository.Config()
	if err != nil {
		return err
	}
	recorded := trust.Recorded(config, r.repository.HeadBranch())
	r.Keyring = cmp.Or(r.Keyring, recorded.Keyring)
	if r.Revision == "" {
		r.tree, err = worktree.Find(r.ctx, r.Git)
		if err != nil && (r.WorkTree || outcome.From(err).Class != outcome.Usage) {
			return err
		}
		if err != nil {
			r.Revision = "HEAD"
		}
	}
	if r.Revision != "" { // in the work tree there may be a file that is to be the next one
		r.Authorizations = cmp.Or(r.Authorizations, recorded.Authorizations)
	}
	return nil
}

// subject is what is to be checked, and the commit from which to look back.
func (r *run) subject() (*Subject, gitwalk.ID, error) {
	if r.Revision == "" {
		head, _, err := r.repository.Ref("HEAD")
		if err != nil {
			return nil, head, err
		}
		s, err := r.workTree()
		return s, head, err
	}
	revision, err := verification.Resolve(r.repository, r.Revision)
	if err != nil {
		return nil, revision.ID, err
	}
	format, err := r.format(func() (authz.Format, error) { return verification.FormatOf(r.repository, revision.ID) })
	if err != nil {
		return nil, revision.ID, err
	}
	s, err := OfCommit(r.reader, revision.ID, format)
	return s, revision.ID, err
}

// workTree checks the file of ours, unless only that of Guix is there.
func (r *run) workTree() (*Subject, error) {
	format, err := r.format(func() (authz.Format, error) { return authz.NixFormat, nil })
	if err != nil {
		return nil, err
	}
	s, err := OfWorkTree(r.tree, format)
	if err != nil || s.Present || r.Authorizations != "" || !slices.Contains(s.Names, authz.GuixFormat.FileName()) {
		return s, err
	}
	return OfWorkTree(r.tree, authz.GuixFormat)
}

// format is that of the file that was named, or another.
func (r *run) format(otherwise func() (authz.Format, error)) (authz.Format, error) {
	if r.Authorizations == "" {
		return otherwise()
	}
	format, err := authz.ParseFormat(r.Authorizations)
	if err != nil {
		return "", outcome.UsageError(err, "")
	}
	return format, nil
}

// keyring is the configured keyring, or an empty one if there is none.
func (r *run) keyring() (*keysource.Loaded, error) {
	loaded, err := keysource.Load(r.repository, r.Dir, r.Keyring, "")
	var absent *keysource.NotFoundError
	if errors.As(err, &absent) && absent.Default {
		return keysource.None(), nil
	}
	return loaded, err
}
