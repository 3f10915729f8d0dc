package authz

import (
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestRuleSigned has merges by "merges: signed", for which the first parent alone has
// a say.
func TestRuleSigned(t *testing.T) {
	w := newWorld(t, NixFormat)
	file := func(keys ...string) *File { return fileWith(NixFormat, nixFile("merges: signed", keys...)) }
	all, mergeOnly, commitOnly := file("alice"), file("alice may: [merge]", "bob"), file("alice may: [commit]", "bob")
	others, none, bad := file("bob"), &File{}, fileWith(NixFormat, "{")
	lacks := func(what string) verdictWanted {
		return verdictWanted{Unauthorized, 1, "alice", "needs the right to " + what}
	}
	for _, c := range []struct {
		name    string
		file    *File
		parents []*File
		want    verdictWanted
	}{
		{"listed by both", all, []*File{all, all}, authentic},
		{"by one who may merge", mergeOnly, []*File{mergeOnly, mergeOnly}, authentic},
		{"by one who may commit", commitOnly, []*File{commitOnly, commitOnly}, lacks("merge")},
		{"listed by the first alone", all, []*File{all, others}, authentic},
		{"listed by the second alone", others, []*File{others, all}, verdictWanted{Unauthorized, 1, "", "not listed"}},
		{"the second has no file", all, []*File{all, none}, authentic},
		{"the second has a malformed file", all, []*File{all, bad}, authentic},
		{"the first has a malformed file", all, []*File{bad, all}, verdictWanted{MalformedAuthorizations, 1, "", "of its parent"}},
		{"the first has no file", all, []*File{none, all}, verdictWanted{Unauthorized, 1, "", "no authorizations file"}},
		{"the file of the second", others, []*File{all, others}, authentic},
		{"the file of the second, by one who may merge", others, []*File{mergeOnly, others}, lacks("authorize")},
		{"the file of the first, other than in the second", mergeOnly, []*File{mergeOnly, others}, authentic},
		{"the file removed", none, []*File{all, none}, verdictWanted{AuthorizationsRemoved, 1, "alice", "removes"}},
		{"the file removed that the second alone has", none, []*File{none, all}, verdictWanted{Unauthorized, 1, "", ""}},
		{"the file broken", bad, []*File{all, bad}, verdictWanted{MalformedAuthorizations, 0, "alice", "column"}},
		{"one parent", all, []*File{all}, authentic},
		{"three parents", all, []*File{all, all, all}, verdictWanted{Unauthorized, 1, "-", "merges 2 branches at once"}},
		{"to the strict rule", fileWith(NixFormat, nixFile("", "alice")), []*File{all, all}, authentic},
		{"from the strict rule", all, []*File{fileWith(NixFormat, nixFile("", "alice")), others}, verdictWanted{Unauthorized, 2, "", "not listed"}},
	} {
		t.Run(c.name, func(t *testing.T) { c.want.check(t, w.policy.Judge(factsOf(c.file, c.parents...))) })
	}
	unsigned := factsOf(all, all, all)
	unsigned.Signed = false
	verdictWanted{Unsigned, 0, "-", ""}.check(t, w.policy.Judge(unsigned))
}

// TestRuleHistoricalMerges has that the rules of the historical authorizations count
// for a parent without a file.
func TestRuleHistoricalMerges(t *testing.T) {
	w := newWorld(t, NixFormat)
	w.policy.Historical = mustParse(t, NixFormat, nixFile("merges: signed", "alice"))
	one, none := fileWith(NixFormat, nixFile("", "alice")), &File{}
	others := fileWith(NixFormat, nixFile("", "bob"))
	authentic.check(t, w.policy.Judge(factsOf(one, none, others)))
	verdictWanted{Unauthorized, 2, "", "not listed"}.check(t, w.policy.Judge(factsOf(one, one, others)))
}

// TestSignedSideBranches has that what a signed merge brings in is content: nobody
// asks who made it, and the file that it has does not count.
func TestSignedSideBranches(t *testing.T) {
	w := newWorld(t, NixFormat)
	file := nixFile("merges: signed", "alice", "bob may: [commit]")
	own := nixFile("merges: signed", "eve", "carol")
	intro := w.introduce(w.commit(alice, file), alice)
	side := w.commit("", "{", w.commit(eve, own, w.commit("", "", intro)))
	merge := w.commit(alice, file, intro, side)
	if r := w.accepts(merge); r.Commits != 1 || r.Vouched != 0 {
		t.Errorf("%+v", r)
	}
	w.accepts(w.commit(bob, file, merge))
	byBob := w.commit(bob, file, intro, side)
	w.refuses(byBob, byBob, Unauthorized)
	byCarol := w.commit(carol, own, merge)
	w.refuses(byCarol, byCarol, Unauthorized)
	taken := w.commit(alice, own, intro, w.commit("", own, intro)) // alice may authorize
	w.accepts(taken)
	w.accepts(w.commit(carol, own, taken))
}

// TestSecondParentIsNoHistory has that a branch whose first parents lead past the
// introduction does not descend from it, whatever it has merged.
func TestSecondParentIsNoHistory(t *testing.T) {
	for _, rule := range []string{"signed", "vouched"} {
		w := newWorld(t, NixFormat)
		file := nixFile("merges: "+rule, "alice", "eve")
		root := w.commit(alice, file)
		intro := w.introduce(w.commit(alice, file, root), alice)
		fork := w.commit(alice, file, root)
		for _, tip := range []gitwalk.ID{
			w.commit(alice, file, fork, intro),
			w.commit(alice, file, w.commit(alice, file, fork, intro)),
			w.commit(alice, file, root, w.commit(alice, file, intro)),
			w.commit("", file, fork, w.commit(alice, file, intro)),
		} {
			w.refuses(tip, tip, NotDescendant)
		}
		w.accepts(w.commit(alice, file, intro, fork))
	}
}
