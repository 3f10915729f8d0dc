package authz

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// reading is evidence from the world.
func (w *world) reading(ctx context.Context) *reading {
	source, err := w.NewSource()
	if err != nil {
		w.Fatal(err)
	}
	reader := gitwalk.NewReader(source)
	w.Cleanup(func() { reader.Close() })
	return newReading(ctx, reader, w.verifier())
}

// TestChain compares Chain with the plain way of finding it, on random histories.
func TestChain(t *testing.T) {
	joins, ends, cut := 0, 0, 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(t, NixFormat)
		g := &graph{}
		var ids []gitwalk.ID
		for i := range 3 + rng.IntN(25) {
			var v vertex
			var parents []gitwalk.ID
			for range rng.IntN(6) / 2 {
				if i > 0 {
					p := i - 1 - rng.IntN(min(i, 5))
					v.parents = append(v.parents, p)
					parents = append(parents, ids[p])
				}
			}
			g.commits = append(g.commits, v)
			ids = append(ids, w.commit("", "", parents...))
		}
		e := w.reading(t.Context())
		for range 20 {
			head, base, most := rng.IntN(len(ids)), rng.IntN(len(ids)), 1+rng.IntN(6)
			var want []gitwalk.ID
			joined := true
			for c := head; !g.closure(base).has(c); c = g.commits[c].parents[0] {
				want = append(want, ids[c])
				if len(g.commits[c].parents) == 0 {
					joined = false
					break
				}
			}
			if len(want) > most {
				want, joined = want[:most], false
				cut++
			}
			got, gotJoined, err := e.Chain(ids[head], ids[base], most)
			if err != nil || gotJoined != joined || !slices.Equal(got, want) {
				t.Fatalf("seed %d, from %d to below %d, at most %d: %v %v, %v instead of %v %v", seed, head, base, most, got, gotJoined, err, want, joined)
			}
			if joined {
				joins++
			} else {
				ends++
			}
		}
		e.next()
	}
	if joins < 1000 || ends < 1000 || cut < 100 {
		t.Errorf("%d chains joined, %d did not, %d were cut: the test tests little", joins, ends, cut)
	}
}

// TestChainIsCheap has that a long chain asks few questions about ancestry.
func TestChainIsCheap(t *testing.T) {
	w := newWorld(t, NixFormat)
	root := w.commit("", "")
	base, head := w.commit("", "", root), root
	for range 1000 {
		head = w.commit("", "", head)
	}
	e := w.reading(t.Context())
	chain, joins, err := e.Chain(head, base, maxLinks)
	if len(chain) != 1000 || !joins || err != nil {
		t.Fatalf("%d %v %v", len(chain), joins, err)
	}
	if e.asked > 30 {
		t.Errorf("%d questions", e.asked)
	}
}

// TestChainEnds has that no more of a chain is looked at than is wanted.
func TestChainEnds(t *testing.T) {
	w := newWorld(t, NixFormat)
	head, base := w.commit("", ""), w.commit("", "")
	for range 1000 {
		head = w.commit("", "", head)
	}
	e := w.reading(t.Context())
	chain, joins, err := e.Chain(head, base, 10)
	if len(chain) != 10 || joins || err != nil || e.asked > 6 {
		t.Errorf("%d %v %v after %d questions", len(chain), joins, err, e.asked)
	}
}

// TestChangesCancelled has that a comparison can be given up.
func TestChangesCancelled(t *testing.T) {
	w := newWorld(t, NixFormat)
	a, b := w.commitWith("", "", "a=1 b=1"), w.commitWith("", "", "a=2 b=2")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for path, err := range w.reading(ctx).Changes(a, b) {
		if n++; n == 1 && (path != "a" || err != nil) || n == 2 && !errors.Is(err, context.Canceled) || n > 2 {
			t.Errorf("%d: %q %v", n, path, err)
		}
		cancel()
	}
}

