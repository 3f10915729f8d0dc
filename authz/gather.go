package authz

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"

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
	commit, err := gitwalk.ParseCommit(facts.Commit, raw)
	if err == nil && len(commit.Parents) > maxParents {
		err = &gitwalk.MalformedError{ID: commit.ID, Kind: gitwalk.KindCommit,
			Detail: fmt.Sprintf("it has %d parents, which is more than %d", len(commit.Parents), maxParents)}
	}
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

// clipSubject copies at most 200 bytes of a subject.
func clipSubject(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.Clone(s)
}

// The number of commits that a worker takes at a time, and how many such
// batches may wait for each worker.
const (
	batchSize       = 32
	batchesInFlight = 4
)

// batch is a run of commits that one worker gathers.
type batch struct {
	ids  []gitwalk.ID
	out  []gathered
	err  error
	done chan struct{}
}

// gather reads and checks the commits of a range on all workers and yields what
// it finds in the order of the range. Its queues are bounded; when the loop over
// it ends, by whatever way, all its goroutines have ended.
func gather(ctx context.Context, v *Verifier, commits *gitwalk.Range) iter.Seq2[*gathered, error] {
	return func(yield func(*gathered, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var workers sync.WaitGroup
		defer workers.Wait()
		defer cancel()
		limit := batchesInFlight * v.workers()
		work, ordered := make(chan *batch, limit), make(chan *batch, limit)
		workers.Go(func() { produce(ctx, commits, work, ordered) })
		for range v.workers() {
			workers.Go(func() { consume(ctx, v, work) })
		}
		for b := range ordered {
			select {
			case <-b.done:
			case <-ctx.Done():
				yield(nil, ctx.Err())
				return
			}
			if b.err != nil {
				yield(nil, b.err)
				return
			}
			for i := range b.out {
				if !yield(&b.out[i], nil) {
					return
				}
			}
		}
		if ctx.Err() != nil {
			yield(nil, ctx.Err())
		}
	}
}

// produce cuts the range into batches, each of which goes to the workers and to
// the consumer.
func produce(ctx context.Context, commits *gitwalk.Range, work, ordered chan<- *batch) {
	defer close(work)
	defer close(ordered)
	b := &batch{done: make(chan struct{})}
	send := func() bool {
		for _, queue := range []chan<- *batch{ordered, work} {
			select {
			case queue <- b:
			case <-ctx.Done():
				return false
			}
		}
		b = &batch{done: make(chan struct{})}
		return true
	}
	for id := range commits.Commits() {
		b.ids = append(b.ids, id)
		if len(b.ids) == batchSize && !send() {
			return
		}
	}
	if len(b.ids) > 0 {
		send()
	}
}

// consume gathers batches with a source of its own until there are no more.
func consume(ctx context.Context, v *Verifier, work <-chan *batch) {
	source, err := v.Objects.NewSource()
	if err != nil {
		for b := range work {
			b.err = err
			close(b.done)
		}
		return
	}
	g := gatherer{reader: gitwalk.NewReader(source), keys: v.Keys, format: v.Policy.Introduction.Format}
	defer g.reader.Close()
	for b := range work {
		for _, id := range b.ids {
			if ctx.Err() != nil {
				return
			}
			b.out = append(b.out, g.gather(id))
		}
		close(b.done)
	}
}
