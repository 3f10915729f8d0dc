// Package lint finds what a maintainer should mend in an authorizations file before
// it troubles anybody: keys that nobody can look up, thresholds that cannot be met,
// files that look like the one that counts. It judges no history.
package lint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A Severity says how bad a finding is.
type Severity string

// The severities. A note is no reason to change anything.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// A Finding is one thing that was found.
type Finding struct {
	Severity Severity
	Code     string // stable
	File     string // relative to the root of the repository
	Line     int    // from 1, or 0 if it is not about a line
	Text     string // one fact
	Hint     string
}

// A Subject is what is checked: a file and what it stands among.
type Subject struct {
	// Where says in words whose file it is, such as "the work tree".
	Where  string
	Format authz.Format
	// Present says that the file is there. Authorizations is what it says, or nil,
	// and Err why it says nothing.
	Present        bool
	Authorizations *authz.Authorizations
	Err            error
	// Names are those at the root of the tree.
	Names []string
	// Exists says what is at a path of the tree: nothing, a directory, or else.
	Exists func(path string) (Kind, error)
	// Keyring is where keys are looked up.
	Keyring *keysource.Loaded
	// Recent are the latest commits, or nil if they were not looked at.
	Recent *Recent
}

// A Kind is what is at a path of a tree.
type Kind int

// The kinds.
const (
	Nothing Kind = iota
	Directory
	Other
)

// Recent is who has signed the latest commits.
type Recent struct {
	Commits int
	// Signed are the fingerprints of the entries that have signed one of them.
	Signed map[signer.Fingerprint]bool
	// Old are the entries that the oldest of them has in its file already.
	Old map[signer.Fingerprint]bool
}

// Check finds what is to be mended, the worst first. The error is one of reading.
func Check(s *Subject) ([]Finding, error) {
	c := checker{Subject: s}
	c.file()
	c.lookalikes()
	if s.Authorizations != nil {
		c.names()
		c.keys()
		c.threshold()
		if err := c.paths(); err != nil {
			return nil, err
		}
		c.unused()
	}
	order := []Severity{Error, Warning, Note}
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		if a.Severity != b.Severity {
			return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
		}
		return a.Line - b.Line
	})
	return c.findings, nil
}

type checker struct {
	*Subject
	findings []Finding
}

func (c *checker) find(severity Severity, code string, line int, hint, format string, args ...any) {
	c.findings = append(c.findings, Finding{severity, code, c.Format.FileName(), line, fmt.Sprintf(format, args...), hint})
}

// file is about the file as such.
func (c *checker) file() {
	var syntax *authz.SyntaxError
	switch {
	case !c.Present:
		c.find(Error, "absent", 0, `"nix-authorize init" begins with one; in a history that has had one, a commit without it is refused`, "there is no such file")
	case errors.As(c.Err, &syntax):
		c.find(Error, "malformed", syntax.Line, "a commit with it is refused", "column %d: %s; expected %s", syntax.Column, syntax.Detail, syntax.Expected)
	case c.Err != nil:
		c.find(Error, "malformed", 0, "a commit with it is refused", "%s", c.Err)
	}
}

// names are told apart by people, not by bytes.
func (c *checker) names() {
	seen := map[string]authz.Entry{}
	for _, e := range c.Authorizations.Entries() {
		skeleton := skeleton(e.Name)
		if other, taken := seen[skeleton]; taken && skeleton != "" {
			c.find(Warning, "similar-names", e.Line, "give them names that nobody can take for each other", "the name %q looks like %q on line %d", e.Name, other.Name, other.Line)
			continue
		}
		seen[skeleton] = e
	}
}

// lookalikes are files that people could take for the one that counts.
func (c *checker) lookalikes() {
	real := map[string]string{}
	for _, name := range []string{string(authz.NixFormat), string(authz.GuixFormat), approvalRoot()} {
		real[skeleton(name)] = name
	}
	for _, name := range c.Names {
		is, looksLike := real[skeleton(name)]
		if !looksLike || name == is {
			continue
		}
		c.findings = append(c.findings, Finding{
			Severity: Error, Code: "look-alike", File: name,
			Text: fmt.Sprintf("%q looks like %s and is not: it counts for nothing", name, is),
			Hint: "remove it, or rename it if it is meant to count",
		})
	}
}

// approvalRoot is the directory at the root of the tree that has approvals.
func approvalRoot() string {
	root, _, _ := strings.Cut(authz.ApprovalDir, "/")
	return root
}

// threshold is about whether the file can be changed again.
func (c *checker) threshold() {
	may, can := 0, 0
	for _, e := range c.Authorizations.Entries() {
		if e.Rights&authz.RightAuthorize == 0 {
			continue
		}
		may++
		if c.state(e).signs() {
			can++
		}
	}
	need := c.Authorizations.Threshold
	switch {
	case can < need:
		c.find(Error, "threshold-unreachable", 0, "publish the missing keys, or let other keys authorize, before those that can are too few",
			"a change of this file needs %d keys, and only %d of those that may authorize can be looked up and used", need, can)
	case need > 1 && may == need:
		c.find(Warning, "threshold-tight", 0, "let one more key authorize", "all %d keys that may authorize must agree to every change: if one is lost, this file can never change again", need)
	case may == 1:
		c.find(Note, "single-authorizer", 0, "let a second key authorize, or keep a copy of this one in a safe place", "one key alone may change this file: if it is lost, nobody can be let in any more")
	}
}

// unused is about keys that nobody seems to use.
func (c *checker) unused() {
	const enough = 100 // commits, below which that says nothing
	if c.Recent == nil || c.Recent.Commits < enough {
		return
	}
	for _, e := range c.Authorizations.Entries() {
		if c.Recent.Old[e.Key] && !c.Recent.Signed[e.Key] {
			c.find(Note, "unused-key", e.Line, "take it out of the file if nobody needs it any more",
				"%s has signed none of the last %d commits", e.Name, c.Recent.Commits)
		}
	}
}
