package report

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/roster"
)

// RosterPlan is how the list of keys in the work tree is about to change.
type RosterPlan struct{ *roster.Change }

// RosterChanged says that it has changed.
type RosterChanged struct {
	*roster.Change
	// Published is the commit that publishes a key, or zero.
	Published gitwalk.ID
}

// Roster lists the keys of a file.
type Roster struct{ *roster.Listing }

func (RosterPlan) event()    {}
func (RosterChanged) event() {}
func (Roster) event()        {}

// publishedDoc is where a key is published.
type publishedDoc struct {
	Branch string `json:"branch"`
	File   string `json:"file"`
	Commit string `json:"commit,omitempty"`
}

func (e RosterPlan) show(t *Text) {
	if t.Quiet {
		return
	}
	if e.Old == nil {
		fmt.Fprintf(t.Out, "a new %s:\n", authz.NixFormat)
		t.rights(e.New)
	} else {
		fmt.Fprintf(t.Out, "%s in the work tree changes:\n", authz.NixFormat)
		t.fileChange(authz.Compare(e.Old, e.New))
	}
	for _, note := range e.Notes {
		t.field("note", "%s", Printable(note))
	}
	t.addition(e.Publication)
}

func (e RosterPlan) write(d *document) {
	d.Authorizations = authz.NixFormat.FileName()
	d.Change, d.Notes = &changeDoc{}, e.Notes
	d.Change.change(authz.Compare(e.Old, e.New))
	if e.Publication != nil {
		d.Published = &publishedDoc{Branch: e.Publication.Branch, File: e.Publication.File}
	}
}

func (e RosterChanged) show(t *Text) {
	for _, w := range e.warnings() {
		t.warning(w)
	}
	if t.Quiet {
		return
	}
	if e.Old == nil {
		fmt.Fprintf(t.Out, "written: %s\n", authz.NixFormat)
	} else {
		fmt.Fprintln(t.Out, "written to the work tree; it counts for commits after the one that contains it")
	}
	if n := e.Approvals(); n > 0 {
		t.field("approvals", "%s must agree, beside whoever signs the commit", plural(n, "other key"))
	}
	t.next(e.Next())
}

func (e RosterChanged) write(d *document) {
	d.done()
	if d.Published != nil {
		d.Published.Commit = idOrEmpty(e.Published)
	}
	for _, w := range e.warnings() {
		d.Warnings = append(d.Warnings, warningDoc(w))
	}
	d.Next, d.ApprovalsNeeded = e.Next(), e.Approvals()
}

// warnings are what a maintainer should think about before committing.
func (e RosterChanged) warnings() []Warning {
	var warnings []Warning
	if e.Outsider {
		warnings = append(warnings, Warning{"not-authorized", "your own key may not sign a commit that changes this file", "somebody who may authorize must make the commit"})
	}
	if e.Own {
		warnings = append(warnings, Warning{"own-key", "this is your own key: after the commit with this change you may sign nothing more", "\"git checkout -- .nix-authorizations\" takes it back"})
	}
	return warnings
}

func (e Roster) show(t *Text) {
	where := "in the work tree"
	if e.Revision != "" {
		where = "at " + named(e.At, e.Revision)
	}
	entries := e.Authorizations.Entries()
	fmt.Fprintf(t.Out, "%s %s: %s, merges: %s, threshold: %d\n", e.Format, where, plural(len(entries), "key"), e.Authorizations.Merges, e.Authorizations.Threshold)
	for _, entry := range entries {
		marks := e.marks(entry)
		for i, mark := range marks {
			marks[i] = "  " + t.out().doubt(mark)
		}
		own := ""
		if entry.Key == e.Own.Key {
			own = "  " + t.out().good("you")
		}
		fmt.Fprintf(t.Out, "  %s  %s  %s%s%s\n", Printable(entry.Name), entry.Key, Printable(entry.Describe()), own, strings.Join(marks, ""))
	}
	if e.Uncommitted != nil && !e.Uncommitted.IsEmpty() {
		fmt.Fprintln(t.Out, "not committed yet:")
		t.fileChange(e.Uncommitted)
	}
}

// marks say what is remarkable about the key of an entry.
func (e Roster) marks(entry authz.Entry) []string {
	if entry.Key.IsSSH() {
		return nil
	}
	key, found := e.Keyring.Lookup(entry.Key)
	if !found {
		return []string{"not in the keyring"}
	}
	return states(key)
}

func (e Roster) write(d *document) {
	d.done()
	d.Authorizations, d.Keyring, d.Revision, d.Tip = e.Format.FileName(), e.Keyring.Name, e.Revision, idOrEmpty(e.At)
	for _, entry := range e.Authorizations.Entries() {
		_, found := e.Keyring.Lookup(entry.Key)
		found = found || entry.Key.IsSSH()
		d.Authorized = append(d.Authorized, entryDoc{
			Fingerprint: string(entry.Key), Name: entry.Name, May: entry.Rights.String(), Paths: entry.Paths, InKeyring: &found,
		})
	}
	d.Rule = &ruleDoc{string(e.Authorizations.Merges), e.Authorizations.Threshold}
	d.OwnKey = string(e.Own.Key)
	if e.Uncommitted != nil && !e.Uncommitted.IsEmpty() {
		d.Change = &changeDoc{}
		d.Change.change(e.Uncommitted)
	}
}

// ruleDoc is what a file says beside its keys.
type ruleDoc struct {
	Merges    string `json:"merges"`
	Threshold int    `json:"threshold"`
}
