// Package verification puts together what a verdict needs, from where the user
// has it: the repository, the introduction, the keyring, the historical
// authorizations and the cache; and runs the judgement with it.
package verification

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/cache"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
)

// Options are what a user can say about a verification. The zero value takes
// everything from the repository's configuration.
type Options struct {
	// Dir is what relative names of files and keyring directories start from.
	Dir    string
	Getenv func(string) string
	// Settings come before those that the repository has recorded.
	Settings trust.Settings
	// Fallback settings come after those that the repository has recorded.
	Fallback trust.Settings
	// MoreKeys is the full name of a ref whose keys are added to the keyring, or
	// empty: a pull looks keys up in what it has just fetched, too.
	MoreKeys string
	// KeyCommits are commits whose keys are added too: those that branches of the
	// keyring are about to have.
	KeyCommits []gitwalk.ID
	// Historical is the name of a file with the authorizations of commits that
	// have none in their tree, or empty.
	Historical string
	NoCache    bool
	// MaxRefusals is as in authz.Verifier.
	MaxRefusals int
}

// A Verification is ready to judge.
type Verification struct {
	Repository *gitrepo.Repository
	Policy     authz.Policy
	Keyring    *keysource.Loaded
	// Origin says in words where the introduction comes from.
	Origin string

	cache       *cache.Cache
	maxRefusals int
}

// Open opens the repository of dir as git would find it there.
func Open(ctx context.Context, dir string, getenv func(string) string) (*gitrepo.Repository, error) {
	repository, err := gitrepo.Open(ctx, dir, gitrepo.Options{Getenv: getenv})
	if err != nil {
		return nil, classify(nil, err)
	}
	return repository, nil
}

// Resolve finds the commit that a revision names.
func Resolve(repository *gitrepo.Repository, revision string) (gitrepo.Revision, error) {
	found, err := repository.Resolve(revision)
	if err != nil {
		return found, classify(repository, err)
	}
	return found, nil
}

// Introduction finds out what a verification of a branch would start from, before
// anything in the repository is looked at. The branch may be empty.
func Introduction(repository *gitrepo.Repository, branch string, o Options) (trust.Settings, authz.Introduction, error) {
	config, err := repository.Config()
	if err != nil {
		return trust.Settings{}, authz.Introduction{}, classify(repository, err)
	}
	settings := o.Settings.Or(trust.Recorded(config, branch)).Or(o.Fallback)
	introduction, err := settings.Parse()
	return settings, introduction, err
}

// Prepare gets everything ready to judge commits of a branch, which may be empty:
// it selects among the recorded settings.
func Prepare(repository *gitrepo.Repository, branch string, o Options) (*Verification, error) {
	settings, introduction, err := Introduction(repository, branch, o)
	if err != nil {
		return nil, err
	}
	v := &Verification{Repository: repository, Origin: settings.Origin, maxRefusals: o.MaxRefusals}
	if introduction.Format == "" {
		if introduction.Format, err = FormatOf(repository, introduction.Commit); err != nil {
			return nil, err
		}
	}
	v.Policy.Introduction = introduction
	historical, err := v.readHistorical(o)
	if err != nil {
		return nil, err
	}
	if v.Keyring, err = loadKeyring(repository, o, settings.Keyring, introduction); err != nil {
		return nil, err
	}
	if dir, ok := cache.Dir(o.Getenv); ok && !o.NoCache {
		v.cache = cache.Open(dir, introduction, historical)
	}
	return v, nil
}

// Verifier is the engine for this verification.
func (v *Verification) Verifier(observe func(authz.Event)) *authz.Verifier {
	return &authz.Verifier{
		Policy: v.Policy, Objects: v.Repository, Keys: v.Keyring, Merger: gitrepo.NewMerger(),
		Known: v.cache.Tips(), KnownDescend: true, MaxRefusals: v.maxRefusals, Observe: observe,
	}
}

// Known are the remembered authentic tips that the repository has.
func (v *Verification) Known(reader *gitwalk.Reader) []gitwalk.ID {
	return slices.DeleteFunc(v.cache.Tips(), func(id gitwalk.ID) bool {
		_, err := reader.Commit(id)
		return err != nil
	})
}

