package gitwalk

import (
	"context"
	"errors"
	"testing"
)

func TestIsAncestorReadsNoMoreThanNeeded(t *testing.T) {
	m := newMemory()
	ids := line(m, 1, 1000)
	ctx, r := context.Background(), NewReader(m)
	for _, tt := range []struct {
		name                 string
		ancestor, descendant ID
		reads                int
	}{
		{"itself", ids[5], ids[5], 0},
		{"parent", ids[998], ids[999], 2},
		{"a hundred commits", ids[899], ids[999], 101},
	} {
		m.reads = 0
		if is, err := IsAncestor(ctx, r, tt.ancestor, tt.descendant); err != nil || !is {
			t.Errorf("%s: %t, %v", tt.name, is, err)
		}
		if m.reads > tt.reads {
			t.Errorf("%s: %d objects were read", tt.name, m.reads)
		}
	}
}

func TestIsAncestorOfMissing(t *testing.T) {
	m := newMemory()
	ids := line(m, 1, 5)
	ctx, r := context.Background(), NewReader(m)
	lost := ids[2]
	delete(m.objects, lost)
	if is, err := IsAncestor(ctx, r, lost, ids[4]); err != nil || !is {
		t.Errorf("a missing commit that a parent line names: %t, %v", is, err)
	}
	var missing *MissingError
	if _, err := IsAncestor(ctx, r, ids[0], ids[4]); !errors.As(err, &missing) || missing.ID != lost {
		t.Errorf("below a missing commit: %v", err)
	}
	if _, err := IsAncestor(ctx, r, ids[0], lost); !errors.As(err, &missing) || missing.ID != lost {
		t.Errorf("of a missing commit: %v", err)
	}
	if is, err := IsAncestor(ctx, r, ID{1}, ids[1]); err != nil || is {
		t.Errorf("a commit that does not exist: %t, %v", is, err)
	}
}
