package roster

import (
	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/internal/filename"
	"github.com/nix-authorize/nix-authorize/internal/shell"
)

// Next are the commands to run after the change was made.
func (c *Change) Next() []string {
	var next []string
	if c.PutInto != "" {
		next = append(next, "gpg --armor --export "+string(c.Entry.Key)+" >"+shell.Word(c.PutInto+"/"+filename.Of(c.Entry.Name)+".key"))
	}
	if c.Publication != nil {
		next = append(next, shell.Line("git", "push", "origin", c.Publication.Branch))
	}
	if c.Old == nil {
		return append(next, "nix-authorize lint")
	}
	if c.Committed == nil {
		return append(next, "nix-authorize init")
	}
	if c.Approvals() > 0 {
		return append(next, "nix-authorize approve")
	}
	return append(next, shell.Line("git", "commit", "--gpg-sign", "--message", c.message(), "--", fileName))
}

// message is a subject for the commit that will have the change.
func (c *Change) message() string {
	if has(c.New, c.Entry) {
		return "Let " + c.Entry.Name + " sign"
	}
	return c.Entry.Name + " may not sign any more"
}

// has says whether authorizations list the key of an entry.
func has(a *authz.Authorizations, e authz.Entry) bool {
	for _, listed := range a.Entries() {
		if listed.Key == e.Key {
			return true
		}
	}
	return false
}
