package history

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/bench/packfile"
	"github.com/nix-authorize/nix-authorize/bench/testkey"
	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A commit is one that is to be made. Its trees are known before its parents are, since
// the id of a commit depends on its signature.
type commit struct {
	tree    gitwalk.ID
	parents []*commit
	author  string
	seconds int64 // the date
	message string
	key     *testkey.Key // nil: nobody signs it

	objects []*packfile.Object // that it brings, without itself
	id      gitwalk.ID         // once it is made
}

// Dates: nixpkgs gets 540 commits a day.
const (
	firstDate     = 1_600_000_000
	secondsApart  = 160
	committedByUs = "Merge Button <noreply@example.org>"
)

// date is that of the commit of a number.
func date(number int) int64 { return firstDate + secondsApart*int64(number) }

// make signs the commit and returns its object. Its parents must have been made.
func (c *commit) make() *packfile.Object {
	var head strings.Builder
	fmt.Fprintf(&head, "tree %s\n", c.tree)
	for _, parent := range c.parents {
		fmt.Fprintf(&head, "parent %s\n", parent.id)
	}
	fmt.Fprintf(&head, "author %s %d +0000\ncommitter %[1]s %[2]d +0000\n", c.author, c.seconds)
	text := head.String() + "\n" + c.message
	if c.key != nil {
		signature := c.key.Sign([]byte(text), c.seconds)
		text = head.String() + "gpgsig " + strings.ReplaceAll(signature, "\n", "\n ") + "\n\n" + c.message
	}
	object := packfile.Whole(gitwalk.KindCommit, []byte(text))
	c.id = object.ID
	c.parents = nil // else each commit would keep all others alive
	return object
}

func address(key *testkey.Key) string { return fmt.Sprintf("%s <%[1]s@example.org>", key.Name) }
