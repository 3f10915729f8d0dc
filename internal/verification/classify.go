package verification

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// Hints for objects that the repository does not have.
const (
	HintShallow      = `this clone is shallow; fetch the rest of the history with "git fetch --unshallow"`
	HintPartial      = `this is a partial clone; fetch what it left out with "git fetch --refetch --no-filter"`
	HintMissing      = `the repository is incomplete; "git fsck" tells what else is missing`
	hintIntroduction = "compare its id with what the project publishes, check that this is the right repository, and fetch all of its history"
	hintLarge        = "objects of that size are not read, so nothing that needs this one can be verified; ask the project for a history without it"
	HintCorrupt      = `do not use this copy: the disk is failing or somebody has tampered with it; "git fsck --full" tells more, and a fresh clone replaces it`
)

// MissingHint says how to get objects that the repository does not have.
func MissingHint(repository *gitrepo.Repository) string {
	switch {
	case repository.Shallow():
		return HintShallow
	case repository.PartialClone():
		return HintPartial
	}
	return HintMissing
}

// classify gives an error of reading a repository, nil while it is being opened,
// its class and a hint. What it does not know stays as it is.
func classify(repository *gitrepo.Repository, err error) error {
	if err == nil {
		return nil
	}
	var classed *outcome.Error
	if errors.As(err, &classed) || errors.Is(err, context.Canceled) {
		return err
	}
	if found := classifyRevision(err); found != nil {
		return found
	}
	if found := classifyObject(repository, err); found != nil {
		return found
	}
	if failed, ok := gitcli.Failed(err); ok && HintOwner(failed) != "" {
		return outcome.UncheckedError(authz.CannotCheck, err, HintOwner(failed))
	}
	return classifyRepository(err)
}

// Classify is classify for those who read a repository with their own hands.
func Classify(repository *gitrepo.Repository, err error) error { return classify(repository, err) }

func classifyRevision(err error) error {
	var (
		unknown   *gitrepo.UnknownRevisionError
		ambiguous *gitrepo.AmbiguousError
		empty     *gitrepo.EmptyRepositoryError
		kind      *gitrepo.NotACommitError
		keyring   *keysource.NotFoundError
	)
	switch {
	case errors.As(err, &unknown) && len(unknown.Remotes) > 0:
		return outcome.UsageError(err, "did you mean "+strings.TrimPrefix(unknown.Remotes[0], "refs/remotes/")+"?")
	case errors.As(err, &unknown):
		return outcome.UsageError(err, `"git branch --all" lists the branches of this repository`)
	case errors.As(err, &ambiguous):
		return outcome.UsageError(err, "write one of these instead")
	case errors.As(err, &empty):
		return outcome.UsageError(err, "there is nothing to verify before the first commit")
	case errors.As(err, &kind):
		return outcome.UsageError(err, "name a commit, a branch or a tag of a commit")
	case errors.As(err, &keyring) && keyring.Default:
		return outcome.UsageError(err, `fetch it with "git fetch origin keyring:keyring", or name a branch or directory with --keyring`)
	case errors.As(err, &keyring):
		return outcome.UsageError(err, `"git branch --all" lists the branches; a directory must exist`)
	}
	return nil
}

func classifyObject(repository *gitrepo.Repository, err error) error {
	var (
		missing *gitwalk.MissingError
		corrupt *gitwalk.CorruptError
		large   *gitwalk.TooLargeError
	)
	switch {
	case errors.As(err, &missing):
		return outcome.UncheckedError(authz.MissingObject, err, MissingHint(repository))
	case errors.As(err, &corrupt):
		return outcome.UncheckedError(authz.CorruptObject, err, HintCorrupt)
	case errors.As(err, &large):
		return outcome.UncheckedError(authz.CannotCheck, err, hintLarge)
	}
	return nil
}

func classifyRepository(err error) error {
	var (
		notARepository *gitrepo.NotARepositoryError
		layout         *gitrepo.UnsupportedLayoutError
		needGit        *gitrepo.NeedGitError
		malformed      *gitrepo.MalformedFileError
	)
	switch {
	case errors.As(err, &notARepository):
		return outcome.UsageError(err, "change to a checkout, or name one with -C DIRECTORY")
	case errors.As(err, &layout):
		return outcome.UncheckedError(authz.CannotCheck, err, "a newer git may be able to read it; SHA-256 repositories cannot be checked")
	case errors.As(err, &needGit):
		return outcome.UncheckedError(authz.CannotCheck, err, "install git")
	case errors.As(err, &malformed):
		return outcome.UncheckedError(authz.CannotCheck, err, "git itself cannot use this file either; mend or remove it")
	case errors.Is(err, fs.ErrPermission):
		return outcome.UncheckedError(authz.CannotCheck, err, "run this as a user who may read the repository")
	}
	return err
}

// atIntroduction says of an introduction that is missing what that means: in an
// incomplete clone most likely that it was not fetched.
func atIntroduction(repository *gitrepo.Repository, err error, introduction gitwalk.ID) error {
	var missing *gitwalk.MissingError
	if !errors.As(err, &missing) || missing.ID != introduction {
		return err
	}
	hint := hintIntroduction
	if repository.Shallow() || repository.PartialClone() {
		hint = MissingHint(repository)
	}
	return outcome.UncheckedError(authz.MissingObject, fmt.Errorf("the introduction %s is not in this repository", introduction), hint)
}
