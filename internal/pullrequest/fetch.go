package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// remote is what a checkout on GitHub calls the repository that a pull request is
// made to.
const remote = "origin"

// A Fetcher gets what a checkout lacks.
type Fetcher struct {
	Repository *gitrepo.Repository
	Git        gitcli.User
	// Did has what was done, one sentence without a final stop each.
	Did []string
}

// Fetch gets the commits of a request with all their history, and the branch of the
// keyring that a setting names, where they are not there. It moves no branch and
// touches no file of the work tree.
func (f *Fetcher) Fetch(ctx context.Context, r *Request, keyring string) error {
	if err := f.history(ctx, r); err != nil {
		return err
	}
	return f.keyring(ctx, keyring)
}

func (f *Fetcher) history(ctx context.Context, r *Request) error {
	ids, err := f.missing(r.Base, r.Head)
	if err != nil {
		return err
	}
	shallow := f.Repository.Shallow()
	if len(ids) == 0 && !shallow {
		return nil
	}
	var depth []string
	if shallow {
		depth = append(depth, "--unshallow")
	}
	err = f.fetch(ctx, depth, ids...)
	if err != nil && r.Number > 0 && len(ids) > 0 { // some servers give only what a ref names
		err = f.fetch(ctx, depth, append([]string{fmt.Sprintf("refs/pull/%d/head", r.Number)}, r.baseRefs()...)...)
	}
	if err == nil {
		err = f.arrived(ids)
	}
	if err != nil {
		return f.failed(ctx, err, "fetch-depth: 0 in the checkout gets the whole history beforehand")
	}
	if shallow {
		f.Did = append(f.Did, "fetched the rest of the history of a shallow checkout")
	}
	for _, id := range ids {
		f.Did = append(f.Did, "fetched commit "+id)
	}
	return nil
}

// arrived requires that commits are here: the ref of a pull request may have moved on.
func (f *Fetcher) arrived(ids []string) error {
	missing, err := f.missing(ids...)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("commit %s is not among what it serves", missing[0])
	}
	return err
}

func (r *Request) baseRefs() []string {
	if r.Branch == "" {
		return nil
	}
	return []string{"refs/heads/" + r.Branch}
}

// missing are those of the names that are ids of commits that are not here.
func (f *Fetcher) missing(names ...string) ([]string, error) {
	source, err := f.Repository.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	var missing []string
	for _, name := range names {
		id, err := gitwalk.ParseID(name)
		if err != nil {
			continue
		}
		if _, err := reader.Commit(id); errors.As(err, new(*gitwalk.MissingError)) {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// keyring gets the branch of the keyring of the base's repository if no branch here
// can stand for it.
func (f *Fetcher) keyring(ctx context.Context, setting string) error {
	refs := keysource.Refs(setting)
	for _, ref := range refs {
		if _, ok, err := f.Repository.Ref(ref); ok || err != nil {
			return err
		}
	}
	name := setting
	if name == "" {
		name = keysource.DefaultBranch
	}
	name = strings.TrimPrefix(strings.TrimPrefix(name, "refs/remotes/"), remote+"/")
	if len(refs) == 0 || !gitrepo.ValidBranch(name) || strings.HasPrefix(name, "refs/") {
		return nil // a directory
	}
	// A pattern is no error where nothing matches it.
	tracking := "refs/remotes/" + remote + "/" + name
	if err := f.fetch(ctx, nil, "+refs/heads/"+name+"*:"+tracking+"*"); err != nil {
		return f.failed(ctx, err, "fetch the branch of the keyring in the workflow, or name a directory")
	}
	if _, ok, err := f.Repository.Ref(tracking); err != nil || !ok {
		return err
	}
	f.Did = append(f.Did, fmt.Sprintf("fetched the keyring, branch %s", name))
	return nil
}

// fetch runs git fetch. Without a refspec it is for the refs that the checkout has.
func (f *Fetcher) fetch(ctx context.Context, options []string, refspecs ...string) error {
	args := []string{
		"-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.hooksPath=/dev/null",
		"fetch", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-prune", "--quiet",
	}
	if len(refspecs) > 0 {
		args = append(args, "--refmap=")
	}
	args = append(append(args, options...), "--end-of-options", remote)
	return f.Git.Run(ctx, append(args, refspecs...)...)
}

func (f *Fetcher) failed(ctx context.Context, err error, hint string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return outcome.UncheckedError(authz.MissingObject, fmt.Errorf("fetching from %s: %w", remote, err), hint)
}
