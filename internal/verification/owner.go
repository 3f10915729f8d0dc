package verification

import (
	"strings"

	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// HintOwner says what to do if the user's git refuses to work in a repository of
// somebody else's (safe.directory in git-config(1)), and is empty if it has failed for
// another reason. Git before 2.35.3 speaks of it in other words.
func HintOwner(failed *gitcli.Error) string {
	if !strings.Contains(failed.Stderr, "dubious ownership") && !strings.Contains(failed.Stderr, "unsafe repository") {
		return ""
	}
	return "run this as the user that the repository belongs to; or, if you trust whoever can write to it, allow it with: git config --global --add safe.directory DIRECTORY"
}
