package gitrepo

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A NotARepositoryError says that no repository was found.
type NotARepositoryError struct {
	Dir string // where it was looked for
	// Detail says what is there instead, if something that looked like a
	// repository turned out to be none.
	Detail string
}

func (e *NotARepositoryError) Error() string {
	if e.Detail != "" {
		return fmt.Sprintf("%s is not a git repository: %s", e.Dir, e.Detail)
	}
	return fmt.Sprintf("neither %s nor a directory above it is a git repository", e.Dir)
}

// An UnsupportedLayoutError says that a repository is stored in a way that can
// be read neither in-process nor by the git that is installed.
type UnsupportedLayoutError struct{ Detail string }

func (e *UnsupportedLayoutError) Error() string { return e.Detail }

// A NeedGitError says that git is needed and is not installed.
type NeedGitError struct {
	Reason string // what git is needed for, such as "linked worktree"
}

func (e *NeedGitError) Error() string {
	return fmt.Sprintf("git is not installed and is needed (%s)", e.Reason)
}

// An EmptyRepositoryError says that a repository has no commit that could be
// named.
type EmptyRepositoryError struct{ GitDir string }

func (e *EmptyRepositoryError) Error() string {
	return fmt.Sprintf("the repository %s has no commits", e.GitDir)
}

// An UnknownRevisionError says that a name stands for nothing in the repository.
type UnknownRevisionError struct {
	Name string
	// Detail says why, if more is known than that nothing has the name.
	Detail string
	// Remotes are the full names of remote-tracking branches that would
	// match, such as refs/remotes/origin/NAME.
	Remotes []string
}

func (e *UnknownRevisionError) Error() string {
	if e.Detail != "" {
		return fmt.Sprintf("unknown revision %q: %s", e.Name, e.Detail)
	}
	return fmt.Sprintf("unknown revision %q", e.Name)
}

// An AmbiguousError says that a name stands for more than one thing.
type AmbiguousError struct {
	Name string
	// Candidates are full ref names and commit ids.
	Candidates []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%q is ambiguous: %s", e.Name, strings.Join(e.Candidates, ", "))
}

// A NotACommitError says that a name stands for an object that is no commit.
type NotACommitError struct {
	Name string
	Kind gitwalk.Kind
}

func (e *NotACommitError) Error() string {
	return fmt.Sprintf("%q is a %s, not a commit", e.Name, e.Kind)
}

// A MalformedFileError says that a file of the repository cannot be understood.
type MalformedFileError struct {
	Path   string
	Line   int // counted from 1; 0 for the whole file
	Detail string
}

func (e *MalformedFileError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Detail)
	}
	return fmt.Sprintf("%s: %s", e.Path, e.Detail)
}
