package authz

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestModel compares Verify with the model on random histories, with and without
// what is known, with one worker and several.
func TestModel(t *testing.T) {
	graphs := uint64(2400)
	if testing.Short() {
		graphs = 400
	}
	const shards = 4
	results := make([]modelResults, shards)
	t.Run("graphs", func(t *testing.T) {
		for shard := range results {
			results[shard] = modelResults{outcomes: make(map[Outcome]int), seen: make(modelSeen)}
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				for number := uint64(shard); number < graphs; number += shards {
					results[shard].compare(t, number)
				}
			})
		}
	})
	for _, r := range results[1:] {
		results[0].add(r)
	}
	results[0].check(t, int(graphs))
}

// modelResults is what came out of many graphs, so that a test that tests little shows.
type modelResults struct {
	outcomes map[Outcome]int
	spared   int
	seen     modelSeen
}

func (r *modelResults) compare(t *testing.T, number uint64) {
	g, growth := grow(number, []Format{NixFormat, NixFormat, NixFormat, GuixFormat}[number/4%4])
	w, ids := g.realise(t)
	m := modelRun{g: g, world: w, ids: ids, verifier: w.verifier(), lies: growth.lies}
	m.verifier.Merger = modelMerger{g, w, ids}
	m.verifier.Workers = 1 + int(number/16%4)
	m.verifier.Observe = r.seen.observe
	r.outcomes[m.compare(t, nil)]++
	m.verifier.Observe = nil
	for _, descend := range []bool{false, true} {
		known := growth.known(descend)
		m.verifier.KnownDescend = descend
		m.compare(t, known)
		r.spared += len(known)
	}
	if t.Failed() {
		t.Fatalf("graph %d, known %v\n%s", number, m.verifier.Known, g)
	}
}

func (r *modelResults) add(other modelResults) {
	r.spared += other.spared
	for outcome, n := range other.outcomes {
		r.outcomes[outcome] += n
	}
	for what, n := range other.seen {
		r.seen[what] += n
	}
}

func (r *modelResults) check(t *testing.T, graphs int) {
	t.Logf("%v, %d known, %v", r.outcomes, r.spared, r.seen)
	least := graphs / 400
	for _, o := range []Outcome{Authentic, Refused, Unchecked} {
		if r.outcomes[o] < least {
			t.Errorf("%d of %d graphs are %s", r.outcomes[o], graphs, o)
		}
	}
	for _, what := range []string{"signed", "approved", "vouched by trees", "vouched by git", "several vouchers",
		string(NotMechanical), string(NotVouched), string(PathForbidden), string(Threshold), string(CannotCheck)} {
		if r.seen[what] < least {
			t.Errorf("%d times only: %s", r.seen[what], what)
		}
	}
	if r.spared < graphs {
		t.Errorf("only %d commits were known", r.spared)
	}
}

// modelSeen counts what there was to judge.
type modelSeen map[string]int

func (s modelSeen) observe(e Event) {
	v, ok := e.(*Verdict)
	if !ok {
		return
	}
	switch {
	case v.Refusal != nil:
		s[string(v.Refusal.Reason)]++
	case v.Unchecked != nil:
		s[string(v.Unchecked.Reason)]++
	case v.Mechanics != nil:
		s["vouched by "+string(v.Mechanics.By)]++
		if n := len(v.Vouchers); n > 1 {
			s["several vouchers"]++
		}
	case len(v.Approvers) > 0:
		s["approved"]++
	default:
		s["signed"]++
	}
}

// modelRun is Verify on a graph.
type modelRun struct {
	g        *graph
	world    *world
	ids      []gitwalk.ID
	verifier *Verifier
	lies     bool // dates are not in the order of the commits
}

