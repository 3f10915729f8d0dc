package authz

import (
	"context"
	"sync"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// How many commits a worker takes at a time, how many such batches may wait for each
// worker, and up to how many bytes a commit waits with its content; a longer one is
// read again.
const (
	batchSize       = 32
	batchesInFlight = 4
	maxWaiting      = 64 << 10
)

// A survey is the stage of the pipeline that checks commits as the walk finds them:
// their form, their signatures and what their trees have. It does not matter in which
// order that happens, nor that a few of them may turn out not to belong to the range.
// What it finds is judged when the order of the range is known. So a commit is
// read once, unless it is long, out of the ordinary or refused.
type survey struct {
	ctx     context.Context
	gists   gists
	batch   []finding
	work    chan []finding
	workers sync.WaitGroup

	signatures signatures
	mu         sync.Mutex
	err        error // why a worker could not begin
}

// A finding is a commit that the walk has found.
type finding struct {
	id   gitwalk.ID
	raw  []byte // its content, or nil
	gist *gist
}

// startSurvey starts the stage; whoever does so must end it.
func startSurvey(ctx context.Context, v *Verifier, files *files) *survey {
	s := &survey{ctx: ctx, work: make(chan []finding, batchesInFlight*v.workers())}
	s.signatures.refs = make(map[outcome]signatureRef)
	for range v.workers() {
		s.workers.Go(func() { s.run(v, files) })
	}
	return s
}

// found takes a commit up. It is called by one goroutine.
func (s *survey) found(number int, id gitwalk.ID, raw []byte) {
	if len(raw) > maxWaiting {
		raw = nil
	}
	s.batch = append(s.batch, finding{id, raw, s.gists.at(number)})
	if len(s.batch) == batchSize {
		s.send()
	}
}

func (s *survey) send() {
	select {
	case s.work <- s.batch:
	case <-s.ctx.Done():
	}
	s.batch = make([]finding, 0, batchSize)
}

// end waits until all that was found has been checked. The error is that the
// repository could not be opened, or that of ctx.
func (s *survey) end() error {
	s.send()
	close(s.work)
	s.workers.Wait()
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return s.err
}

// run checks batches with a source of its own until there are no more.
func (s *survey) run(v *Verifier, files *files) {
	source, err := v.Objects.NewSource()
	if err != nil {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
		for range s.work { // the walk must not wait
		}
		return
	}
	g := gatherer{reader: gitwalk.NewReader(source), keys: v.Keys, format: v.Policy.Introduction.Format}
	defer g.reader.Close()
	for batch := range s.work {
		for _, f := range batch {
			if s.ctx.Err() == nil {
				*f.gist = s.check(&g, files, f)
			}
		}
	}
}

// check is the gist of a commit. It is zero for one that is out of the ordinary, or
// that cannot be read: why that is so is looked into when the commit is judged.
func (s *survey) check(g *gatherer, files *files, f finding) gist {
	raw := f.raw
	if raw == nil {
		var err error
		if raw, err = g.reader.Commit(f.id); err != nil {
			return gist{}
		}
	}
	commit, err := parseCommit(f.id, raw)
	if err != nil {
		return gist{}
	}
	entry, err := findFile(g.reader, commit.Tree, g.format)
	if err != nil {
		return gist{}
	}
	ref := noSignature
	if commit.Signature != nil {
		ref = s.signatures.ref(g.keys.Check(commit.Payload(), commit.Signature))
	}
	return gist{ref, files.ref(entry)}
}
