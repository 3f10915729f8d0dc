package authz

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// checkGoroutines returns a function that requires as many goroutines as before,
// sooner or later.
func checkGoroutines(t *testing.T) func() {
	before := runtime.NumGoroutine()
	return func() {
		t.Helper()
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines instead of %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
	}
}

// TestCancel cancels at each of the first reads and at some later ones. Whatever
// was going on, nothing is left and no verdict is made up.
func TestCancel(t *testing.T) {
	w := newWorld(t, NixFormat)
	tip, _ := w.long(40 * batchSize)
	reads := w.countReads(tip)
	const soon = 2 * 256 // reads: the walk looks up every 256 commits
	for at := 1; at < reads; at += 1 + at/8 {
		checkLeaks := checkGoroutines(t)
		ctx, cancel := context.WithCancel(context.Background())
		done := 0
		w.onRead = func(gitwalk.ID) error {
			if done++; done == at {
				cancel()
			}
			return nil
		}
		v := w.verifier()
		v.Workers = 1 + at%4
		r, err := v.Verify(ctx, tip)
		cancel()
		if r != nil || !errors.Is(err, context.Canceled) {
			// Only a worker's last reads can come too late to matter.
			if err != nil || r.Outcome() != Refused || at < reads-4*v.Workers {
				t.Errorf("cancelled at read %d of %d: %v, %v", at, reads, r, err)
			}
		}
		if late := done - at; late > soon {
			t.Errorf("%d reads after the one that cancelled", late)
		}
		w.checkClosed(t)
		checkLeaks()
	}
}

// countReads is how many objects are read to judge a tip.
func (w *world) countReads(tip gitwalk.ID) (reads int) {
	w.onRead = func(gitwalk.ID) error { reads++; return nil }
	w.verify(tip)
	w.onRead = nil
	return reads
}

// TestCancelAmongParents cancels while the files of one commit's parents are read.
func TestCancelAmongParents(t *testing.T) {
	w := newWorld(t, GuixFormat)
	var below []gitwalk.ID
	for i := range 100 {
		below = append(below, w.commit(alice, w.listing(alice, fakeKey(rune('A'+i)))))
	}
	intro := w.introduce(w.commit(alice, w.listing(alice), below...), alice)
	tip := w.commit(alice, w.listing(alice), append(below, intro)...)
	w.accepts(tip)
	ctx, cancel := context.WithCancel(context.Background())
	late, blob := 0, w.blob(w.listing(alice, "A"))
	w.onRead = func(id gitwalk.ID) error {
		if ctx.Err() != nil {
			late++
		}
		if id == blob {
			cancel()
		}
		return nil
	}
	if r, err := w.verifier().Verify(ctx, tip); r != nil || !errors.Is(err, context.Canceled) || late > 3 {
		t.Errorf("%v, %v after %d more reads", r, err, late)
	}
}

func TestCancelledBefore(t *testing.T) {
	w := newWorld(t, GuixFormat)
	tip, _ := w.long(10)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r, err := w.verifier().Verify(ctx, tip); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", r, err)
	}
}

// TestNoGoroutineOutlives has each way in which Verify ends before the end.
func TestNoGoroutineOutlives(t *testing.T) {
	for name, change := range map[string]func(*world, *Verifier){
		"limit": func(_ *world, v *Verifier) { v.MaxRefusals = 1 },
		"all":   func(_ *world, v *Verifier) {},
		"missing tree": func(w *world, v *Verifier) {
			v.Objects = w.without(w.treeWith(gitwalk.ModeFile, w.listing(alice, bob)))
		},
		"broken source": func(w *world, _ *Verifier) {
			w.onOpen = func(n int) error {
				if n > 1 {
					return errBroken
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, GuixFormat)
			tip, _ := w.long(40 * batchSize)
			v := w.verifier()
			v.Workers = 4
			change(w, v)
			checkLeaks := checkGoroutines(t)
			v.Verify(context.Background(), tip)
			checkLeaks()
			w.checkClosed(t)
		})
	}
}

var errBroken = errors.New("the repository cannot be read")

// TestSourceFails has a repository that does not open, for any of the goroutines.
func TestSourceFails(t *testing.T) {
	for workers := 1; workers <= 4; workers++ {
		for failing := 1; failing <= workers+1; failing++ {
			w := newWorld(t, GuixFormat)
			tip, _ := w.long(10 * batchSize)
			w.onOpen = func(n int) error {
				if n >= failing {
					return errBroken
				}
				return nil
			}
			v := w.verifier()
			v.Workers = workers
			r, err := v.Verify(context.Background(), tip)
			// A worker that cannot begin may find that others did all.
			if finished := failing > 2 && err == nil && r.Outcome() == Refused && r.Authentic+len(r.Refusals) == r.Commits; !finished && (!errors.Is(err, errBroken) || r != nil) {
				t.Errorf("source %d of %d: %v, %v", failing, workers+1, r, err)
			}
			w.checkClosed(t)
		}
	}
}

// TestReadFails has a repository that fails in a way that says nothing about an
// object, and goes on to: there is no verdict.
func TestReadFails(t *testing.T) {
	w := newWorld(t, NixFormat)
	tip, _ := w.long(3 * batchSize)
	reads := w.countReads(tip)
	for at := 1; at < reads; at += 1 + at/8 {
		done := 0
		w.onRead = func(gitwalk.ID) error {
			if done++; done >= at {
				return errBroken
			}
			return nil
		}
		if r, err := w.verifier().Verify(context.Background(), tip); !errors.Is(err, errBroken) || r != nil {
			t.Errorf("read %d of %d fails: %v, %v", at, reads, r, err)
		}
		w.checkClosed(t)
	}
}
