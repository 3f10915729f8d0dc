package history

import (
	"runtime"
	"sync"

	"github.com/nix-authorize/nix-authorize/bench/packfile"
	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A line is an assembly line: commits are signed one after the other as they come, their
// objects are deflated on all cores, and written in the order in which they came.
type line struct {
	last gitwalk.ID // the commit that was added last

	pack    *packfile.Writer
	waiting chan *batch // to be deflated
	ordered chan *batch // to be written
	workers sync.WaitGroup
	written chan struct{}
}

// A batch are the objects of one commit.
type batch struct {
	objects  []*packfile.Object
	deflated chan struct{}
}

// ahead is how many commits may wait.
const ahead = 256

func newLine(pack *packfile.Writer) *line {
	l := &line{pack: pack, waiting: make(chan *batch, ahead), ordered: make(chan *batch, ahead), written: make(chan struct{})}
	for range runtime.GOMAXPROCS(0) {
		l.workers.Go(l.deflate)
	}
	go l.write()
	return l
}

// add makes a commit and sends it on its way.
func (l *line) add(c *commit) {
	object := c.make()
	l.last = c.id
	b := &batch{objects: append(c.objects, object), deflated: make(chan struct{})}
	c.objects = nil
	l.ordered <- b
	l.waiting <- b
}

func (l *line) deflate() {
	deflater := packfile.NewDeflater()
	for b := range l.waiting {
		for _, object := range b.objects {
			deflater.Deflate(object)
		}
		close(b.deflated)
	}
}

func (l *line) write() {
	for b := range l.ordered {
		<-b.deflated
		for _, object := range b.objects {
			l.pack.Add(object)
		}
	}
	close(l.written)
}

// finish waits until everything is in the pack.
func (l *line) finish() {
	close(l.waiting)
	close(l.ordered)
	l.workers.Wait()
	<-l.written
}
