package gitrepo

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// A Layout says how a repository is read.
type Layout struct {
	// Reason says why git is needed, such as "linked worktree". It is empty
	// if the repository is read in-process.
	Reason string
}

// NeedsGit says whether objects and refs are read through git.
func (l Layout) NeedsGit() bool { return l.Reason != "" }

// String is "code of this program" or, for example, "git cat-file: linked worktree". It
// completes "objects are read with".
func (l Layout) String() string {
	if l.NeedsGit() {
		return "git cat-file: " + l.Reason
	}
	return "code of this program"
}

// Layout says how the repository is read.
func (r *Repository) Layout() Layout { return r.layout }

// detect finds out whether something about the repository is known to git alone.
func (r *Repository) detect() (Layout, error) {
	if format, _ := r.config.Get("extensions", "", "objectformat"); strings.EqualFold(format, "sha256") {
		return Layout{}, &UnsupportedLayoutError{Detail: "the repository uses SHA-256 object names, which is not supported yet"}
	}
	if reason := r.environmentReason(); reason != "" {
		return Layout{reason}, nil
	}
	if r.commonDir != r.gitDir {
		return Layout{"linked worktree"}, nil
	}
	if reason := formatReason(r.config); reason != "" {
		return Layout{reason}, nil
	}
	alternates, err := readOptional(filepath.Join(r.commonDir, "objects", "info", "alternates"), maxConfig)
	if err != nil {
		return Layout{}, err
	}
	if len(alternates) > 0 {
		return Layout{"alternates"}, nil
	}
	reason, err := r.packs.foreign()
	return Layout{reason}, err
}

func (r *Repository) environmentReason() string {
	switch {
	case r.git.QuarantinePath != "":
		return "quarantined objects"
	case r.git.ObjectDir != "":
		return "GIT_OBJECT_DIRECTORY is set"
	case r.git.AlternateObjectDirs != "":
		return "GIT_ALTERNATE_OBJECT_DIRECTORIES is set"
	case r.git.CommonDir != "":
		return "GIT_COMMON_DIR is set"
	}
	return ""
}

// formatReason names the first thing in the repository's format that is not
// known to change nothing about objects and refs.
func formatReason(config Config) string {
	if version, ok := config.Get("core", "", "repositoryformatversion"); ok && version != "0" && version != "1" {
		return "repository format version " + version
	}
	for _, e := range config.entries {
		if e.section != "extensions" || e.subsection != "" {
			continue
		}
		switch e.key {
		case "noop", "preciousobjects", "partialclone", "worktreeconfig", "relativeworktrees":
		case "objectformat":
			if !strings.EqualFold(e.value, "sha1") {
				return "object format " + e.value
			}
		case "refstorage":
			if e.value != "files" {
				return "refs stored as " + e.value
			}
		default:
			return "repository extension " + e.key
		}
	}
	return ""
}

// probe makes sure that git, where it is needed, can read the repository.
func (r *Repository) probe() error {
	if !r.layout.NeedsGit() {
		return nil
	}
	_, err := r.git.Output(r.ctx, "rev-parse", "--git-dir")
	var failed *gitcli.Error
	switch {
	case errors.Is(err, gitcli.ErrNotInstalled):
		return &NeedGitError{Reason: r.layout.Reason}
	case errors.As(err, &failed):
		return &UnsupportedLayoutError{Detail: fmt.Sprintf("the installed git cannot read the repository (%s): %s", r.layout.Reason, failed.Stderr)}
	}
	return err
}
