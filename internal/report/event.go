// Package report shows people and programs what a command finds. A command sends
// one stream of typed events to one Handler; what is on standard output and on
// standard error is the Handler's business alone:
//
//   - the text handler writes verdicts and listings to standard output, and
//     warnings, errors, hints and progress to standard error;
//   - the JSON handler writes exactly one document to standard output and nothing
//     else anywhere.
//
// Text that comes from commits and keys is hostile until it has gone through
// Printable or a JSON encoder.
package report

import (
	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/graph"
	"github.com/nix-authorize/nix-authorize/internal/hook"
	"github.com/nix-authorize/nix-authorize/internal/introductions"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/state"
	"github.com/nix-authorize/nix-authorize/internal/update"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// An Event is one thing that a command has to say.
type Event interface{ event() }

// A Handler shows events. It is used by one goroutine.
type Handler interface {
	Handle(Event)
	// Close shows what is still to be shown and gives the terminal back.
	Close() error
}

// Started says what is about to be judged.
type Started struct {
	Policy authz.Policy
	// Origin is where the introduction comes from, in words.
	Origin string
	// Revision is the name that the user gave or that stands for the default.
	Revision string
	Tip      gitwalk.ID
	Keyring  string // where keys are looked up, in words
	// MissingHint says how to get objects that the repository lacks.
	MissingHint string
}

// Progress passes on how far the engine is.
type Progress struct{ authz.Event }

// Finished has the verdict on a history.
type Finished struct {
	Report *authz.Report
	Stats  bool // show who signed how many commits
	// Graph is the part of the history around what is not authentic, if somebody
	// has asked for it.
	Graph []graph.Node
	// ReportOnly says that the exit code will be 0 whatever the verdict.
	ReportOnly bool
}

// A Warning does not change the verdict. Code is stable, Text one fact.
type Warning struct{ Code, Text, Hint string }

// A Note is of interest to people who look for the cause of something.
type Note struct{ Text string }

// Explained has the verdict on one commit with all its steps.
type Explained struct {
	Started     Started
	Examination *authz.Examination
	Steps       []authz.Step
}

// Keys lists a keyring and who is authorized at a revision.
type Keys struct{ *verification.KeyList }

// Trusted says that an introduction has been recorded.
type Trusted struct {
	Introduction authz.Introduction
	Signer       *authz.Signer
	Subject      string
	Branch       string // empty for the whole repository
	File         string // the configuration that was changed
}

// Incoming is what a pull or clone brings, before anything moves.
type Incoming struct {
	*update.Incoming
	// Asks says that the user will be asked about it.
	Asks bool
}

// Pulled is what a pull or clone has done.
type Pulled struct {
	Result *update.Result
	// Dir is the directory that a clone has made, empty for a pull.
	Dir    string
	DryRun bool
	// Accepted is false if the user has said no.
	Accepted bool
}

// Status is what is known of a checkout.
type Status struct{ *update.Status }

// States lists remembered tips, perhaps because they were forgotten.
type States struct {
	Tips      []state.Listed
	Forgotten bool
}

// Introductions lists named introductions, or says that one was added.
type Introductions struct {
	Entries []introductions.Entry
	// Old is what the one that was added counts instead of, nil for none.
	Old   *introductions.Entry
	Added bool
}

// Hooks tells what is in the places of hooks, perhaps because they have just been put
// there or taken away.
type Hooks struct {
	Place *hook.Place
	Hooks []hook.Hook
	// Installed says that they have just been put there, and Taken, unless it is
	// nil, what has become of those that were there.
	Installed bool
	Taken     []hook.Taken
	// Protection says which branches they judge.
	Protection *hook.Protection
}

// Vetoed says that git must leave a ref as it is. The reason comes before it.
type Vetoed struct{ hook.Veto }

// Failed ends a command without a verdict.
type Failed struct{ *outcome.Error }

func (Started) event()       {}
func (Progress) event()      {}
func (Finished) event()      {}
func (Warning) event()       {}
func (Note) event()          {}
func (Explained) event()     {}
func (Keys) event()          {}
func (Trusted) event()       {}
func (Incoming) event()      {}
func (Pulled) event()        {}
func (Status) event()        {}
func (States) event()        {}
func (Introductions) event() {}
func (Hooks) event()         {}
func (Vetoed) event()        {}
func (Failed) event()        {}
