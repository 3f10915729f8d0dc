package main

import (
	"slices"
	"testing"
)

func TestNumbers(t *testing.T) {
	if found, err := numbers("10000,200"); err != nil || !slices.Equal(found, []int{10000, 200}) {
		t.Errorf("%v, %v", found, err)
	}
	if found, err := numbers(""); err != nil || found != nil {
		t.Errorf("nothing is %v, %v", found, err)
	}
	for _, bad := range []string{"x", "0", "-1", "1e6", "1, 2"} {
		if found, err := numbers(bad); err == nil {
			t.Errorf("%q is %v", bad, found)
		}
	}
}
