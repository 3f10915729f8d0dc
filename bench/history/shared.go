package history

import (
	"fmt"
	"strings"
)

// shared is what a file says that many commits change, each another line, so that both
// sides of a merge have changed it and git has to say what comes out: who has changed
// each line last.
type shared [sharedLines]int

const (
	sharedLines  = 97
	sharedStride = 13 // lines of changes that may meet are at least 6 apart
)

// change is a tree in which the unit has changed its line of the file.
func (s *shared) change(root *node, unit int) *node {
	s.note(unit)
	return root.with(map[int]*node{root.child(sharedName): file(s.text())})
}

func (s *shared) note(unit int) { s[unit*sharedStride%sharedLines] = unit }

func (s shared) text() []byte {
	var b strings.Builder
	for i, unit := range s {
		fmt.Fprintf(&b, "  attribute-%02d = callPackage ../package-%d { };\n", i, unit)
	}
	return []byte(b.String())
}

// sharedBefore is what the file says when a unit begins.
func (p *plan) sharedBefore(unit int) (s shared) {
	for earlier := range unit {
		if p.byGit(earlier) {
			s.note(earlier)
		}
	}
	return s
}
