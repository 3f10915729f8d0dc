package gitcli

import (
	"context"
	"fmt"
)

// A Version is the version of a git, such as 2.39; what follows is left out.
type Version struct{ Major, Minor uint }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Before says whether v is older than other.
func (v Version) Before(other Version) bool {
	return v.Major < other.Major || v.Major == other.Major && v.Minor < other.Minor
}

// InstalledVersion asks the installed git for its version. The errors are those
// of Repository.Output, or that git's answer is not understood.
func InstalledVersion(ctx context.Context) (Version, error) {
	out, err := Repository{}.Output(ctx, "version")
	if err != nil {
		return Version{}, err
	}
	return parseVersion(string(out))
}

// parseVersion reads a line such as "git version 2.39.5 (Apple Git-154)".
func parseVersion(line string) (Version, error) {
	var v Version
	if _, err := fmt.Sscanf(line, "git version %d.%d", &v.Major, &v.Minor); err != nil {
		return Version{}, fmt.Errorf("git gives its version as %q", printable(line[:min(len(line), 100)]))
	}
	return v, nil
}
