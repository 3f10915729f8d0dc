package authz

import (
	"context"
	"iter"
	"sync"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

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