// CommitAt reads a commit and the authorizations file in its tree.
func (v *Verification) CommitAt(id gitwalk.ID) (*gitwalk.Commit, *authz.File, error) {
	source, err := v.Repository.NewSource()
	if err != nil {
		return nil, nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	raw, err := reader.Commit(id)
	if err != nil {
		return nil, nil, classify(v.Repository, err)
	}
	commit, err := gitwalk.ParseCommit(id, raw)
	if err != nil {
		return nil, nil, err
	}
	file, err := authz.FileAt(reader, v.Policy.Introduction.Format, id)
	return commit, file, classify(v.Repository, err)
}

// Judge judges the history of tip and remembers it if it is authentic. What could
// not be remembered is no error: it comes as uncached.
func (v *Verification) Judge(ctx context.Context, tip gitwalk.ID, observe func(authz.Event)) (report *authz.Report, uncached, err error) {
	return v.JudgeAgain(ctx, tip, observe, func(gitwalk.ID) bool { return false })
}

// JudgeAgain is Judge for a caller that wants to hear of commits that were found
// authentic before: nothing is taken from a remembered tip of which again is true.
func (v *Verification) JudgeAgain(ctx context.Context, tip gitwalk.ID, observe func(authz.Event), again func(gitwalk.ID) bool) (report *authz.Report, uncached, err error) {
	engine := v.Verifier(observe)
	engine.Known = slices.DeleteFunc(engine.Known, again)
	report, err = engine.Verify(ctx, tip)
	if err != nil {
		return nil, nil, classify(v.Repository, err)
	}
	if report.Outcome() == authz.Authentic {
		uncached = v.cache.Add(tip)
	}
	return report, uncached, nil
}

// FormatOf says which authorizations file a history is judged by when nobody has
// said it: the one that the introduction has. The introduction's id is the
// verifier's own configuration and fixes what its tree contains.
func FormatOf(repository *gitrepo.Repository, introduction gitwalk.ID) (authz.Format, error) {
	source, err := repository.NewSource()
	if err != nil {
		return "", classify(repository, err)
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	var present []authz.Format
	for _, format := range []authz.Format{authz.NixFormat, authz.GuixFormat} {
		file, err := authz.FileAt(reader, format, introduction)
		if err != nil {
			return "", classify(repository, atIntroduction(repository, err, introduction))
		}
		if file.Present() {
			present = append(present, format)
		}
	}
	switch len(present) {
	case 0:
		return authz.NixFormat, nil
	case 1:
		return present[0], nil
	}
	return "", outcome.UsageError(errors.New("the introduction has both authorizations files"),
		"say which one counts: --authorizations .nix-authorizations, or --authorizations .guix-authorizations")
}

func loadKeyring(repository *gitrepo.Repository, o Options, name string, introduction authz.Introduction) (*keysource.Loaded, error) {
	keys, err := keysource.Load(repository, o.Dir, name, o.MoreKeys, o.KeyCommits...)
	var absent *keysource.NotFoundError
	if errors.As(err, &absent) && absent.Default && introduction.Signer.IsSSH() {
		return keysource.None(), nil
	}
	if err != nil {
		return nil, classify(repository, err)
	}
	return keys, nil
}

// readHistorical reads the historical authorizations into the policy and returns
// their text, nil if there are none.
func (v *Verification) readHistorical(o Options) ([]byte, error) {
	if o.Historical == "" {
		return nil, nil
	}
	path := o.Historical
	if !filepath.IsAbs(path) {
		path = filepath.Join(o.Dir, path)
	}
	content, err := readFile(path)
	if err != nil {
		return nil, outcome.UsageError(err, "--historical-authorizations takes the name of a file")
	}
	v.Policy.Historical, err = authz.ParseAuthorizations(v.Policy.Introduction.Format, content)
	if err != nil {
		return nil, outcome.UsageError(&os.PathError{Op: "read", Path: o.Historical, Err: err},
			"the file must have the format of "+v.Policy.Introduction.Format.FileName())
	}
	return content, nil
}
