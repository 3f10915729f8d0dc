package gitwalk

import "testing"

func TestNodesAreFoundAgain(t *testing.T) {
	table := newNodes()
	id := func(i int) ID {
		id, _ := Hash(KindBlob, []byte{byte(i), byte(i >> 8), byte(i >> 16)})
		return id
	}
	const count = 5000 // several times what the table begins with
	for i := range count {
		if _, ok := table.find(id(i)); ok {
			t.Fatalf("commit %d is found before it is there", i)
		}
		if at := table.node(id(i)); at != uint32(i) {
			t.Fatalf("commit %d is at %d", i, at)
		}
	}
	for i := range count {
		at, ok := table.find(id(i))
		if again := table.node(id(i)); !ok || at != uint32(i) || again != at || table.all[at].id != id(i) {
			t.Fatalf("commit %d is at %d, %v, then at %d", i, at, ok, again)
		}
	}
	if len(table.all) != count || 3*count > 2*len(table.slots) {
		t.Errorf("%d commits in %d slots", len(table.all), len(table.slots))
	}
}
