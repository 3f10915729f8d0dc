package authz

import (
	"context"
	"runtime"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// What follows bounds what a verdict costs by counting, so that a busy machine cannot
// fail a test and a slip in the pipeline cannot pass it.

// anybody takes every signature for one by alice and allocates nothing.
type anybody struct{ fakeKeyring }

var byAlice = &signer.Identity{Key: alice.fingerprint(), Algorithm: "fake"}

func (anybody) Check(_, _ []byte) signer.Result { return signer.Result{Identity: byAlice} }

// work is what it took to judge a history.
type work struct{ reads, allocations int }

// workFor counts what it takes to judge a tip with one worker.
func (w *world) workFor(v *Verifier, tip gitwalk.ID) (done work) {
	w.Helper()
	v.Workers = 1
	w.onRead = func(gitwalk.ID) error {
		done.reads++
		return nil
	}
	defer func() { w.onRead = nil }()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := v.Verify(context.Background(), tip)
	runtime.ReadMemStats(&after)
	if err != nil || r.Outcome() != Authentic {
		w.Fatalf("%v, %v", r, err)
	}
	done.allocations = int(after.Mallocs - before.Mallocs)
	return done
}

// chain adds commits by alice, each with a tree of its own.
func (w *world) chain(from gitwalk.ID, commits int) gitwalk.ID {
	file := w.listing(alice, bob)
	for i := range commits {
		from = w.commitWith(alice, file, "content="+string(rune('a'+i%26))+string(rune('a'+i/26%26)), from)
	}
	return from
}

// One more commit is read once, and so is its tree, however long the history is. Of
// the allocations, two are those of the repository in memory.
func TestWorkForACommit(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		const commits, most = 2000, 25
		start := w.chain(w.begin(alice, bob), commits)
		tip := w.chain(start, commits)
		v := w.verifier()
		v.Keys = anybody{}
		short, long := w.workFor(v, start), w.workFor(v, tip)
		if reads := long.reads - short.reads; reads > 2*commits {
			t.Errorf("%d objects are read for %d commits", reads, commits)
		}
		if each := float64(long.allocations-short.allocations) / commits; each > most {
			t.Errorf("%.1f allocations for each commit, more than %d", each, most)
		}
	})
}

// A known tip spares all that lies below it: what is new costs the same above a short
// history and a long one, and nothing new costs a handful of reads.
func TestWorkAboveAKnownTip(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		const commits = 1000
		start := w.chain(w.begin(alice, bob), commits)
		known := w.chain(start, commits)
		tip := w.chain(known, 10)
		count := func(known, tip gitwalk.ID) int {
			v := w.verifier()
			v.Known, v.KnownDescend = []gitwalk.ID{known}, true
			return w.workFor(v, tip).reads
		}
		if reads := count(known, known); reads > 6 {
			t.Errorf("%d objects are read where nothing is new", reads)
		}
		if reads := count(known, tip); reads > 6+2*10+2 {
			t.Errorf("%d objects are read for 10 new commits", reads)
		}
	})
}

// A merge that the trees decide is read a few times: by the walk, by who judges it, and
// as a parent.
func TestWorkForAVouchedMerge(t *testing.T) {
	w := newWorld(t, NixFormat)
	const merges, most = 200, 11
	file := "version: 1\nmerges: vouched\nkeys:\n- {name: alice, openpgp: " + string(alice.fingerprint()) + "}\n"
	add := func(from gitwalk.ID, count int) gitwalk.ID {
		for i := range count {
			words := "content=" + string(rune('a'+i%26)) + string(rune('a'+i/26%26))
			side := w.commitWith(alice, file, words, from)
			from = w.commitWith("", file, words, from, side)
		}
		return from
	}
	start := add(w.introduce(w.commit(alice, file), alice), merges)
	tip := add(start, merges)
	short, long := w.workFor(w.verifier(), start), w.workFor(w.verifier(), tip)
	if each := float64(long.reads-short.reads) / merges; each > most {
		t.Errorf("%.1f objects are read for each merge, more than %d", each, most)
	}
}
