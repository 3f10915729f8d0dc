// Package hook lets git itself ask before a branch moves: it puts hooks in place,
// takes them away again, and does their work when git runs them.
//
// A hook is a small shell script (script.go) that hands on to this program and then
// runs the hook that was there before, which has the suffix Before and whose veto
// counts too. Only what Install has written is ever changed or removed.
//
// Hooks protect the user of a repository from what others send. They do not protect
// a repository from its own user, who can remove them.
package hook

// A Name is the name of a hook ("githooks(5)").
type Name string

// The hooks.
const (
	// ReferenceTransaction is asked about every change of refs, whichever command
	// makes it. Git has it since version 2.28.
	ReferenceTransaction Name = "reference-transaction"
	// PrePush is asked before refs are sent.
	PrePush Name = "pre-push"
	// PreReceive is asked by a repository that somebody pushes to, before it has
	// taken any object over.
	PreReceive Name = "pre-receive"
)

// names are all hooks that Install may put in place.
var names = []Name{ReferenceTransaction, PrePush, PreReceive}

// Before is the end of the name of a hook that was there first.
const Before = ".before-nix-authorize"

// A State is what is in the place of a hook.
type State string

// The states.
const (
	Absent    State = "absent"
	Installed State = "installed"
	Outdated  State = "outdated" // written by another version of Install
	Edited    State = "edited"   // written by Install and changed since
	Foreign   State = "foreign"  // something else
)

// A Hook is one hook and what is in its place.
type Hook struct {
	Name  Name
	Path  string
	State State
	// Program is what the script hands on to, if Install has written it.
	Program string
	// Broken says why git or the script cannot do what they should, or is empty.
	Broken string
	// Before is the hook that was there first and that is run afterwards, or
	// empty.
	Before string
}

// ours says whether Install has written what is in place and nobody has changed it.
func (h Hook) ours() bool { return h.State == Installed || h.State == Outdated }

// Works says whether git asks before it moves a branch.
func (h Hook) Works() bool { return h.ours() && h.Broken == "" }
