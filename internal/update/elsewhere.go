package update

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// elsewhere are the branches that are checked out in other worktrees of the
// repository, each with the path of one. If such a branch moved, the files there
// would seem to have been changed back by hand.
func elsewhere(ctx context.Context, repository *gitrepo.Repository, git gitcli.User, t Target) (map[string]string, error) {
	linked, err := os.ReadDir(filepath.Join(repository.CommonDir(), "worktrees"))
	if errors.Is(err, os.ErrNotExist) || err == nil && len(linked) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var here os.FileInfo
	if t.CheckedOut {
		top, err := git.Output(ctx, "rev-parse", "--show-toplevel")
		if err != nil {
			return nil, userGit(err)
		}
		if here, err = os.Stat(strings.TrimSuffix(string(top), "\n")); err != nil {
			return nil, err
		}
	}
	list, err := git.Output(ctx, "worktree", "list", "--porcelain")
	if err != nil {
		return nil, userGit(err)
	}
	return checkedOut(string(list), func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || !os.SameFile(info, here)
	}), nil
}

// checkedOut reads the output of "git worktree list --porcelain": blocks of lines,
// of which the first is "worktree PATH" and another may be "branch REF".
func checkedOut(list string, counts func(path string) bool) map[string]string {
	branches := make(map[string]string)
	for block := range strings.SplitSeq(list, "\n\n") {
		path, branch, gone := "", "", false
		for line := range strings.Lines(block) {
			word, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			switch word {
			case "worktree":
				path = value
			case "branch":
				branch = value
			case "prunable":
				gone = true
			}
		}
		if branch != "" && !gone && counts(path) {
			branches[branch] = path
		}
	}
	return branches
}

// checkElsewhere requires that no other worktree has the branch that is to move.
func checkElsewhere(branches map[string]string, t Target) error {
	path, ok := branches["refs/heads/"+t.Local]
	if !ok {
		return nil
	}
	where := "is checked out in"
	if t.CheckedOut {
		where = "is checked out here and in"
	}
	return outcome.UsageError(fmt.Errorf("branch %q %s %s", t.Local, where, path),
		"pull there, or check out another branch there first")
}
