package authfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
)

// Options are what a new file says beside its entries. The zero value is the strict
// rule and one key for a change.
type Options struct {
	Merges    authz.MergeRule
	Threshold int
}

const header = `# Who may sign commits here. A commit is judged by this file as it stands in the
# commit's parents: a key that is added here may sign from the next commit on.
# "nix-authorize key add" and "key remove" edit it, "nix-authorize lint" checks it.
version: 1
`

// New is a file with the entries. The error is a usage error that says why there
// can be no such file.
func New(entries []authz.Entry, o Options) ([]byte, error) {
	var b strings.Builder
	b.WriteString(header)
	if o.Merges != "" && o.Merges != authz.MergesStrict {
		fmt.Fprintf(&b, "merges: %s\n", o.Merges)
	}
	if o.Threshold > 1 {
		fmt.Fprintf(&b, "threshold: %d\n", o.Threshold)
	}
	b.WriteString("keys:\n")
	for _, e := range entries {
		for _, line := range entryLines(e, 2, 4) {
			b.WriteString(line + "\n")
		}
	}
	content := []byte(b.String())
	a, err := authz.ParseAuthorizations(authz.NixFormat, content)
	if err != nil {
		return nil, notPossible(err)
	}
	if !slices.EqualFunc(a.Entries(), entries, sameEntry) {
		return nil, byHand(errOther, nil)
	}
	return content, nil
}

// entryLines are the lines of an entry whose dash has so many spaces in front of it,
// and whose fields have so many.
func entryLines(e authz.Entry, dash, field int) []string {
	field = max(field, dash+2)
	lead := strings.Repeat(" ", dash) + "-" + strings.Repeat(" ", field-dash-1)
	rest := strings.Repeat(" ", field)
	key := "openpgp: " + e.Key.Pretty()
	if e.SSHKey != "" {
		key = "ssh: " + e.SSHKey
	}
	lines := []string{lead + "name: " + scalar(e.Name), rest + key}
	if len(e.Paths) > 0 {
		var paths []string
		for _, path := range e.Paths {
			paths = append(paths, scalar(path))
		}
		lines = append(lines, rest+"paths: ["+strings.Join(paths, ", ")+"]")
	}
	if e.Rights != defaultRights(e) {
		lines = append(lines, rest+"may: ["+e.Rights.String()+"]")
	}
	return lines
}

// defaultRights are those of an entry that does not say what it may.
func defaultRights(e authz.Entry) authz.Right {
	if len(e.Paths) > 0 {
		return authz.RightCommit
	}
	return authz.RightCommit | authz.RightMerge | authz.RightAuthorize
}

var (
	// plain is what every YAML reader takes for a text without quotes, also
	// within brackets, unless it is one of the words.
	plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._/@+-]*( [A-Za-z0-9._/@+-]+)*$`)
	words = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
)

// scalar is a text of printable characters as YAML reads it back.
func scalar(text string) string {
	if plain.MatchString(text) && !slices.Contains(words, strings.ToLower(text)) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
