package report

import "fmt"

// A maintenance is an event of the commands that look after authorizations. Each is
// in a file of its own, with the ways in which it is shown.
type maintenance interface {
	Event
	show(t *Text)
	write(d *document)
}

// maintenanceDoc is what these commands add to the document.
type maintenanceDoc struct {
	Init *initDoc `json:"init,omitempty"`
	// Change is how the authorizations file changes.
	Change *changeDoc `json:"change,omitempty"`
	// Published is where a key has been published.
	Published *publishedDoc `json:"published,omitempty"`
	// Rule and OwnKey go with a list of keys.
	Rule   *ruleDoc `json:"rule,omitempty"`
	OwnKey string   `json:"own_key,omitempty"`
	// Approvals are who agrees to a change.
	Approvals *approvalsDoc `json:"approvals,omitempty"`
	// Seal is a head that is vouched for.
	Seal *sealDoc `json:"seal,omitempty"`
	// Findings are those of lint.
	Findings []findingDoc `json:"findings,omitempty"`
	// Notes are facts for people.
	Notes []string `json:"notes,omitempty"`
	// ApprovalsNeeded is how many others must agree to a change of the file.
	ApprovalsNeeded int `json:"approvals_needed,omitempty"`
	// Next are command lines to run next, in their order.
	Next []string `json:"next,omitempty"`
}

// next shows commands to run next.
func (t *Text) next(commands []string) {
	for _, command := range commands {
		t.field("next", "%s", Printable(command))
	}
}

// Unchanged ends a command to which the user has said no, or which only was to show
// what it would do.
type Unchanged struct{ DryRun bool }

func (Unchanged) event() {}

func (e Unchanged) show(t *Text) {
	text := "nothing has been changed, as you wish"
	if e.DryRun {
		text = "dry run: nothing has been changed"
	}
	fmt.Fprintln(t.Out, text)
}

func (e Unchanged) write(d *document) { d.done() }
