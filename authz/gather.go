package authz

import (
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// maxParents is how many parents a commit may have. Git's own histories have
// merges of 66; without a limit one commit could hold 16 MiB of them.
const maxParents = 1000

// gathered is what can be known of a commit without its parents: the facts less
// the files, and the tree entry of its own file. It holds no part of the raw
// commit, whose size is the committer's choice.
type gathered struct {
	facts Facts
	file  gitwalk.Entry
	// noTree is why what the commit's tree has cannot be known, although the
	// repository has all objects, or nil.
	noTree error
	err    error // the repository failed to give an object
}

// gatherer reads and checks commits in one goroutine.
type gatherer struct {
	reader *gitwalk.Reader
	keys   Checker
	format Format
}

func (g *gatherer) gather(id gitwalk.ID) gathered {
	out := gathered{facts: Facts{Commit: id}}
	tree, err := g.commit(&out.facts)
	if err == nil {
		out.file, err = findFile(g.reader, tree, g.format)
	}
	if !isMalformed(err) {
		out.err = err
		return out
	}
	out.noTree = err
	if out.facts.Malformed == nil {
		out.facts.Malformed = err
	}
	return out
}

// commit reads a commit and returns its tree. That of a malformed commit counts
// too: it has the file by which the children are judged.
func (g *gatherer) commit(facts *Facts) (tree gitwalk.ID, err error) {
	raw, err := g.reader.Commit(facts.Commit)
	if err != nil {
		return tree, err
	}
	commit, err := parseCommit(facts.Commit, raw)
	if err != nil {
		facts.Malformed = err
		return treeOf(facts.Commit, raw)
	}
	facts.Subject = clipSubject(commit.Subject())
	for _, parent := range commit.Parents {
		facts.Parents = append(facts.Parents, Parent{ID: parent})
	}
	if commit.Signature != nil {
		facts.Signed = true
		facts.Signature = g.keys.Check(commit.Payload(), commit.Signature)
	}
	return commit.Tree, nil
}

// parseCommit is gitwalk.ParseCommit with a limit on parents.
func parseCommit(id gitwalk.ID, raw []byte) (*gitwalk.Commit, error) {
	commit, err := gitwalk.ParseCommit(id, raw)
	if err == nil && len(commit.Parents) > maxParents {
		err = &gitwalk.MalformedError{ID: commit.ID, Kind: gitwalk.KindCommit,
			Detail: fmt.Sprintf("it has %d parents, which is more than %d", len(commit.Parents), maxParents)}
	}
	return commit, err
}

// clipSubject copies at most 200 bytes of a subject.
func clipSubject(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.Clone(s)
}