// TestChainErrors has that a chain is not cut short by what cannot be read.
func TestChainErrors(t *testing.T) {
	w := newWorld(t, NixFormat)
	history := []gitwalk.ID{w.commit("", "")}
	for i := range 20 {
		history = append(history, w.commit("", "", history[i]))
	}
	base, head := w.commit("", "", history[0]), history[20]
	for i := 1; i < 20; i++ {
		whole := w.memStore
		w.memStore = whole.without(history[i])
		var missing *gitwalk.MissingError
		if chain, _, err := w.reading(t.Context()).Chain(head, base, maxLinks); !errors.As(err, &missing) || missing.ID != history[i] {
			t.Errorf("without %d: %v %v", i, chain, err)
		}
		w.memStore = whole
	}
	lost := gitwalk.ID{1} // on a side branch, which matters for what is an ancestor of what
	head = w.commit("", "", w.commit("", "", w.commit("", "", history[2], lost)))
	base = history[1]
	if chain, joins, err := w.reading(t.Context()).Chain(head, base, maxLinks); joins || !errors.As(err, new(*gitwalk.MissingError)) {
		t.Errorf("%v %v %v", chain, joins, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := w.reading(ctx).Chain(head, base, maxLinks); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	odd := w.commit("", "", w.blob("no commit"))
	if chain, joins, err := w.reading(t.Context()).Chain(odd, head, maxLinks); joins || err == nil && len(chain) != 2 {
		t.Errorf("%v %v %v", chain, joins, err)
	}
}

// TestReadingForgets has that the memory of a graph is given up now and then, and
// that this changes no answer.
func TestReadingForgets(t *testing.T) {
	w := newWorld(t, NixFormat)
	root := w.commit("", "")
	left, right := w.commit("", "", root), w.commit("", "", root)
	e := w.reading(t.Context())
	for range 3 {
		graph := e.graph
		for range maxAsked + 1 {
			e.asked++
		}
		e.next()
		if e.graph == graph || e.asked != 0 {
			t.Fatal("the graph is kept")
		}
		if chain, joins, err := e.Chain(left, right, 9); len(chain) != 1 || !joins || err != nil {
			t.Error(chain, joins, err)
		}
		graph = e.graph
		if e.next(); e.graph != graph {
			t.Error("the graph is not kept")
		}
	}
}

// TestSide has commits of every form.
func TestSide(t *testing.T) {
	w := newWorld(t, NixFormat)
	tree := w.treeWith(gitwalk.ModeFile, "")
	root := w.commitTree("", tree)
	many := make([]gitwalk.ID, maxParents+1)
	for i := range many {
		many[i] = root
	}
	e := w.reading(t.Context())
	for name, c := range map[string]struct {
		commit            gitwalk.ID
		malformed, isGood bool
		parents           int
	}{
		"signed":            {w.commitTree(bob, tree, root), false, true, 1},
		"unsigned":          {w.commitTree("", tree, root, root), false, false, 2},
		"badly signed":      {w.put(gitwalk.KindCommit, w.next(tree, root).signed(bob.signOther)), false, false, 1},
		"NUL":               {w.put(gitwalk.KindCommit, rawCommit{tree, many[:1], 1, "a\x00b"}.signed(bob.sign)), true, false, 0},
		"a blob":            {w.blob("x"), true, false, 0},
		"too many parents":  {w.put(gitwalk.KindCommit, w.next(tree, many...).signed(bob.sign)), true, false, 0},
		"as many as may be": {w.put(gitwalk.KindCommit, w.next(tree, many[1:]...).signed(bob.sign)), false, true, maxParents},
	} {
		for range 2 {
			side, err := e.Side(c.commit)
			if err != nil {
				t.Fatal(err)
			}
			good := side.Signed && side.Signature.Problem == nil && side.Signature.Identity != nil
			if (side.Malformed != nil) != c.malformed || good != c.isGood || len(side.Parents) != c.parents {
				t.Errorf("%s: %+v", name, side)
			}
		}
	}
	if _, err := e.Side(gitwalk.ID{1}); !errors.As(err, new(*gitwalk.MissingError)) {
		t.Error(err)
	}
}

// TestMechanicalOfOthers has commits that are no merges of two.
func TestMechanicalOfOthers(t *testing.T) {
	w := newWorld(t, NixFormat)
	root := w.commit("", "")
	for _, parents := range [][]gitwalk.ID{{}, {root}, {root, root, root}} {
		if m, err := w.reading(t.Context()).Mechanical(w.commit("", "", parents...)); err == nil {
			t.Errorf("%+v", m)
		}
	}
}
