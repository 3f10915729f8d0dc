package gitwalk

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Follow says which parents of a merge belong to the history that is walked. It
// gets the merge and its links, of which Tree is not set, and returns a subset of
// links.Parents.
type Follow func(merge ID, links Links) ([]ID, error)

// Found is told of a commit that may belong to the range, once it has been read: its
// content, and a number by which the range knows it (Range.Number). The numbers are
// below the number of commits that the walk has met. Found may keep the content.
type Found func(number int, id ID, raw []byte)

// Options of Walk. The zero value walks the whole closure.
type Options struct {
	// Follow is asked for each merge in the range and below known commits; nil
	// follows all parents.
	Follow Follow
	// Known are commits whose history is left out as far as Follow leads into
	// it: what they only merged in as content is not.
	Known []ID
	// KnownDescend says that each of Known descends from every excluded commit,
	// which spares Range.Excluded from finding out.
	KnownDescend bool
	// Found is told of each commit of the range, and of others, as the walk comes upon
	// them; it may be nil.
	Found Found
	// Progress is told now and then how many commits have been found.
	Progress func(found int)
}

// Walk finds closure(tip) − closure(exclude), reading commits through r. Of the
// closure of tip, and of known commits, it takes what Follow leads to; that of an
// excluded commit counts whole.
//
// It visits the newest commits first by committer date, in both closures at
// once, and ends when nothing is left that might be in the first alone, and
// nothing in the second that is as new as what was found. Where no commit is
// older than its parents the result is exact. A wrong date can leave in a
// commit that is also an ancestor of an excluded one, never the reverse:
// Range.Excluded settles such a doubt when it matters.
//
// A commit of the range that is missing or corrupt is an error. What is missing
// below an excluded commit only ends the walk there.
func Walk(ctx context.Context, r *Reader, tip ID, exclude []ID, opt Options) (*Range, error) {
	w := &walker{reader: r, opt: opt, nodes: newNodes(), oldest: math.MaxInt64}
	for _, id := range exclude {
		if err := w.exclude(w.node(id)); err != nil {
			return nil, err
		}
	}
	for _, id := range opt.Known {
		i := w.node(id)
		w.all[i].flags |= known
		if err := w.reach(i, settled); err != nil {
			return nil, err
		}
	}
	if err := w.reachTip(w.node(tip)); err != nil {
		return nil, err
	}
	if err := w.run(ctx, w.undecided); err != nil {
		return nil, err
	}
	if err := w.checkMissing(ctx); err != nil {
		return nil, err
	}
	return newRange(w), nil
}

type walker struct {
	reader *Reader
	opt    Options
	nodes
	parents []uint32
	queue   dateQueue
	open    int   // queued nodes that are in the range as far as is known
	found   int   // nodes that are in the range as far as is known
	heads   int   // boundary nodes that are not known to lie below another one
	oldest  int64 // the oldest date in the range so far
	// absent are nodes whose object the repository does not have.
	absent []uint32
}

// undecided says whether the walk may still find a commit for the range, or find
// that one of them is excluded by commits whose dates are right.
func (w *walker) undecided() bool { return w.open > 0 || w.queue[0].date >= w.oldest }

func (w *walker) exclude(i uint32) error {
	if w.all[i].flags&boundary == 0 {
		w.all[i].flags |= boundary
		w.heads++
	}
	return w.reach(i, excluded)
}

func (w *walker) reachTip(tip uint32) error {
	w.all[tip].flags |= touched
	return w.reach(tip, wanted)
}

// reach notes that node i is wanted, settled or excluded, each of which counts for
// more than the one before, and queues it if its parents have to learn of it.
func (w *walker) reach(i uint32, how flag) error {
	if n := &w.all[i]; n.flags&(how|excluded) != 0 || how == wanted && n.flags&settled != 0 {
		n.flags |= how
		return nil
	}
	if err := w.load(i, how); err != nil {
		return err
	}
	w.enqueue(i, how)
	return nil
}

// enqueue marks node i and puts it into the queue unless it is there.
func (w *walker) enqueue(i uint32, how flag) {
	n := &w.all[i]
	waiting := n.flags&queued != 0
	w.leave(n)
	n.flags |= how | queued
	w.enter(n)
	if !waiting {
		w.queue.push(queueItem{n.date, i})
	}
}

// leave and enter stand around a change of flags and keep found and open true.
func (w *walker) leave(n *node) { w.tally(n, -1) }
func (w *walker) enter(n *node) { w.tally(n, 1) }

func (w *walker) tally(n *node, by int) {
	if n.inRange() {
		w.found += by
		if n.flags&queued != 0 {
			w.open += by
		}
	}
}

