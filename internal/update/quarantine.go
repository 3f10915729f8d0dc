package update

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
)

// quarantineRefs is the place of refs that keep what has been fetched and not yet
// judged. No refspec, no "git branch" and no hook of ours looks there.
const quarantineRefs = "refs/nix-authorize/quarantine/"

// A quarantine holds what one fetch has brought. The object ids in it are what is
// judged and what refs are moved to; nothing is asked of the remote twice.
type quarantine struct {
	repository *gitrepo.Repository
	git        gitcli.User
	prefix     string

	Tip gitwalk.ID
	// Keyring is the ref of the keyring branch that has been fetched, or empty
	// if the remote has none.
	Keyring string
}

func newQuarantine(repository *gitrepo.Repository, git gitcli.User) *quarantine {
	return &quarantine{repository: repository, git: git, prefix: quarantineRefs + rand.Text() + "/"}
}

// fetch gets the target's branch and, if the remote has one, its keyring branch. It
// moves no other ref and does not write FETCH_HEAD.
func (q *quarantine) fetch(ctx context.Context, t Target, keyringBranch string, more ...string) error {
	args := []string{"-c", "gc.auto=0", "-c", "maintenance.auto=false"}
	if len(t.refspecs) > 0 && !strings.Contains(t.Remote, "=") { // git 2.48 and later would make refs/remotes/NAME/HEAD
		args = append(args, "-c", "remote."+t.Remote+".followRemoteHEAD=never")
	}
	args = append(args, "fetch", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=", "--no-prune", "--quiet")
	args = append(append(args, more...), "--end-of-options", t.Remote, "+refs/heads/"+t.Branch+":"+q.prefix+"tip")
	if keyringBranch != "" {
		// A pattern is no error where nothing matches it.
		args = append(args, "+refs/heads/"+keyringBranch+"*:"+q.prefix+"keyring*")
	}
	if err := q.git.Run(ctx, args...); err != nil {
		return fetchError(t, err)
	}
	tip, ok, err := q.repository.Ref(q.prefix + "tip")
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("the fetch of %s from %s brought nothing", t.Branch, t.Name())
	}
	q.Tip = tip
	if _, ok, err = q.repository.Ref(q.prefix + "keyring"); ok {
		q.Keyring = q.prefix + "keyring"
	}
	return err
}

// discard deletes the refs, and those that a run left that was killed: the lock is
// held, so no other run is under way. It works after a cancellation, too.
func (q *quarantine) discard() error {
	ctx, git := context.Background(), q.git
	git.Stderr = nil // the error says it
	out, err := git.Output(ctx, "for-each-ref", "--format=option no-deref%0adelete %(refname)", quarantineRefs)
	if err != nil || len(out) == 0 {
		return err
	}
	return updateRefs(ctx, git, string(out))
}

// remoteKeyring is the name that the keyring branch has in the remote: that of the
// settings without the name of the remote. It is empty for a directory.
func remoteKeyring(setting, remote string) string {
	switch {
	case setting == "":
		return keysource.DefaultBranch
	case strings.HasPrefix(setting, ".") || strings.HasPrefix(setting, "/") || strings.HasPrefix(setting, "refs/"):
		return ""
	}
	name := strings.TrimPrefix(setting, remote+"/")
	if !gitrepo.ValidBranch(name) {
		return ""
	}
	return name
}
