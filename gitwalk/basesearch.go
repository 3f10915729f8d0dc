package gitwalk

import (
	"context"
)

// A paint is what a search for merge bases knows about a commit.
type paint uint8

const (
	fromLeft  paint = 1 << iota // reachable from the left side
	fromRight                   // reachable from the right side
	stale                       // an ancestor of a commit that both reach
	waiting                     // in a queue
)

const fromBoth = fromLeft | fromRight

// class is the queue for a commit: of those that the left side alone reaches, the
// right side alone, or both.
func (p paint) class() int { return int(p&fromBoth) - 1 }

const (
	leftOnly = iota
	rightOnly
	bothSides
	classes
)

// turnEvery is after how many steps a step goes to the queues in turn instead of
// to the newest commit. A commit whose date is too old would otherwise wait until
// everything that claims to be newer has been read.
const turnEvery = 16

// A baseSearch looks for the common ancestors of two sides. It paints commits
// with what is known of them and hands the paint on to their parents.
type baseSearch struct {
	graph  *Graph
	queues [classes]dateQueue
	waits  [classes]int // commits that wait in each queue
	open   int          // waiting commits that are not stale
	steps  int
	turn   int // the class whose turn it was last
	// painted are all commits that have paint, absent those of them that the
	// repository does not have, and found those that both sides reached before
	// anything showed that they are stale.
	painted, absent, found []uint32
}

// clean takes the paint off the graph.
func (s *baseSearch) clean() {
	for _, i := range s.painted {
		s.graph.nodes[i].paint = 0
	}
	s.painted = nil
}

// reach paints commit i, and queues it if its parents have to learn of it.
func (s *baseSearch) reach(i uint32, with paint) error {
	if s.graph.nodes[i].paint&with == with {
		return nil
	}
	if err := s.graph.load(i); err != nil {
		return err
	}
	n := &s.graph.nodes[i]
	if n.paint == 0 {
		s.painted = append(s.painted, i)
		if n.known == absent {
			s.absent = append(s.absent, i)
		}
	}
	before := n.paint
	s.tally(before, -1)
	n.paint |= with
	if n.paint&fromBoth != before&fromBoth {
		n.paint |= waiting
		s.queues[n.paint.class()].push(queueItem{n.date, i})
	}
	s.tally(n.paint, 1)
	return nil
}

// tally keeps waits and open true when the paint of a commit changes.
func (s *baseSearch) tally(p paint, by int) {
	if p&waiting == 0 {
		return
	}
	s.waits[p.class()] += by
	if p&stale == 0 {
		s.open += by
	}
}

// run searches to the end: until all that waits is stale.
func (s *baseSearch) run(ctx context.Context, left uint32, right ...uint32) error {
	if err := s.reach(left, fromLeft); err != nil {
		return err
	}
	for _, i := range right {
		if err := s.reach(i, fromRight); err != nil {
			return err
		}
	}
	if err := s.while(ctx, func() bool { return s.open > 0 }); err != nil {
		return err
	}
	return s.checkAbsent(ctx)
}

// checkAbsent fails if what a missing commit would add matters. That is certain
// only when all that could make the commit stale has been read.
func (s *baseSearch) checkAbsent(ctx context.Context) error {
	for _, i := range s.absent {
		if s.graph.nodes[i].paint&stale != 0 {
			continue
		}
		all := func() bool { return s.waits[leftOnly]+s.waits[rightOnly]+s.waits[bothSides] > 0 }
		if err := s.while(ctx, all); err != nil {
			return err
		}
		if s.graph.nodes[i].paint&stale == 0 {
			return &MissingError{ID: s.graph.nodes[i].id}
		}
	}
	return nil
}

func (s *baseSearch) while(ctx context.Context, more func() bool) error {
	for more() {
		if s.steps%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.expand(s.pop()); err != nil {
			return err
		}
	}
	return nil
}

// expand hands the paint of commit i on to its parents.
func (s *baseSearch) expand(i uint32) error {
	with := s.graph.nodes[i].paint & (fromBoth | stale)
	if with == fromBoth {
		s.found = append(s.found, i)
		with |= stale
	}
	for _, p := range s.graph.parentsOf(i) {
		if err := s.reach(p, with); err != nil {
			return err
		}
	}
	return nil
}

// pop takes the newest commit that waits, or now and then the newest of the class
// whose turn it is.
func (s *baseSearch) pop() uint32 {
	s.steps++
	class := s.newest()
	if s.steps%turnEvery == 0 {
		for s.turn = (s.turn + 1) % classes; s.waits[s.turn] == 0; {
			s.turn = (s.turn + 1) % classes
		}
		class = s.turn
	}
	i := s.queues[class].pop().node
	n := &s.graph.nodes[i]
	s.tally(n.paint, -1)
	n.paint &^= waiting
	return i
}

// newest is the class that has the newest commit. It also drops from the front of
// the queues what does not wait there any more.
func (s *baseSearch) newest() int {
	best := -1
	for class := range s.queues {
		q := &s.queues[class]
		for len(*q) > 0 && !s.waitsIn((*q)[0].node, class) {
			q.pop()
		}
		if len(*q) > 0 && (best < 0 || (*q)[0].date > s.queues[best][0].date) {
			best = class
		}
	}
	return best
}

func (s *baseSearch) waitsIn(i uint32, class int) bool {
	p := s.graph.nodes[i].paint
	return p&waiting != 0 && p.class() == class
}
