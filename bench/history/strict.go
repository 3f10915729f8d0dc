package history

import "fmt"

// round makes 20 signed commits: a row on the main branch, a side branch that begins
// where the row does, and their merge.
func (p *plan) round(unit int) {
	number, epoch := 1+unit*roundCommits, p.params.epoch(unit)
	start := p.at
	next := func() change { number++; return changeOf(number - 1) }

	onMain := roundCommits - roundBranch - 1
	if p.beginsEpoch(unit) {
		p.at = p.newList(p.at, next(), epoch)
		onMain--
	}
	for range roundBefore {
		p.at = p.change(p.at, next(), epoch)
	}
	branch, brought := start, make([]change, 0, roundBranch)
	for range roundBranch {
		brought = append(brought, next())
		branch = p.change(branch, brought[len(brought)-1], epoch)
	}
	for range onMain - roundBefore {
		p.at = p.change(p.at, next(), epoch)
	}
	merged := p.at.root
	for _, c := range brought {
		merged = c.merge(merged, branch.root)
	}
	message := fmt.Sprintf("Merge pull request #%d from branch-%[1]d\n", unit+1)
	p.at = p.commit(number, merged, p.crowd.signer(number, epoch), message, p.at.commit, branch.commit)
}

// newList makes a commit that changes who is listed, with the change that its number
// stands for. Somebody whom the epoch before lists signs it.
func (p *plan) newList(on place, c change, epoch int) place {
	root := p.authorize(c.apply(on.root), epoch)
	return p.commit(c.number, root, p.crowd.signer(c.number, epoch-1), fmt.Sprintf("Let others sign, for the time %d\n", epoch), on.commit)
}