func (m *modelRun) compare(t *testing.T, known []int) Outcome {
	t.Helper()
	m.verifier.Known = []gitwalk.ID{{0xFF}} // which the repository does not have
	spared := m.g.closure(m.g.introduction)
	for _, c := range known {
		m.verifier.Known = append(m.verifier.Known, m.ids[c])
		spared |= m.g.history(c)
	}
	report, err := m.verifier.Verify(context.Background(), m.ids[m.g.tip])
	if err != nil {
		t.Fatal(err)
	}
	m.world.checkClosed(t)
	outcome, blamed := m.g.judge(m.g.tip)
	if report.Outcome() != outcome {
		t.Errorf("%s instead of %s: %v %v", report.Outcome(), outcome, report.Refusals, report.Unchecked)
	}
	m.compareBlame(t, report, blamed)
	m.compareCounts(t, report, spared)
	return outcome
}

// modelMerger merges as the model says that git does.
type modelMerger struct {
	g   *graph
	w   *world
	ids []gitwalk.ID
}

func (m modelMerger) MergeTree(_ context.Context, _ *gitwalk.Graph, merge gitwalk.Merge) (gitwalk.ID, bool, error) {
	merged, wrong := m.g.gitMerge(slices.Index(m.ids, merge.Ours), slices.Index(m.ids, merge.Theirs))
	switch wrong {
	case CannotCheck:
		return gitwalk.ID{}, false, &gitwalk.CannotMergeError{Err: errors.New("no git")}
	case NotMechanical:
		return gitwalk.ID{}, false, nil
	}
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	return m.g.tree(m.w, &merged), true, nil
}

func (m modelMerger) MergeTrees(ctx context.Context, g *gitwalk.Graph, merges []gitwalk.Merge) []gitwalk.Merged {
	return mergeEach(ctx, m, g, merges)
}

// compareBlame requires the same commits for the same reasons, parents first.
func (m *modelRun) compareBlame(t *testing.T, report *Report, blamed map[int]Reason) {
	t.Helper()
	var refused, unchecked []int
	for _, r := range report.Refusals {
		refused = append(refused, m.number(t, r.Commit, r.Reason, blamed))
	}
	for _, u := range report.Unchecked {
		unchecked = append(unchecked, m.number(t, u.Commit, u.Reason, blamed))
	}
	if len(refused)+len(unchecked) != len(blamed) || report.UncheckedCount != len(unchecked) {
		t.Errorf("%v and %v to blame instead of %v", refused, unchecked, blamed)
	}
	for _, list := range [][]int{refused, unchecked} {
		for i, c := range list {
			for _, earlier := range list[:i] {
				if m.g.history(earlier).has(c) {
					t.Errorf("%d is reported before its ancestor %d", earlier, c)
				}
			}
		}
	}
}

func (m *modelRun) number(t *testing.T, id gitwalk.ID, reason Reason, blamed map[int]Reason) int {
	t.Helper()
	for c := range m.ids {
		if m.ids[c] == id {
			if blamed[c] != reason {
				t.Errorf("%d is blamed for %q instead of %q", c, reason, blamed[c])
			}
			return c
		}
	}
	t.Errorf("commit %s is blamed", id)
	return 0
}

// compareCounts requires the number of commits that were to be judged. Wrong
// dates may let in some that are below the introduction and in order.
func (m *modelRun) compareCounts(t *testing.T, report *Report, spared commitSet) {
	t.Helper()
	history := m.g.history(m.g.tip)
	least := bits.OnesCount32(uint32(history &^ spared))
	most := least
	if m.lies {
		most = bits.OnesCount32(uint32(history))
	}
	if report.Commits < least || report.Commits > most {
		t.Errorf("%d commits instead of %d to %d", report.Commits, least, most)
	}
	if report.Outcome() == Authentic && report.Authentic != report.Commits {
		t.Errorf("%d commits of %d are authentic", report.Authentic, report.Commits)
	}
	signed := 0
	for _, c := range report.Signers {
		signed += c.Commits
	}
	if signed != report.Authentic {
		t.Errorf("the signers have signed %d commits of %d", signed, report.Authentic)
	}
}
