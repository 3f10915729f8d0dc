package hook

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
)

// origHead is the ref that git sets to the present commit before a command that can
// be undone. "git merge" does so before it touches any file, and therefore that is the
// moment to judge what it merges: when it moves the branch, a fast-forward has already
// changed the work tree.
const origHead = "ORIG_HEAD"

// maxFetchHead is how much of FETCH_HEAD is looked at, in bytes.
const maxFetchHead = 16 << 20

// incoming are the updates that a merge will make of the branch that is checked out:
// those commits that have been fetched as this very branch and are being merged.
// Other commits that are merged are not judged yet. They may be meant to become
// something else, as with "git merge --squash"; the branch is judged when it moves.
func incoming(repository *gitrepo.Repository, config gitrepo.Config, getenv func(string) string) ([]update, error) {
	head := repository.HeadBranch()
	if head == "" {
		return nil, nil
	}
	file, err := os.Open(filepath.Join(repository.GitDir(), "FETCH_HEAD"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	remoteName, _ := config.Get("branch", head, "merge")
	remoteName = strings.TrimPrefix(remoteName, "refs/heads/")
	var updates []update
	lines := bufio.NewScanner(io.LimitReader(file, maxFetchHead))
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		id, source, ok := parseFetched(lines.Text())
		if ok && merging(getenv, id) && (source == head || source == remoteName || source == "") {
			updates = append(updates, update{ref: "refs/heads/" + head, value: id, merged: true})
		}
	}
	return updates, lines.Err()
}

// merging says whether "git merge" is at work with a commit. It tells the programs
// that it runs what to call each commit that it merges.
func merging(getenv func(string) string, id string) bool { return getenv("GITHEAD_"+id) != "" }

// parseFetched reads a line "ID TAB [not-for-merge] TAB branch 'NAME' of URL" of
// FETCH_HEAD. The branch is empty if the remote's HEAD was fetched, without a name.
func parseFetched(line string) (id, branch string, ok bool) {
	fields := strings.SplitN(line, "\t", 3)
	if len(fields) != 3 {
		return "", "", false
	}
	id = fields[0]
	name, isBranch := strings.CutPrefix(fields[2], "branch '")
	if !isBranch {
		named := strings.HasPrefix(fields[2], "'") || strings.HasPrefix(fields[2], "tag '") || strings.HasPrefix(fields[2], "remote-tracking branch '")
		return id, "", !named
	}
	branch, _, ok = strings.Cut(name, "' of ")
	return id, branch, ok
}
