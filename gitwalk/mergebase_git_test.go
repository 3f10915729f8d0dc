package gitwalk

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/gittest/mergecase"
)

func TestMergeBasesAreThoseOfGit(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	var im mergecase.Importer
	var pairs [][2]int
	for range 40 {
		var marks []int
		for range 25 {
			var parents []int
			for range min(len(marks), []int{1, 1, 2, 2, 3}[rng.IntN(5)]) {
				if p := marks[max(0, len(marks)-1-rng.IntN(5))]; !slices.Contains(parents, p) {
					parents = append(parents, p)
				}
			}
			date := 1000 + 10*int64(len(marks))
			if rng.IntN(3) == 0 {
				date = rng.Int64N(2000)
			}
			marks = append(marks, im.Commit(date, nil, parents...))
		}
		newest := marks[len(marks)-4:]
		for i := range newest {
			for j := range i {
				pairs = append(pairs, [2]int{newest[i], newest[j]})
			}
		}
	}
	repo := gittest.New(t, "--bare")
	ids := im.Import(t, repo)
	g := NewGraph(NewReader(loadAll(t, repo)))
	several := 0
	for _, pair := range pairs {
		a, b := ids[pair[0]], ids[pair[1]]
		want := strings.Fields(repo.Git("merge-base", "--all", a, b))
		got, err := g.MergeBases(context.Background(), mustID(t, a), mustID(t, b))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, id := range got {
			names = append(names, id.String())
		}
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) {
			t.Errorf("merge bases of %s and %s are %v instead of %v", a, b, names, want)
		}
		if len(want) > 1 {
			several++
		}
	}
	if several < 10 {
		t.Errorf("only %d pairs have several merge bases", several)
	}
}
