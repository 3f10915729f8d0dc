package history

import "fmt"

// reach is how far back, in merges, a branch begins at most.
const reach = 8

// merge makes a branch of one or two signed commits that begins a little way back, and
// its merge into the main branch, which nobody signs.
func (p *plan) merge(unit int) {
	number, epoch := 1+mergeNumbers*unit, p.params.epoch(unit)
	if p.beginsEpoch(unit) {
		p.advance(p.newVouchedList(number, epoch))
	}
	main, branch := p.at, p.beginning(unit)
	merged := main.root
	for i := range unit % 2 {
		c := changeOf(number + i)
		merged = c.merge(merged, c.apply(branch.root))
		branch = branch.on(p.change(branch, c, epoch))
	}
	head := changeOf(number + unit%2)
	root := head.apply(branch.root)
	merged = head.merge(merged, root)
	if p.byGit(unit) {
		root = branch.shared.change(root, unit)
		merged = main.shared.change(merged, unit)
	}
	branch = p.changed(branch, head, root, epoch)
	message := fmt.Sprintf("Merge pull request #%d from branch-%[1]d\n", unit+1)
	p.advance(main.on(p.commit(number+2, merged, nil, message, main.commit, branch.commit)))
}

// byGit says whether git decides about a merge, if others like it came before.
func (p *plan) byGit(unit int) bool { return unit%100 < p.params.ByGit }

// beginning is where the branch of a unit begins: up to reach merges before the tip of
// the main branch, and never before the segment.
func (p *plan) beginning(unit int) place {
	return p.recent[max(0, len(p.recent)-2-unit%reach)]
}

// advance moves the main branch.
func (p *plan) advance(to place) {
	p.at = to
	p.recent = append(p.recent, to)
	if len(p.recent) > reach+1 {
		p.recent = append(p.recent[:0:0], p.recent[1:]...)
	}
}

// on is a commit with what the shared file says where it builds on.
func (p place) on(commit place) place {
	commit.shared = p.shared
	return commit
}

func (p *plan) newVouchedList(number, epoch int) place {
	root := p.authorize(p.at.root, epoch)
	message := fmt.Sprintf("Let others sign, for the time %d\n", epoch)
	return p.at.on(p.commit(number, root, p.crowd.signer(number, epoch-1), message, p.at.commit))
}
