package state

import (
	"errors"
	"testing"
	"time"
)

// A tip that was judged against what is not remembered any more must be judged
// again.
func TestRememberedMeanwhile(t *testing.T) {
	a, b, c := aTip(t, "a"), aTip(t, "b"), aTip(t, "c")
	later := b
	later.At = b.At.Add(time.Hour)
	for _, test := range []struct {
		name             string
		found, old, next *Remembered
		changed          bool
	}{
		{"the first one", nil, nil, &b, false},
		{"the next one", &a, &a, &b, false},
		{"the same one again", &a, &a, &a, false},
		{"the same one, by another process first", &b, &a, &b, false},
		{"the same one, by another process first, and later", &later, &a, &b, false},
		{"the same one as old but verified again", &later, &b, &c, false},
		{"the first one, by another process first", &a, nil, &b, true},
		{"another one, by another process first", &c, &a, &b, true},
		{"forgotten", nil, &a, &b, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			tip := Open(t.TempDir(), aKey(t))
			if test.found != nil {
				must(t, tip.Remember(nil, *test.found))
			}
			err := tip.Remember(test.old, *test.next)
			if !test.changed {
				must(t, err)
				wantTip(t, tip, *test.next)
				return
			}
			var changed *ChangedError
			if !errors.As(err, &changed) {
				t.Fatalf("error %v", err)
			}
			wantClass(t, err, "run the same command again")
			if changed.Key != aKey(t) || (changed.Now == nil) != (test.found == nil) {
				t.Errorf("%+v", changed)
			}
			if test.found != nil {
				wantTip(t, tip, *test.found)
			} else if got, err := tip.Load(); got != nil || err != nil {
				t.Errorf("made %+v, %v", got, err)
			}
		})
	}
}
