package update

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// keepingWorkTree lets git move the work tree from one commit to another. If git
// fails half-way or is interrupted, because the disk is full for example, what it has
// changed already is put back: of the files that differ between the two commits those
// that had no changes of the user's own. Git itself leaves them as they are.
func keepingWorkTree(ctx context.Context, git gitcli.User, from, to gitwalk.ID, move func() error) error {
	if from.IsZero() {
		return move()
	}
	own, err := ownChanges(ctx, git)
	if err != nil {
		return err
	}
	if err = move(); err == nil {
		return nil
	}
	git.Stderr = nil
	return errors.Join(err, putBack(context.WithoutCancel(ctx), git, from, to, own))
}

// ownChanges are the paths that differ from HEAD or are not known to git.
func ownChanges(ctx context.Context, git gitcli.User) (map[string]bool, error) {
	out, err := git.Output(ctx, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignored=matching", "--ignore-submodules=none")
	if err != nil {
		return nil, err
	}
	own := make(map[string]bool)
	for line := range strings.SplitSeq(string(out), "\x00") {
		if len(line) > 3 {
			own[line[3:]] = true
		}
	}
	return own, nil
}

// putBack makes the files that git may have changed what they are in a commit.
func putBack(ctx context.Context, git gitcli.User, from, to gitwalk.ID, own map[string]bool) error {
	head, err := git.Output(ctx, "rev-parse", "--verify", "HEAD")
	if err != nil || strings.TrimSpace(string(head)) != from.String() {
		return err // git has gone all the way
	}
	top, err := git.Output(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	out, err := git.Output(ctx, "diff-tree", "-r", "-z", "--no-renames", "--name-status", from.String(), to.String())
	if err != nil {
		return err
	}
	git.Dir = strings.TrimSuffix(string(top), "\n")
	root, err := os.OpenRoot(git.Dir) // no path leads out of it, whatever the tree says
	if err != nil {
		return err
	}
	defer root.Close()
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	var old strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		status, path := fields[i], fields[i+1]
		switch {
		case own[path] || below(own, path):
		case status == "A":
			_ = root.Remove(path) // it may never have been written
		default:
			old.WriteString(path + "\x00")
		}
	}
	if old.Len() == 0 {
		return nil
	}
	_, err = git.Feed(ctx, old.String(), "--literal-pathspecs", "checkout", "--quiet", "--force", from.String()+"^{commit}", "--pathspec-from-file=-", "--pathspec-file-nul")
	return err
}

// below says whether a path lies in a directory that is the user's own: git lists a
// directory of which it knows no file as one path with a slash at its end.
func below(own map[string]bool, path string) bool {
	for i, c := range path {
		if c == '/' && own[path[:i+1]] {
			return true
		}
	}
	return false
}
