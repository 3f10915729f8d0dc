package authz

import (
	"iter"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// Evidence answers what the rule asks about a commit beyond its facts. An answer
// costs reading, so it is asked for only where a verdict depends on it: by keys with
// paths, thresholds and merges that nobody signed. It is used by one goroutine.
//
// An error is that there is no answer: an object is missing or corrupt, or git was
// needed and could not be asked.
type Evidence interface {
	// Changes yields the paths at which the tree of commit b differs from that
	// of commit a, both names of a rename among them; the zero ID has no files.
	Changes(a, b gitwalk.ID) iter.Seq2[string, error]
	// Mechanical says whether a commit with two parents is their mechanical
	// merge.
	Mechanical(merge gitwalk.ID) (gitwalk.Mechanics, error)
	// Side is a commit that a merge brings in.
	Side(commit gitwalk.ID) (*SideCommit, error)
	// Chain is the commits from head on along first parents that are neither
	// base nor ancestors of it, newest first, and whether the first parent of
	// the last one is. There are none if head is an ancestor itself, which
	// joins too. A chain that ends at a root does not join, nor does one of
	// more than most commits, of which the first are returned.
	Chain(head, base gitwalk.ID, most int) (chain []gitwalk.ID, joins bool, err error)
	// Approvals yields the outcome of checking each approval in the tree of a
	// commit as a signature of message.
	Approvals(commit gitwalk.ID, message []byte) iter.Seq2[signer.Result, error]
}

// A SideCommit is a commit of a side branch, which is content and not history.
type SideCommit struct {
	Parents []gitwalk.ID
	// Malformed is why the commit is not in canonical form, or nil. The other
	// fields are empty then.
	Malformed error
	Signed    bool
	Signature signer.Result
}
