package hook

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// maxLine is how long in bytes a line from git may be: two ids and two names of refs.
const maxLine = 64 << 10

// An update is what git is about to do to a ref.
type update struct {
	ref string // full name; for a push, in the repository that is pushed to
	// value is what the ref gets: an object id, or "ref:" and the name of
	// another ref.
	value string
	// merged says that git has not begun yet: it is about to merge this.
	merged bool
}

// deletes says whether the ref goes away, or stays as it is.
func (u update) deletes() bool { return strings.Trim(u.value, "0") == "" }

// target is the name of the ref that this one is made a symbolic ref of, if it is.
func (u update) target() (string, bool) { return strings.CutPrefix(u.value, "ref:") }

func (u update) id() (gitwalk.ID, error) {
	id, err := gitwalk.ParseID(u.value)
	if err != nil {
		return id, notUnderstood(u.ref + " " + u.value)
	}
	return id, nil
}

// readUpdates reads what git tells a hook on its standard input, and leaves out what
// is no branch.
func readUpdates(name Name, stdin io.Reader) ([]update, error) {
	lines := bufio.NewScanner(stdin)
	lines.Buffer(nil, maxLine)
	var updates []update
	for lines.Scan() {
		u, err := parseUpdate(name, lines.Text())
		if err != nil {
			return nil, err
		}
		if !u.deletes() && (strings.HasPrefix(u.ref, "refs/heads/") || strings.HasPrefix(u.ref, "refs/remotes/") || u.ref == origHead) {
			updates = append(updates, u)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading what git is about to do: %w", err)
	}
	return updates, nil
}

// parseUpdate reads "OLD NEW REF", or for a push "LOCAL-REF LOCAL-ID REF OLD", where
// the local ref can be any text that the user has written.
func parseUpdate(name Name, line string) (update, error) {
	fields := strings.Split(line, " ")
	n := len(fields)
	switch {
	case name == PrePush && n >= 4:
		return update{ref: fields[n-2], value: fields[n-3]}, nil
	case name != PrePush && n == 3 && fields[1] != "":
		return update{ref: fields[2], value: fields[1]}, nil
	}
	return update{}, notUnderstood(line)
}

func notUnderstood(line string) error {
	return outcome.UncheckedError(authz.CannotCheck, fmt.Errorf("git tells the hook %.200q, which this version does not understand", line),
		"a later version of nix-authorize may; until then \"nix-authorize hook uninstall\" takes the hooks away")
}
