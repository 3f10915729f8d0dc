package authz

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// long makes a history of n commits after the introduction, of which some are
// merges, and every seventh is unsigned. It returns the tip and the unsigned.
func (w *world) long(n int) (tip gitwalk.ID, unsigned []gitwalk.ID) {
	file := w.listing(alice, bob)
	tip = w.begin(alice, bob)
	side := tip
	for i := range n {
		parents := []gitwalk.ID{tip}
		if i%5 == 4 {
			parents = append(parents, side)
			side = tip
		}
		by := []fakeKey{alice, bob}[i%2]
		if i%7 == 6 {
			by = ""
		}
		tip = w.commit(by, file, parents...)
		if by == "" {
			unsigned = append(unsigned, tip)
		}
	}
	return tip, unsigned
}

// eventText tells events apart by all that they say.
func eventText(e Event) string {
	v, ok := e.(*Verdict)
	if !ok {
		return fmt.Sprintf("%+v", e)
	}
	text := fmt.Sprintf("%s %q %v %v", v.Commit, v.Subject, v.Refusal, v.Unchecked)
	if v.Signer != nil {
		text += fmt.Sprintf(" %+v", *v.Signer)
	}
	return text
}

// TestEventsDoNotDependOnWorkers has several batches for each of the workers.
func TestEventsDoNotDependOnWorkers(t *testing.T) {
	const n = 20 * batchSize
	w := newWorld(t, NixFormat)
	tip, _ := w.long(n)
	var want []string
	for workers := 1; workers <= 5; workers++ {
		for _, most := range []int{0, 30} {
			var got []string
			v := w.verifier()
			v.Workers, v.MaxRefusals, w.opened = workers, most, 0
			v.Observe = func(e Event) { got = append(got, eventText(e)) }
			if _, err := v.Verify(context.Background(), tip); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want[:min(len(got), len(want))]) || most == 0 && len(got) != len(want) || len(got) < n/2 {
				t.Errorf("%d workers, at most %d: %d events and not the first of %d", workers, most, len(got), len(want))
			}
			if w.checkClosed(t); w.opened > workers+1 || most == 0 && w.opened != workers+1 {
				t.Errorf("%d sources for %d workers", w.opened, workers)
			}
		}
	}
}

// TestEvents has what events there are, and in which order.
func TestEvents(t *testing.T) {
	w := newWorld(t, GuixFormat)
	intro := w.begin(alice)
	good := w.commit(alice, w.listing(alice), intro)
	tip := w.commit(bob, w.listing(alice), good)
	var verdicts []gitwalk.ID
	var judged []Judging
	walked := false
	v := w.verifier()
	v.Observe = func(e Event) {
		switch e := e.(type) {
		case *Verdict:
			verdicts = append(verdicts, e.Commit)
			if e.Authentic() != (e.Commit != tip) {
				t.Errorf("%+v", e)
			}
		case Walking:
			walked = true
		case Judging:
			judged = append(judged, e)
			if len(verdicts) != e.Done+1 {
				t.Errorf("%+v after %d verdicts", e, len(verdicts))
			}
		}
	}
	if _, err := v.Verify(context.Background(), tip); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(verdicts, []gitwalk.ID{intro, good, tip}) || !slices.Equal(judged, []Judging{{1, 2}, {2, 2}}) || !walked {
		t.Errorf("%v, %v", verdicts, judged)
	}
}
