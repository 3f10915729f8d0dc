package update

import (
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
)

// refspecs are the values of remote.NAME.fetch, which say where the refs of a
// remote are kept here (git-fetch(1), "CONFIGURED REMOTE-TRACKING BRANCHES").
type refspecs []string

// destination is where a ref of the remote is kept: by the first refspec that
// matches, as for "@{upstream}". It is empty if that is nowhere, or a name that git
// would not accept, and excluded if a negative refspec leaves the ref out.
func (r refspecs) destination(ref string) (to string, excluded bool) {
	for _, refspec := range r {
		if from, negative := strings.CutPrefix(refspec, "^"); negative {
			if _, matches := match(from, ref); matches {
				return "", true
			}
		}
	}
	for _, refspec := range r {
		from, to, ok := strings.Cut(strings.TrimPrefix(refspec, "+"), ":")
		if !ok || !strings.HasPrefix(to, "refs/") {
			continue
		}
		if middle, matches := match(from, ref); matches {
			to = strings.Replace(to, "*", middle, 1)
			if !validRef(to) {
				return "", false
			}
			return to, false
		}
	}
	return "", false
}

// match says whether a ref is the one that a pattern names, or what stands for the
// star in it.
func match(pattern, ref string) (middle string, ok bool) {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return "", pattern == ref
	}
	if len(ref) < len(before)+len(after) || !strings.HasPrefix(ref, before) || !strings.HasSuffix(ref, after) {
		return "", false
	}
	return ref[len(before) : len(ref)-len(after)], true
}

// validRef says whether a full name may be given to git where it reads one from
// a line.
func validRef(name string) bool {
	rest, ok := strings.CutPrefix(name, "refs/")
	return ok && gitrepo.ValidBranch(rest)
}

// isBranch says whether a ref is a branch of this repository.
func isBranch(ref string) bool { return strings.HasPrefix(ref, "refs/heads/") }
