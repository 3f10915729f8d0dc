package movement

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
)

// history is a - b - m, with c beside b and merged into m, and d on top of a alone.
func history(t *testing.T) (store gitwalk.Store, ids map[string]gitwalk.ID) {
	t.Helper()
	r := gittest.New(t)
	ids = make(map[string]gitwalk.ID)
	note := func(name string) {
		id, err := gitwalk.ParseID(r.Git("rev-parse", "HEAD"))
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = id
	}
	r.Commit("a", "a")
	note("a")
	for _, name := range []string{"c", "d"} {
		r.Git("checkout", "--quiet", "-b", name, ids["a"].String())
		r.Commit(name, name)
		note(name)
	}
	r.Git("checkout", "--quiet", "main")
	r.Commit("b", "b")
	note("b")
	r.Git("merge", "--quiet", "--no-ff", "--message", "m", "c")
	note("m")
	repository, err := gitrepo.Open(t.Context(), r.Dir, gitrepo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ids["missing"] = gitwalk.ID{1, 2, 3}
	return repository, ids
}

func TestRelate(t *testing.T) {
	t.Parallel()
	store, ids := history(t)
	for _, c := range []struct {
		old, tip      string
		want          Relation
		ahead, behind int // of tip and of old
	}{
		{"a", "a", Same, 0, 0},
		{"a", "b", Forward, 1, 0},
		{"a", "m", Forward, 3, 0},
		{"c", "m", Forward, 2, 0},
		{"m", "a", Backward, 0, 3},
		{"m", "c", Backward, 0, 2},
		{"b", "c", Diverged, 1, 1},
		{"m", "d", Diverged, 1, 3},
		{"d", "m", Diverged, 3, 1},
	} {
		got, err := Relate(t.Context(), store, ids[c.old], ids[c.tip])
		if err != nil || got != c.want {
			t.Errorf("from %s to %s it goes %s, %v; want %s", c.old, c.tip, got, err, c.want)
		}
		ahead, err := Count(t.Context(), store, ids[c.tip], ids[c.old])
		if err != nil || ahead != c.ahead {
			t.Errorf("%s has %d that %s has not, %v; want %d", c.tip, ahead, c.old, err, c.ahead)
		}
		behind, err := Count(t.Context(), store, ids[c.old], ids[c.tip])
		if err != nil || behind != c.behind {
			t.Errorf("%s has %d that %s has not, %v; want %d", c.old, behind, c.tip, err, c.behind)
		}
	}
	if got, err := Relate(t.Context(), store, ids["missing"], ids["a"]); got != Vanished || err != nil {
		t.Errorf("to what does not have it: %s, %v", got, err)
	}
	if got, err := Relate(t.Context(), store, ids["a"], ids["missing"]); err == nil {
		t.Errorf("to what is missing: %s", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := Relate(ended, store, ids["a"], ids["m"]); err == nil {
		t.Errorf("after the end: %s", got)
	}
}

// TestDates: a tip that claims to be older than what it descends from goes forward,
// and one that claims to be newer than what descends from it does not.
func TestDates(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Commit("x", "0")
	commit := func(date string) gitwalk.ID {
		r.Env = []string{"GIT_COMMITTER_DATE=" + date}
		id, err := gitwalk.ParseID(r.Commit("x", date))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	var chain []gitwalk.ID
	for _, date := range []string{"2000000000 +0000", "1000000000 +0000", "3000000000 +0000", "100000000 +0000"} {
		chain = append(chain, commit(date))
	}
	repository, err := gitrepo.Open(t.Context(), r.Dir, gitrepo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, old := range chain {
		for j, tip := range chain {
			relation, err := Relate(t.Context(), repository, old, tip)
			if err != nil {
				t.Fatal(err)
			}
			if goesOn := relation == Same || relation == Forward; goesOn != (i <= j) {
				t.Errorf("from %d to %d it goes %s", i, j, relation)
			}
		}
	}
}

func TestCheckContinues(t *testing.T) {
	for relation, refused := range map[Relation]string{
		Same: "", Forward: "", Backward: "is older than", Diverged: "has diverged from", Vanished: "does not have", "odd": "does not have",
	} {
		err := CheckContinues(relation, gitwalk.ID{1}, gitwalk.ID{2})
		if refused == "" {
			if err != nil {
				t.Errorf("%s: %v", relation, err)
			}
			continue
		}
		failed := outcome.From(err)
		if err == nil || failed.Class != outcome.Downgrade || failed.Reason != outcome.ReasonDowngrade || failed.Hint == "" || !strings.Contains(err.Error(), refused) {
			t.Errorf("%s: %+v", relation, err)
		}
	}
}

func TestCheckAge(t *testing.T) {
	now := time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, c := range []struct {
		name   string
		signed time.Time
		maxAge time.Duration
		stale  bool
	}{
		{"any age", time.Time{}, 0, false},
		{"far in the future, any age", now.Add(1000 * day), 0, false},
		{"now", now, day, false},
		{"just fresh", now.Add(-day), day, false},
		{"just too old", now.Add(-day - 1), day, true},
		{"an hour ahead", now.Add(time.Hour), day, false},
		{"more than an hour ahead", now.Add(time.Hour + 1), day, true},
		{"no date", time.Time{}, day, true},
		{"before all times", time.Unix(-1<<62, 0), day, true},
		{"after all times", time.Unix(1<<62, 0), 36500 * day, true},
	} {
		err := CheckAge(gitwalk.ID{1}, c.signed, c.maxAge, now)
		if c.stale != (err != nil) {
			t.Errorf("%s: %v", c.name, err)
		}
		if failed := outcome.From(err); err != nil && (failed.Class != outcome.Stale || failed.Reason != outcome.ReasonStale || failed.Hint == "") {
			t.Errorf("%s: %+v", c.name, failed)
		}
	}
}
