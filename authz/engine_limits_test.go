package authz

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// TestMaxRefusals has the oldest refusals, and never an authentic history.
func TestMaxRefusals(t *testing.T) {
	w := newWorld(t, GuixFormat)
	tip, unsigned := w.long(100)
	for most := range len(unsigned) + 3 {
		v := w.verifier()
		v.MaxRefusals = most
		r, err := v.Verify(context.Background(), tip)
		if err != nil {
			t.Fatal(err)
		}
		var got []gitwalk.ID
		for _, refusal := range r.Refusals {
			got = append(got, refusal.Commit)
		}
		want := unsigned
		if most > 0 && most < len(unsigned) {
			want = unsigned[:most]
		}
		// Two commits follow the last unsigned one.
		if !slices.Equal(got, want) || r.Outcome() != Refused || r.Truncated != (most > 0 && most <= len(unsigned)) || r.Commits != 100 {
			t.Errorf("at most %d: %s, truncated %v, %d commits, %d refusals", most, r.Outcome(), r.Truncated, r.Commits, len(got))
		}
		w.checkClosed(t)
	}
}

// TestMaxRefusalsAtTheEnd has that nothing is cut off when the last commit is the
// one that reaches the limit.
func TestMaxRefusalsAtTheEnd(t *testing.T) {
	w := newWorld(t, GuixFormat)
	tip, unsigned := w.long(7)
	v := w.verifier()
	v.MaxRefusals = 1
	r, err := v.Verify(context.Background(), tip)
	if err != nil || len(unsigned) != 1 || len(r.Refusals) != 1 || r.Truncated || r.Outcome() != Refused {
		t.Errorf("%+v, %v", r, err)
	}
}

// unjudged makes a history with merges for which git would be needed and, if
// refused is not 0, that many unauthorized commits at its end.
func (w *world) unjudged(merges, refused int) gitwalk.ID {
	file := nixListing("merges: vouched\n", "")
	intro := w.introduce(w.commitWith(alice, file, "x=0"), alice)
	tip := w.commitWith(alice, file, "x=1", intro)
	for i := range merges {
		side := w.commitWith(alice, file, fmt.Sprint("x=", i+2), intro)
		tip = w.commitWith("", file, "x=1", tip, side)
	}
	for range refused {
		tip = w.commitWith(carol, file, "x=1", tip)
	}
	return tip
}

// TestMaxRefusalsAndUnchecked has that the limit shortens the list of unchecked
// commits and not the search for refused ones.
func TestMaxRefusalsAndUnchecked(t *testing.T) {
	for _, c := range []struct {
		most, merges, refused                  int
		wantUnchecked, wantCount, wantRefusals int
		truncated                              bool
	}{
		{0, 50, 0, 50, 50, 0, false},
		{3, 50, 0, 3, 50, 0, false},
		{3, 50, 2, 3, 50, 2, false},
		{3, 2, 5, 2, 2, 3, true},
		{3, 50, 3, 3, 50, 3, false},
		{3, 50, 4, 3, 50, 3, true},
	} {
		w := newWorld(t, NixFormat)
		v := w.verifier()
		tip := w.unjudged(c.merges, c.refused)
		v.Policy, v.MaxRefusals = w.policy, c.most
		r, err := v.Verify(context.Background(), tip)
		if err != nil {
			t.Fatal(err)
		}
		want := Unchecked
		if c.refused > 0 {
			want = Refused
		}
		if r.Outcome() != want || len(r.Unchecked) != c.wantUnchecked || r.UncheckedCount != c.wantCount ||
			len(r.Refusals) != c.wantRefusals || r.Truncated != c.truncated {
			t.Errorf("%+v: %s, %d of %d unchecked, %d refused, truncated %v", c,
				r.Outcome(), len(r.Unchecked), r.UncheckedCount, len(r.Refusals), r.Truncated)
		}
	}
}

// TestOutcome has that nothing but empty lists and full numbers make a history
// authentic.
func TestOutcome(t *testing.T) {
	refusals, unchecked := []*Refusal{{}}, []*UncheckedError{{}}
	for _, c := range []struct {
		report Report
		want   Outcome
	}{
		{Report{}, Authentic},
		{Report{Commits: 3, Authentic: 3}, Authentic},
		{Report{Commits: 3, Authentic: 2}, Unchecked},
		{Report{Commits: 3, Authentic: 3, Truncated: true}, Unchecked},
		{Report{Refusals: refusals}, Refused},
		{Report{Unchecked: unchecked}, Unchecked},
		{Report{Refusals: refusals, Unchecked: unchecked}, Refused},
	} {
		if got := c.report.Outcome(); got != c.want {
			t.Errorf("%+v: %s", c.report, got)
		}
	}
}
