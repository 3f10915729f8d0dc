package gitrepo

import (
	"strings"
)

// validRefName says whether a name may be looked up: HEAD and the like, or a
// name below refs/ that "git check-ref-format" accepts. Such a name does not
// lead out of the repository.
func validRefName(name string) bool {
	if !strings.HasPrefix(name, "refs/") {
		return isPseudoRef(name)
	}
	if len(name) > 1024 || strings.HasSuffix(name, ".") || strings.Contains(name, "..") || strings.Contains(name, "@{") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return !strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c == 0x7f || strings.ContainsRune(`~^:?*[\`, c)
	})
}

// ValidBranch says whether a branch may have this short name.
func ValidBranch(name string) bool {
	return name != "" && name[0] != '-' && validRefName("refs/heads/"+name)
}

// isPseudoRef recognizes HEAD, FETCH_HEAD, ORIG_HEAD and others that lie beside
// the directory refs.
func isPseudoRef(name string) bool {
	if !strings.HasSuffix(name, "HEAD") || len(name) > 64 {
		return false
	}
	return !strings.ContainsFunc(name, func(c rune) bool { return c != '_' && (c < 'A' || c > 'Z') })
}

// branchOf is the short name of the branch that a full ref name stands for, of
// this repository or of a remote, or "".
func branchOf(ref string) string {
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		return branch
	}
	if rest, ok := strings.CutPrefix(ref, "refs/remotes/"); ok {
		if _, branch, ok := strings.Cut(rest, "/"); ok && branch != "HEAD" {
			return branch
		}
	}
	return ""
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return s != ""
}
