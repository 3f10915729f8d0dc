package gitwalk

import (
	"context"
	"fmt"
	"testing"
)

// packages is a tree in the manner of nixpkgs: pkgs/by-name has 700 directories, of
// which he has 3,000 packages and the others 20 each.
func (m *memory) packages(changed map[string]int) ID {
	var byName []rawEntry
	for i := range 700 {
		shard := fmt.Sprintf("%c%c", 'a'+i/26, 'a'+i%26)
		n := 20
		if shard == "he" {
			n = 3000
		}
		var packages []rawEntry
		for j := range n {
			name := fmt.Sprintf("%s-package-%d", shard, j)
			id := m.tree(fmt.Sprintf("package.nix %s %d", name, changed[name]))
			packages = append(packages, rawEntry{ModeTree, []byte(name), id[:]})
		}
		id := m.put(KindTree, rawEntries(packages))
		byName = append(byName, rawEntry{ModeTree, []byte(shard), id[:]})
	}
	id := m.put(KindTree, rawEntries(byName))
	id = m.put(KindTree, rawEntries([]rawEntry{{ModeTree, []byte("by-name"), id[:]}}))
	return m.put(KindTree, rawEntries([]rawEntry{{ModeTree, []byte("pkgs"), id[:]}}))
}

// packageMerge is the merge of a branch that changed one package with a trunk that
// changed 300 others and went on for 3,000 commits since.
func packageMerge(m *memory, one string) (mergeCase [4]ID) {
	var sides [4]map[string]int // base, ours, theirs, merge
	for i := range sides {
		sides[i] = make(map[string]int)
	}
	for i := range 300 {
		name := fmt.Sprintf("%c%c-package-%d", 'a'+i%20, 'b'+i%7, i%20)
		sides[ourTree][name], sides[resultTree][name] = 1, 1
	}
	sides[theirTree][one], sides[resultTree][one] = 2, 2
	for i, changed := range sides {
		mergeCase[i] = m.packages(changed)
	}
	return mergeCase
}

func BenchmarkCheckMerge(b *testing.B) {
	for _, tt := range []struct{ name, one string }{
		{"OneDirectoryOnBothSides", "he-package-1234"}, // the trunk has changed he too
		{"OtherDirectories", "zu-package-12"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			m := newMemory()
			trees := packageMerge(m, tt.one)
			r := NewReader(m)
			for b.Loop() {
				check, err := CheckMerge(r, trees[0], trees[1], trees[2], trees[3])
				if err != nil || check.Answer() != MergeMechanical {
					b.Fatal(check, err)
				}
			}
		})
	}
}

func BenchmarkMechanical(b *testing.B) {
	m := newMemory()
	trees := packageMerge(m, "zu-package-12")
	base := m.commitTree(trees[0], 1000)
	trunk := m.line(3000, from(1001), base)
	merge := Merge{trees[3], m.commitTree(trees[1], 5000, trunk[2999]), m.commitTree(trees[2], 5001, base)}
	g := NewGraph(NewReader(m))
	for b.Loop() {
		if got, err := Mechanical(context.Background(), g, merge, nil); err != nil || !got.Holds {
			b.Fatal(got, err)
		}
	}
}

func BenchmarkMergeBases(b *testing.B) {
	m := newMemory()
	trunk := m.line(200_000, from(1000))
	branch := m.line(5, from(1000+197_000), trunk[197_000])
	for b.Loop() {
		bases, err := MergeBases(context.Background(), NewReader(m), trunk[len(trunk)-1], branch[4])
		if err != nil || len(bases) != 1 {
			b.Fatal(bases, err)
		}
	}
}

func BenchmarkDiff(b *testing.B) {
	m := newMemory()
	trees := packageMerge(m, "zu-package-12")
	r := NewReader(m)
	for b.Loop() {
		n := 0
		for _, err := range Diff(r, trees[1], trees[3]) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 1 {
			b.Fatal(n)
		}
	}
}
