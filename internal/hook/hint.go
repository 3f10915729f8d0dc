package hook

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/trust"
)

// What state git leaves things in when a hook fails, and what to do about it.
const (
	hintMerge = "nothing has changed, neither the branch nor any file"
	hintFetch = "if it was fetched, FETCH_HEAD still names it: do not merge it"
	hintHere  = "the branch has not moved; if you have just made this commit, it is still staged: sign it (git commit -S); " +
		"if git has changed files before it asked (reset, checkout, merge), \"git reset --merge\" changes them back"
	hintPush    = "nothing has been pushed"
	hintReceive = "nothing of this push has been accepted"
)

func (j *judge) hint(ref protectedRef, u update, v Veto) string {
	switch {
	case u.merged:
		return hintMerge
	case j.Name == PrePush:
		return hintPush
	case j.Name == PreReceive:
		return hintReceive
	case ref.remote != "" && unknownKey(v.Report):
		return fmt.Sprintf("%s; if the project has just added the key, get its keyring first: git fetch %s %s", hintFetch, ref.remote, j.keyringBranch(ref))
	case ref.remote != "":
		return hintFetch
	case ref.ref == "refs/heads/"+j.repository.HeadBranch():
		return hintHere
	}
	return ""
}

// unknownKey says whether a key was missing. Git fetches the branch that it is to
// merge before all others, the keyring too, and gives up when that is vetoed.
func unknownKey(r *authz.Report) bool {
	if r == nil {
		return false
	}
	for _, refusal := range r.Refusals {
		if refusal.Reason == authz.UnknownKey {
			return true
		}
	}
	return false
}

// keyringBranch is the name that the keyring most likely has in a remote.
func (j *judge) keyringBranch(ref protectedRef) string {
	name := trust.Recorded(j.config, ref.branch).Keyring
	for _, prefix := range []string{"refs/heads/", "refs/remotes/", ref.remote + "/"} {
		name = strings.TrimPrefix(name, prefix)
	}
	if name == "" || keysource.Refs(name) == nil {
		return keysource.DefaultBranch
	}
	return name
}
