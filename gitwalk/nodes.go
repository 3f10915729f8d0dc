package gitwalk

import "hash/maphash"

// A flag is what the walk knows about a commit.
type flag uint16

const (
	wanted   flag = 1 << iota // reachable from the tip
	excluded                  // reachable from an excluded commit
	settled                   // reachable from a known commit
	boundary                  // itself given as excluded
	known                     // itself given as known
	below                     // a parent of an excluded commit
	touched                   // the tip, or a parent of a commit in the range
	queued                    // waiting in the queue
	loaded                    // its parents are known
)

// node is a commit that the walk has met, in 40 bytes.
type node struct {
	date         int64
	id           ID
	first, count uint32 // its parents are walker.parents[first:first+count]
	flags        flag
}

func (n *node) inRange() bool { return n.flags&(wanted|excluded|settled) == wanted }

// nodes are the commits that the walk has met, and an index by their ids: a hash table
// with open addressing, of four bytes a place. A map would take ten times as much, and
// this is most of what a long walk keeps in memory.
type nodes struct {
	all []node
	// slots has 0, or 1 + a place in all. At least a third of them are 0.
	slots []uint32
	// seed keeps people who choose the ids of their commits from filling the table
	// with collisions.
	seed maphash.Seed
}

func newNodes() nodes {
	return nodes{slots: make([]uint32, 1024), seed: maphash.MakeSeed()}
}

// slot is where the id stands in slots, or where it would.
func (n *nodes) slot(id *ID) int {
	mask := len(n.slots) - 1
	for i := int(maphash.Bytes(n.seed, id[:])) & mask; ; i = (i + 1) & mask {
		if at := n.slots[i]; at == 0 || n.all[at-1].id == *id {
			return i
		}
	}
}

// find is the place of a commit, and false if it was not met.
func (n *nodes) find(id ID) (uint32, bool) {
	at := n.slots[n.slot(&id)]
	return at - 1, at != 0
}

// node is the place of a commit, which is added when it is new.
func (n *nodes) node(id ID) uint32 {
	slot := n.slot(&id)
	if at := n.slots[slot]; at != 0 {
		return at - 1
	}
	n.all = append(n.all, node{id: id})
	n.slots[slot] = uint32(len(n.all))
	if 3*len(n.all) > 2*len(n.slots) {
		n.grow()
	}
	return uint32(len(n.all) - 1)
}

func (n *nodes) grow() {
	n.slots = make([]uint32, 2*len(n.slots))
	for i := range n.all {
		n.slots[n.slot(&n.all[i].id)] = uint32(i + 1)
	}
}
