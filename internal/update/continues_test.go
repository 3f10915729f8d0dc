package update_test

import (
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// TestPullComesBack: somebody who was removed begins at an old commit, whose list still
// has the key, and merges the present branch into that. The merge is authentic by the
// old list and descends from all that was seen. It is not pulled.
func TestPullComesBack(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	signed := func(text string) string { return strings.Replace(text, "keys:", "merges: signed\nkeys:", 1) }
	s.server.CommitAs(s.alice, ".nix-authorizations", signed(s.listing(s.alice, s.mallory)))
	s.server.Git("branch", "old")
	s.server.CommitAs(s.alice, ".nix-authorizations", signed(s.listing(s.alice)))
	s.grow(1)
	checkout := s.clone()
	before := picture(t, checkout)
	s.server.Git("checkout", "--quiet", "old")
	s.server.CommitAs(s.mallory, "file", "evil\n")
	s.server.GitAs(s.mallory, "merge", "--quiet", "--strategy=ours", "--message", "Merge main", "main")
	evil := s.server.Git("rev-parse", "HEAD")
	s.server.Git("checkout", "--quiet", "main")
	s.server.Git("merge", "--quiet", "--ff-only", "old") // as git sees it, main goes forward
	s.ends(outcome.Downgrade)(s.pull(nil))
	s.unmoved(checkout, before)
	s.server.Git("reset", "--quiet", "--hard", evil+"^2~1")
	s.ends(outcome.Downgrade)(s.pull(nil)) // older, as ever
	s.server.Git("reset", "--quiet", "--hard", evil+"^2")
	s.ends(outcome.Authentic)(s.pull(nil))
	// The other way round it is an ordinary merge, and goes forward.
	s.server.GitAs(s.alice, "merge", "--quiet", "--strategy=ours", "--message", "Merge old", "old~1")
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, s.server.Git("rev-parse", "HEAD"))
}
