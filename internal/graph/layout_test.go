package graph

import (
	"math/rand/v2"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestLayout: on random histories every line leads from a commit, down one lane that
// nobody else uses, to its parent.
func TestLayout(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 0))
		n := 1 + r.IntN(20)
		nodes := make([]Node, n)
		for i := range nodes {
			nodes[i].ID = gitwalk.ID{byte(i + 1)}
			for range r.IntN(4) {
				if i+1 < n {
					parent := gitwalk.ID{byte(i + 2 + r.IntN(n-i-1))}
					nodes[i].Parents = append(nodes[i].Parents, parent)
				}
			}
		}
		check(t, Layout(nodes))
		if t.Failed() {
			t.Fatalf("seed %d: %v", seed, nodes)
		}
	}
}

func check(t *testing.T, rows []Row) {
	t.Helper()
	for i, row := range rows {
		if row.Before[row.Lane] != row.ID {
			t.Errorf("row %d: its lane waits for %s", i, row.Before[row.Lane])
		}
		if len(row.Down) != len(row.Parents) {
			t.Fatalf("row %d: %d ways down for %d parents", i, len(row.Down), len(row.Parents))
		}
		for j, lane := range row.Down {
			if lane >= len(row.After) || row.After[lane] != row.Parents[j] {
				t.Errorf("row %d: the way down to %s does not wait for it", i, row.Parents[j])
			}
		}
		for lane, id := range row.After {
			if id.IsZero() {
				continue
			}
			if id == row.ID {
				t.Errorf("row %d: lane %d still waits for it", i, lane)
			}
			if i+1 < len(rows) && (lane >= len(rows[i+1].Before) || rows[i+1].Before[lane] != id) {
				t.Errorf("row %d: lane %d is cut", i, lane)
			}
		}
	}
}
