package authz

import (
	"cmp"
	"maps"
	"slices"
)

// wrongVouched is why a merge without an authorized signature is not authentic.
func (g *graph) wrongVouched(c int) Reason {
	first, second := g.commits[c].parents[0], g.commits[c].parents[1]
	if g.changesFile(c, first) {
		return Unauthorized
	}
	merge, unvouched := g.wrongMerge(c), g.unvouched(g.authorizations(first), c, first, second, false)
	if merge == CannotCheck && unvouched == NotVouched {
		return NotVouched // whatever git would say
	}
	return cmp.Or(merge, unvouched)
}

// unvouched is NotVouched unless somebody whom a lists answers for what the merge c of
// base and head brings in, or what keeps from telling. Inside a side branch only keys
// without paths answer for more than what they sign.
func (g *graph) unvouched(a *listing, c, base, head int, inside bool) Reason {
	restricted := inside && a.paths[g.commits[head].key] != ""
	if g.signed(a, head, RightCommit) && !restricted && g.covered(a, head, base, c) {
		return ""
	}
	for link := head; ; link = g.commits[link].parents[0] {
		if wrong := g.wrongLink(a, link); wrong != "" {
			return wrong
		}
		parents := g.commits[link].parents
		switch {
		case g.closure(base).has(link), len(parents) > 0 && g.closure(base).has(parents[0]):
			return ""
		case len(parents) == 0:
			return NotVouched
		}
	}
}

// wrongLink is why a commit of a side branch is neither signed nor a merge that is
// vouched for, by what a lists.
func (g *graph) wrongLink(a *listing, c int) Reason {
	parents, right := g.commits[c].parents, RightCommit
	if len(parents) > 1 {
		right = RightMerge
	}
	switch {
	case len(parents) > 2:
		return NotVouched
	case g.signed(a, c, right) && (len(parents) == 0 && a.paths[g.commits[c].key] == "" || len(parents) > 0 && g.covered(a, c, parents[0], c)):
		return ""
	case len(parents) < 2 || g.commits[c].malformed:
		return NotVouched
	}
	switch g.wrongMerge(c) {
	case CannotCheck:
		return CannotCheck
	case NotMechanical:
		return NotVouched
	}
	return g.unvouched(a, c, parents[0], parents[1], true)
}

// signed says whether a commit is validly signed by a key that a lists with a right.
func (g *graph) signed(a *listing, c int, right Right) bool {
	v := g.commits[c]
	return !v.malformed && v.signature == "" && a.may[v.key]&right != 0
}

// wrongMerge is why a merge is not known to be mechanical, or "".
func (g *graph) wrongMerge(c int) Reason {
	v := g.commits[c]
	merged, wrong := g.merge(v.parents[0], v.parents[1], &v)
	if wrong == "" && (merged.file != v.file || !maps.Equal(merged.content, v.content)) {
		return NotMechanical
	}
	return wrong
}

// merge is the mechanical merge of two commits, or why there is none. The malformed
// tree cannot be merged unless nothing has to be looked at to get the result.
func (g *graph) merge(ours, theirs int, result *vertex) (merged vertex, wrong Reason) {
	bases := g.mergeBases(ours, theirs)
	switch len(bases) {
	case 0:
		return vertex{}, NotMechanical
	case 1:
		all := []vertex{g.commits[bases[0]], g.commits[ours], g.commits[theirs], *result}
		merged, decided := threeWay(all[0].slots(), all[1].slots(), all[2].slots())
		if slices.ContainsFunc(all, func(v vertex) bool { return v.file.kind == fileTwice }) {
			if whole, same := wholeTree(all[0], all[1], all[2]); same {
				return whole, ""
			}
			return vertex{}, NotMechanical
		}
		if decided {
			return merged.vertex(), ""
		}
	}
	return g.gitMerge(ours, theirs)
}

// mergeBases are the common ancestors that are below no other.
func (g *graph) mergeBases(a, b int) (bases []int) {
	common := g.closure(a) & g.closure(b)
	for c := range g.commits {
		if !common.has(c) {
			continue
		}
		best := true
		for other := range g.commits {
			best = best && (other == c || !common.has(other) || !g.closure(other).has(c))
		}
		if best {
			bases = append(bases, c)
		}
	}
	return bases
}

// gitMerge is what git would make of two commits when trees cannot tell: a conflict,
// no answer, or a tree that depends on both sides.
func (g *graph) gitMerge(ours, theirs int) (vertex, Reason) {
	switch (3*ours + theirs) % 6 {
	case 0:
		return vertex{}, NotMechanical
	case 1:
		return vertex{}, CannotCheck
	}
	a, b := g.commits[ours], g.commits[theirs]
	merged := vertex{file: a.file, content: maps.Clone(a.content)}
	for path, text := range b.content {
		merged.content[path] = max(a.content[path], text)
	}
	return merged, ""
}

// slots are the entries of a tree. The file and a directory of its name are two.
type slots struct {
	file, folder fileState
	content
}

func (v *vertex) slots() slots {
	if v.file.kind == fileFolder {
		return slots{folder: v.file, content: v.content}
	}
	return slots{file: v.file, content: v.content}
}

func (s slots) vertex() vertex {
	return vertex{file: cmp.Or(s.file, s.folder), content: s.content}
}

// threeWay merges where each path was changed on one side only, or on both alike.
func threeWay(base, ours, theirs slots) (merged slots, decided bool) {
	decided = true
	merged.content = content{}
	merged.file = choose(base.file, ours.file, theirs.file, &decided)
	merged.folder = choose(base.folder, ours.folder, theirs.folder, &decided)
	if merged.file.kind != fileAbsent && merged.folder.kind != fileAbsent {
		decided = false
	}
	for _, side := range []slots{base, ours, theirs} {
		for path := range side.content {
			if text := choose(base.content[path], ours.content[path], theirs.content[path], &decided); text != "" {
				merged.content[path] = text
			}
		}
	}
	return merged, decided
}

func choose[T comparable](base, ours, theirs T, decided *bool) T {
	switch {
	case ours == theirs, base == theirs:
		return ours
	case base == ours:
		return theirs
	}
	*decided = false
	return ours
}

// wholeTree merges trees as wholes.
func wholeTree(base, ours, theirs vertex) (vertex, bool) {
	same := func(a, b vertex) bool { return a.file == b.file && maps.Equal(a.content, b.content) }
	switch {
	case same(ours, theirs), same(base, theirs):
		return ours, true
	case same(base, ours):
		return theirs, true
	}
	return vertex{}, false
}
