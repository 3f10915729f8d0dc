package authz

import (
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// covers says whether a changed path is at or below one of an entry's paths. The
// bytes must agree: "Hello/" does not cover "hello/x".
func covers(paths []string, changed string) bool {
	for _, path := range paths {
		dir, isDir := strings.CutSuffix(path, "/")
		if !isDir && changed == path {
			return true
		}
		if rest, ok := strings.CutPrefix(changed, dir); ok && strings.HasPrefix(rest, "/") {
			return true
		}
	}
	return false
}

// uncovered is the first path at which two commits differ that no path of an entry
// covers, or empty. An entry without paths covers everything and costs nothing.
func uncovered(evidence Evidence, paths []string, from, to gitwalk.ID) (string, error) {
	if len(paths) == 0 {
		return "", nil
	}
	for changed, err := range evidence.Changes(from, to) {
		if err != nil {
			return "", err
		}
		if !covers(paths, changed) {
			return changed, nil
		}
	}
	return "", nil
}