func (w *walker) parentsOf(i uint32) []uint32 {
	n := &w.all[i]
	return w.parents[n.first : n.first+n.count]
}

// load reads the links of node i once. A commit that cannot be understood has
// no links; whether that matters is for the reader of the range to judge.
func (w *walker) load(i uint32, how flag) error {
	if w.all[i].flags&loaded != 0 {
		return nil
	}
	id := w.all[i].id
	raw, err := w.reader.Commit(id)
	if err != nil {
		raw, err = nil, w.unreadable(i, err)
	} else if how == wanted && w.opt.Found != nil {
		w.opt.Found(int(i), id, raw)
	}
	if err != nil {
		return err
	}
	links := linksIn(raw)
	if len(links.Parents) > maxLinks-len(w.parents) {
		return &LimitError{Detail: fmt.Sprintf("the history has more than %d links between commits", maxLinks)}
	}
	w.link(i, links)
	return nil
}

// unreadable is whether it ends the walk that node i cannot be read. It does not if
// the repository lacks the commit, which is noted, nor if it is none.
func (w *walker) unreadable(i uint32, err error) error {
	switch {
	case errors.As(err, new(*MissingError)):
		w.absent = append(w.absent, i)
		return nil
	case errors.As(err, new(*TooLargeError)), errors.As(err, new(*KindError)):
		return nil
	}
	return err
}

// maxLinks is how many links between commits a walk remembers, in four bytes each.
// Histories have hardly more of them than commits.
const maxLinks = 1 << 28

// link notes the links of node i.
func (w *walker) link(i uint32, links Links) {
	first := uint32(len(w.parents))
	for _, parent := range links.Parents {
		w.parents = append(w.parents, w.node(parent))
	}
	n := &w.all[i]
	n.date, n.first, n.count = links.Date, first, uint32(len(links.Parents))
	n.flags |= loaded
}

// linksIn are the links in the content of a commit. What is no commit that Git itself
// would understand has none.
func linksIn(raw []byte) Links {
	links, err := ParseLinks(raw)
	if err != nil {
		return Links{}
	}
	return links
}

// run takes commits off the queue, newest first, while more says so. After an
// error it can be run again: the commit that could not be expanded is still there.
func (w *walker) run(ctx context.Context, more func() bool) error {
	for steps := 0; len(w.queue) > 0 && more(); steps++ {
		if steps%256 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if w.opt.Progress != nil {
				w.opt.Progress(w.found)
			}
		}
		i := w.queue.pop().node
		n := &w.all[i]
		w.leave(n)
		n.flags &^= queued
		w.enter(n)
		if err := w.expand(i); err != nil {
			w.enqueue(i, 0)
			return err
		}
	}
	return ctx.Err()
}

// expand tells the parents of node i what it is.
func (w *walker) expand(i uint32) error {
	n := w.all[i]
	parents := w.parentsOf(i)
	if n.flags&excluded != 0 {
		return w.expandExcluded(parents)
	}
	if n.count > 1 && w.opt.Follow != nil {
		followed, err := w.follow(n, parents)
		if err != nil {
			return err
		}
		parents = followed
	}
	if n.flags&settled != 0 {
		return w.reachAll(parents, settled)
	}
	w.oldest = min(w.oldest, n.date)
	for _, p := range parents {
		w.all[p].flags |= touched
	}
	return w.reachAll(parents, wanted)
}

func (w *walker) reachAll(parents []uint32, how flag) error {
	for _, p := range parents {
		if err := w.reach(p, how); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) expandExcluded(parents []uint32) error {
	for _, p := range parents {
		if w.all[p].flags&(boundary|below) == boundary {
			w.heads--
		}
		w.all[p].flags |= below
		if err := w.reach(p, excluded); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) follow(merge node, parents []uint32) ([]uint32, error) {
	links := Links{Date: merge.date}
	for _, p := range parents {
		links.Parents = append(links.Parents, w.all[p].id)
	}
	ids, err := w.opt.Follow(merge.id, links)
	if err != nil {
		return nil, err
	}
	var followed []uint32
	for _, id := range ids {
		followed = append(followed, w.node(id))
	}
	return followed, nil
}

// checkMissing fails if a commit of the range is missing: first it makes sure
// that the commit is not an ancestor of an excluded one.
func (w *walker) checkMissing(ctx context.Context) error {
	for _, i := range w.absent {
		if !w.all[i].inRange() {
			continue
		}
		if err := w.run(ctx, func() bool { return true }); err != nil {
			return err
		}
		if w.all[i].inRange() {
			return &MissingError{ID: w.all[i].id}
		}
	}
	return nil
}
