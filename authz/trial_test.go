package authz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// togetherMerger merges as its function does, and notes how many merges at a time.
type togetherMerger struct {
	gitMerger
	batches []int
}

func (m *togetherMerger) MergeTrees(ctx context.Context, g *gitwalk.Graph, merges []gitwalk.Merge) []gitwalk.Merged {
	m.batches = append(m.batches, len(merges))
	return mergeEach(ctx, m.gitMerger, g, merges)
}

func mergeEach(ctx context.Context, m gitwalk.Merger, g *gitwalk.Graph, merges []gitwalk.Merge) []gitwalk.Merged {
	var merged []gitwalk.Merged
	for _, merge := range merges {
		tree, clean, err := m.MergeTree(ctx, g, merge)
		merged = append(merged, gitwalk.Merged{Tree: tree, Clean: clean, Err: err})
	}
	return merged
}

// contestedMerges are n merges of heads that bob has signed, in each of which both
// sides changed y, and one more in between that trees alone decide; and what git
// makes of each.
func (f *forge) contestedMerges(n int) (merges []gitwalk.ID, trees map[[2]gitwalk.ID]gitwalk.ID) {
	trees = make(map[[2]gitwalk.ID]gitwalk.ID)
	for i := range n {
		words := fmt.Sprintf("x=0 y=%d p/a=0", 100+i)
		head := f.by(bob, fmt.Sprintf("x=0 y=%d p/a=0", 1000+i), f.intro)
		merges = append(merges, f.by("", words, f.main, head))
		trees[[2]gitwalk.ID{f.main, head}] = f.treeOfWords(f.file, words)
		if i%3 == 0 {
			merges = append(merges, f.by("", fmt.Sprintf("x=%d y=1 p/a=0", i+1), f.main, f.by(bob, fmt.Sprintf("x=%d y=0 p/a=0", i+1), f.intro)))
		}
	}
	return merges, trees
}

// pendings are commits with their facts, as they come to the judges.
func (w *world) pendings(v *Verifier, commits []gitwalk.ID) (all []*pending, work chan *pending) {
	w.Helper()
	source, err := v.Objects.NewSource()
	if err != nil {
		w.Fatal(err)
	}
	defer source.Close()
	reader := gitwalk.NewReader(source)
	r := &run{Verifier: v, reader: reader, files: newFiles(v.Policy.Introduction.Format, reader)}
	work = make(chan *pending, len(commits))
	for _, commit := range commits {
		facts, err := r.facts(w.Context(), commit)
		if err != nil {
			w.Fatal(err)
		}
		p := &pending{commit: commit, facts: facts, done: make(chan struct{})}
		all = append(all, p)
		work <- p
	}
	close(work)
	return all, work
}

// A judge lets git merge for many commits at once. What is wrong with one merge is
// no matter for the others.
func TestMergesAreMadeTogether(t *testing.T) {
	const n, conflict, missing = 150, 20, 100
	f := newForge(t)
	merges, trees := f.contestedMerges(n)
	number := 0
	git := &togetherMerger{gitMerger: func(_ context.Context, ours, theirs gitwalk.ID) (gitwalk.ID, bool, error) {
		number++
		switch tree := trees[[2]gitwalk.ID{ours, theirs}]; number {
		case conflict:
			return tree, false, nil
		case missing:
			return gitwalk.ID{}, false, &gitwalk.MissingError{ID: tree}
		default:
			return tree, true, nil
		}
	}}
	v := f.verifier()
	v.Merger = git
	all, work := f.pendings(v, merges)
	newJudge(t.Context(), v).run(work)
	f.checkClosed(t)
	if want := []int{mergesTogether, mergesTogether, n - 2*mergesTogether}; !slices.Equal(git.batches, want) {
		t.Errorf("git merges %v at a time instead of %v", git.batches, want)
	}
	outcomes := make(map[Reason]int)
	for _, p := range all {
		switch {
		case !p.isDone():
			t.Errorf("%s has not been judged", p.commit)
		case p.unreadable != nil:
			t.Errorf("%s: %v", p.commit, p.unreadable)
		case p.verdict.Refusal != nil:
			outcomes[p.verdict.Refusal.Reason]++
		case p.verdict.Unchecked != nil:
			outcomes[p.verdict.Unchecked.Reason]++
		case p.verdict.Mechanics == nil || p.verdict.Commit != p.commit || len(p.verdict.Vouchers) != 1:
			t.Errorf("%s: %+v", p.commit, p.verdict)
		}
	}
	if len(outcomes) != 2 || outcomes[NotMechanical] != 1 || outcomes[MissingObject] != 1 {
		t.Errorf("outcomes are %v", outcomes)
	}
}

// Git can be needed several times for one commit: for merges within what it merges.
func TestTrialAsksSeveralTimes(t *testing.T) {
	f := newForge(t)
	git := &togetherMerger{gitMerger: func(_ context.Context, ours, theirs gitwalk.ID) (gitwalk.ID, bool, error) {
		return f.treeOfWords(f.file, "x=0 y=9 p/a=0"), true, nil
	}}
	var tips []gitwalk.ID
	for i := range 3 {
		side := f.by(bob, fmt.Sprintf("x=0 y=%d p/a=0", 10+i), f.intro)
		inner := f.by("", "x=0 y=9 p/a=0", side, f.by(bob, fmt.Sprintf("x=0 y=%d p/a=0", 20+i), f.intro))
		tips = append(tips, f.by("", "x=0 y=9 p/a=0", f.main, inner))
	}
	v := f.verifier()
	v.Merger = git
	all, work := f.pendings(v, tips)
	newJudge(t.Context(), v).run(work)
	f.checkClosed(t)
	for _, p := range all {
		if !p.isDone() || p.unreadable != nil || !p.verdict.Authentic() {
			t.Errorf("%s: %+v, %v", p.commit, p.verdict, p.unreadable)
		}
	}
	if want := []int{3, 3}; !slices.Equal(git.batches, want) {
		t.Errorf("git merges %v at a time instead of %v", git.batches, want)
	}
}

// When the caller gives up, all that wait for git end, and none has a verdict.
func TestTrialsAreCancelled(t *testing.T) {
	f := newForge(t)
	merges, _ := f.contestedMerges(10)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	v := f.verifier()
	v.Merger = &togetherMerger{gitMerger: func(context.Context, gitwalk.ID, gitwalk.ID) (gitwalk.ID, bool, error) {
		cancel()
		return gitwalk.ID{}, false, ctx.Err()
	}}
	all, work := f.pendings(v, merges)
	newJudge(ctx, v).run(work)
	f.checkClosed(t)
	cancelled := 0
	for _, p := range all {
		if !p.isDone() {
			t.Fatalf("%s waits for ever", p.commit)
		}
		if errors.Is(p.unreadable, context.Canceled) {
			cancelled++
		}
	}
	if cancelled < 10 {
		t.Errorf("%d of %d have no verdict", cancelled, len(all))
	}
}
