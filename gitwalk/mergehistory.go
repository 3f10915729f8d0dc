package gitwalk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// maxHistory is how many commits a MergeHistory can have. Where two branches were
// merged into one another, as often happens, it has five to ten.
const maxHistory = 128

// A HistoryCommit is a commit of a MergeHistory.
type HistoryCommit struct {
	ID   ID
	Tree ID
	Date int64 // committer date in seconds since 1970
	// Parents are the places, in the MergeHistory, of the commits that stand
	// directly below this one there. Between them and it there can be others
	// in the real history.
	Parents []int
}

// A MergeHistory is what the merge of two commits depends on: the two, their merge
// bases, the merge bases of any two of these, and so on, in the order of descent
// among themselves. Any two commits of it have the same merge bases in this small
// history as in the real one. Ancestors come first.
type MergeHistory []HistoryCommit

// Place is where the commit id stands.
func (h MergeHistory) Place(id ID) int {
	return slices.IndexFunc(h, func(c HistoryCommit) bool { return c.ID == id })
}

// MergeHistory finds what the merge of a and b depends on. It returns the errors
// of MergeBases, and a *LimitError if that is more than 128 commits.
func (g *Graph) MergeHistory(ctx context.Context, a, b ID) (MergeHistory, error) {
	h := historySearch{graph: g}
	h.place(g.node(a))
	h.place(g.node(b))
	for i := 0; i < len(h.commits); i++ {
		for j := range i {
			if err := h.relate(ctx, i, j); err != nil {
				return nil, err
			}
		}
		if len(h.commits) > maxHistory {
			return nil, &LimitError{Detail: fmt.Sprintf("the merge of %s and %s depends on more than %d earlier commits", a, b, maxHistory)}
		}
	}
	return h.history()
}

type historySearch struct {
	graph   *Graph
	commits []uint32
	below   []map[int]bool // for each commit, the places of ancestors, in the end of all
}

// place is the place of a commit, which is added if it is new.
func (h *historySearch) place(commit uint32) int {
	if i := slices.Index(h.commits, commit); i >= 0 {
		return i
	}
	h.commits = append(h.commits, commit)
	h.below = append(h.below, make(map[int]bool))
	return len(h.commits) - 1
}

// relate finds the merge bases of two commits, unless one is known to descend from
// the other.
func (h *historySearch) relate(ctx context.Context, i, j int) error {
	if h.descends(i, j) || h.descends(j, i) {
		return nil
	}
	bases, err := h.graph.bases(ctx, h.commits[i], h.commits[j])
	for _, base := range bases {
		k := h.place(base)
		for _, above := range []int{i, j} {
			if above != k {
				h.below[above][k] = true
			}
		}
	}
	return err
}

// descends says whether j is known to be an ancestor of i.
func (h *historySearch) descends(i, j int) bool {
	seen := make([]bool, len(h.commits))
	todo := []int{i}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for k := range h.below[at] {
			if k == j {
				return true
			}
			if !seen[k] {
				seen[k] = true
				todo = append(todo, k)
			}
		}
	}
	return false
}

// history puts the commits in order, when all that descend from one another are
// known.
func (h *historySearch) history() (MergeHistory, error) {
	order := make([]int, len(h.commits))
	for i := range order {
		order[i] = i
		for j := range order {
			if h.descends(i, j) {
				h.below[i][j] = true
			}
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(len(h.below[i]), len(h.below[j])) })
	var history MergeHistory
	for _, i := range order {
		n := &h.graph.nodes[h.commits[i]]
		commit := HistoryCommit{ID: n.id, Tree: n.tree, Date: n.date}
		for place, j := range order {
			if h.below[i][j] && !h.between(i, j) {
				commit.Parents = append(commit.Parents, place)
			}
		}
		history = append(history, commit)
	}
	return history, nil
}

// between says whether there is a commit between i and its ancestor j.
func (h *historySearch) between(i, j int) bool {
	for k := range h.below[i] {
		if h.below[k][j] {
			return true
		}
	}
	return false
}
