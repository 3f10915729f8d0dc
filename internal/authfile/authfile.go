// Package authfile edits the text of a .nix-authorizations file: what people have
// written there, comments and layout above all, stays as it is.
//
// Edits are made to lines. What comes out is read again by package authz, and if
// it does not differ from what went in by exactly the change that was meant, there
// is an error instead of a file.
package authfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Add is the file with one more entry at the end of its list. The error is a usage
// error: the file is malformed, it has the name or the key already, or it is laid
// out in a way that cannot be edited here.
func Add(content []byte, e authz.Entry) ([]byte, error) {
	before, err := parse(content)
	if err != nil {
		return nil, err
	}
	l, err := newLayout(content)
	if err != nil {
		return nil, byHand(err, entryLines(e, 2, 2))
	}
	after := l.with(entryLines(e, l.dash, l.field))
	now, err := parse(after)
	if err != nil {
		return nil, notPossible(err)
	}
	change := authz.Compare(before, now)
	if len(change.Keys) != 1 || change.Keys[0].Kind != authz.KeyAdded || !sameEntry(change.Keys[0].New, e) || rulesDiffer(change) {
		return nil, byHand(errOther, entryLines(e, l.dash, l.field))
	}
	return after, nil
}

// Remove is the file without the entry of this name or fingerprint, and that entry.
// Comments that belong to it go with it. The error is a usage error, as that of
// Add; a file from which the last key is taken is malformed, too.
func Remove(content []byte, nameOrKey string) ([]byte, authz.Entry, error) {
	before, err := parse(content)
	if err != nil {
		return nil, authz.Entry{}, err
	}
	at, err := find(before.Entries(), nameOrKey)
	if err != nil {
		return nil, authz.Entry{}, err
	}
	entry := before.Entries()[at]
	l, err := newLayout(content)
	if err != nil {
		return nil, entry, byHand(err, nil)
	}
	after := l.without(at)
	now, err := parse(after)
	if err != nil {
		return nil, entry, notPossible(err)
	}
	change := authz.Compare(before, now)
	if len(change.Keys) != 1 || change.Keys[0].Kind != authz.KeyRemoved || !sameEntry(change.Keys[0].Old, entry) || rulesDiffer(change) {
		return nil, entry, byHand(errOther, nil)
	}
	return after, entry, nil
}

// find is the place of the entry that a name or a fingerprint stands for.
func find(entries []authz.Entry, nameOrKey string) (int, error) {
	key, _ := signer.ParseFingerprint(nameOrKey)
	for i, e := range entries {
		if e.Name == nameOrKey || e.Key == key && key != "" {
			return i, nil
		}
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return 0, outcome.UsageError(fmt.Errorf("the file lists no key of the name or fingerprint %q", nameOrKey),
		"it lists: "+strings.Join(names, ", "))
}

// parse reads a file that must be well formed.
func parse(content []byte) (*authz.Authorizations, error) {
	a, err := authz.ParseAuthorizations(authz.NixFormat, content)
	if err != nil {
		return nil, outcome.UsageError(fmt.Errorf("%s is malformed: %w", authz.NixFormat, err), "mend it by hand first")
	}
	return a, nil
}

// notPossible says of a change that would make a malformed file why that is so. The
// position is that in a file that will not exist.
func notPossible(err error) error {
	var syntax *authz.SyntaxError
	if errors.As(err, &syntax) {
		return outcome.UsageError(fmt.Errorf("this would make %s malformed: %s", authz.NixFormat, syntax.Detail), "expected: "+syntax.Expected)
	}
	return err
}

var errOther = errors.New("editing the file would change something else, too")

// byHand gives up where the layout is not understood. The lines are what is to be
// added, or nothing.
func byHand(err error, lines []string) error {
	hint := "edit the file by hand"
	if len(lines) > 0 {
		hint += ", and add: " + strings.Join(trimmed(lines), ", ")
	}
	return outcome.UsageError(fmt.Errorf("%s is laid out in an unusual way: %w", authz.NixFormat, err), hint)
}

func trimmed(lines []string) []string {
	var out []string
	for _, line := range lines {
		out = append(out, strings.TrimPrefix(strings.TrimSpace(line), "- "))
	}
	return out
}

// sameEntry compares all but the line.
func sameEntry(a, b authz.Entry) bool {
	return a.Name == b.Name && a.Key == b.Key && a.SSHKey == b.SSHKey && a.Rights == b.Rights && slices.Equal(a.Paths, b.Paths)
}

func rulesDiffer(c *authz.FileChange) bool {
	return c.OldMerges != c.NewMerges || c.OldThreshold != c.NewThreshold
}
