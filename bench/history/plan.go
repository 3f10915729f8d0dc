package history

import (
	"fmt"

	"github.com/nix-authorize/nix-authorize/bench/testkey"
)

// A place is a commit with its tree.
type place struct {
	commit *commit
	root   *node
	shared shared // what the shared file in the tree says
}

// A plan makes the commits of a segment, one after the other, those first that others
// build on.
type plan struct {
	params Params
	crowd  *crowd
	store  *store
	emit   func(*commit)

	at     place
	recent []place // of the main branch, the newest last; as far back as branches begin
}

// commit makes a commit of a tree on top of others.
func (p *plan) commit(number int, root *node, key *testkey.Key, message string, parents ...*commit) place {
	author := committedByUs
	if key != nil {
		author = address(key)
	}
	c := &commit{
		tree: root.id, parents: parents, author: author,
		seconds: date(number), message: message, key: key,
	}
	c.objects = p.store.collect(root, nil)
	p.emit(c)
	return place{commit: c, root: root}
}

// introduction is the first commit of all.
func (p *plan) introduction() {
	root := firstTree(p.crowd.authorizations(p.params.Rule, 0))
	p.advance(p.commit(0, root, p.crowd.signer(0, 0), "Start\n"))
}

// change makes a commit with a change on top of another.
func (p *plan) change(on place, c change, epoch int) place {
	return p.changed(on, c, c.apply(on.root), epoch)
}

// changed is change for a tree that is known already.
func (p *plan) changed(on place, c change, root *node, epoch int) place {
	message := fmt.Sprintf("%s -> 1.%d\n\nFollows the release of package-%d.\n", c.title(), c.number+1, c.pkg)
	return p.commit(c.number, root, p.crowd.signer(c.number, epoch), message, on.commit)
}

// authorize puts the authorizations file of an epoch into a tree.
func (p *plan) authorize(root *node, epoch int) *node {
	text := p.crowd.authorizations(p.params.Rule, epoch)
	return root.with(map[int]*node{root.child(authorizationsName): file(text)})
}

func (p *plan) unit(unit int) {
	if p.params.Rule == Strict {
		p.round(unit)
	} else {
		p.merge(unit)
	}
}

// beginsEpoch says whether a unit comes with another authorizations file.
func (p *plan) beginsEpoch(unit int) bool {
	return unit > 0 && p.params.epoch(unit) != p.params.epoch(unit-1)
}
