package hook

import "strings"

// servedBranch is the branch of a remote that a ref follows by the remote's
// refspecs ("git help fetch"), and false if it follows none.
func servedBranch(refspecs []string, ref string) (string, bool) {
	for _, refspec := range refspecs {
		from, to, ok := strings.Cut(strings.TrimPrefix(refspec, "+"), ":")
		if !ok {
			continue
		}
		source, ok := mapBack(from, to, ref)
		if branch, isBranch := strings.CutPrefix(source, "refs/heads/"); ok && isBranch {
			return branch, true
		}
	}
	return "", false
}

// mapBack is the ref that a refspec "FROM:TO" makes this one of.
func mapBack(from, to, ref string) (string, bool) {
	before, after, pattern := strings.Cut(to, "*")
	if !pattern {
		return from, to == ref
	}
	middle, ok := strings.CutPrefix(ref, before)
	if !ok || !strings.HasSuffix(middle, after) {
		return "", false
	}
	return strings.Replace(from, "*", strings.TrimSuffix(middle, after), 1), true
}
