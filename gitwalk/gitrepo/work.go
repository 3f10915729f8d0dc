package gitrepo

import "sync/atomic"

// Work is what the Sources of a Repository have done since it was opened. It is the same
// on every machine, unlike time.
type Work struct {
	Objects  int64 // that a Source returned
	Inflated int64 // bytes of content and of deltas; through git, of content alone
	Read     int64 // bytes of pack files; through git 0
}

// Work can be called while Sources are in use.
func (r *Repository) Work() Work {
	w := &r.packs.work
	return Work{Objects: w.objects.Load(), Inflated: w.inflated.Load(), Read: w.read.Load()}
}

// A work is Work that many goroutines add to.
type work struct{ objects, inflated, read atomic.Int64 }

// done counts an object.
func (w *work) done(inflated, read int64, err error) {
	if err == nil {
		w.objects.Add(1)
	}
	w.inflated.Add(inflated)
	w.read.Add(read)
}
