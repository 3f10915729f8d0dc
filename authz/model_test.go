package authz

import "cmp"

// This file says again what semantics demand, for small graphs and without
// regard to cost. It is meant to be compared with docs/spec.md by eye.

// A graph is a history in which parents have smaller numbers than children.
type graph struct {
	format       Format
	commits      []vertex
	historical   *listing // of commits without a file, or nil
	introduction int
	signer       int // the introduction's, a key
	tip          int
}

// A vertex is a commit as the rule sees it.
type vertex struct {
	parents   []int
	date      int64
	malformed bool // not in canonical form
	signature signatureState
	key       int
	file      fileState
}

// A signatureState says what is wrong with a signature: the reason for which it
// is refused everywhere, "" for nothing, or weakDigest.
type signatureState Reason

const weakDigest signatureState = "weakDigest"

// A fileState is what stands under the name of the authorizations file.
type fileState struct {
	kind       fileKind
	executable bool
	listing    listing
}

type fileKind string

const (
	fileAbsent fileKind = ""
	fileListed fileKind = "listed"
	fileWrong  fileKind = "wrong" // text that is no authorizations file
	fileLink   fileKind = "link"
	fileFolder fileKind = "folder"
	fileTwice  fileKind = "twice" // a tree with two entries of that name
)

// A listing is what a file says: what each key may do, and the rule for merges.
type listing struct {
	may    [modelKeys + 1]Right
	merges MergeRule
}

// Keys are numbers. The last one is not in the keyring and in no file.
const (
	modelKeys  = 3
	unknownKey = modelKeys
)

// A commitSet has a bit for each commit.
type commitSet uint32

func (s commitSet) has(c int) bool { return s>>c&1 != 0 }

// closure is a commit with all its ancestors.
func (g *graph) closure(c int) commitSet {
	set := commitSet(1) << c
	for _, p := range g.commits[c].parents {
		set |= g.closure(p)
	}
	return set
}

// history is a commit with all that its rules make it depend on: only the first
// parent of a merge that is not judged by the strict rule.
func (g *graph) history(c int) commitSet {
	set := commitSet(1) << c
	for i, p := range g.commits[c].parents {
		if i == 0 || g.mergeRule(c) == MergesStrict {
			set |= g.history(p)
		}
	}
	return set
}

// authorizations are A(P), nil if it says nothing.
func (g *graph) authorizations(p int) *listing {
	switch f := &g.commits[p].file; f.kind {
	case fileAbsent:
		return g.historical
	case fileListed:
		return &f.listing
	}
	return nil
}

func (g *graph) mergeRule(c int) MergeRule {
	if parents := g.commits[c].parents; len(parents) > 1 {
		if a := g.authorizations(parents[0]); a != nil {
			return a.merges
		}
	}
	return MergesStrict
}

// needs are the rights that the signer of c needs in A(p).
func (g *graph) needs(c, p int) Right {
	needs := RightCommit
	if len(g.commits[c].parents) > 1 {
		needs = RightMerge
	}
	if g.commits[c].file != g.commits[p].file {
		needs |= RightAuthorize
	}
	return needs
}

// wrong is the first thing that keeps a commit from being authentic, or "".
func (g *graph) wrong(c int) Reason {
	switch v := g.commits[c]; {
	case v.malformed || v.file.kind == fileTwice:
		return MalformedCommit
	case g.mergeRule(c) != MergesStrict:
		return cmp.Or(g.wrongFile(c), CannotCheck)
	}
	return cmp.Or(g.wrongSignature(c), g.wrongKey(c), g.wrongFile(c))
}

// wrongKey is why the key of a commit is not authorized by every parent.
func (g *graph) wrongKey(c int) Reason {
	v := g.commits[c]
	for _, p := range v.parents {
		a := g.authorizations(p)
		switch {
		case a == nil && g.commits[p].file.kind != fileAbsent:
			return MalformedAuthorizations
		case a == nil || a.may[v.key]&g.needs(c, p) != g.needs(c, p):
			return Unauthorized
		}
	}
	if len(v.parents) == 0 {
		return Unauthorized
	}
	return ""
}

func (g *graph) wrongFile(c int) Reason {
	v := g.commits[c]
	if v.file.kind != fileListed && v.file.kind != fileAbsent {
		return MalformedAuthorizations
	}
	for _, p := range v.parents {
		if v.file.kind == fileAbsent && g.hasFile(p) {
			return AuthorizationsRemoved
		}
	}
	return ""
}

// hasFile says whether anything can be found under the name of the file.
func (g *graph) hasFile(c int) bool {
	kind := g.commits[c].file.kind
	return kind != fileAbsent && kind != fileTwice
}

func (g *graph) wrongSignature(c int) Reason {
	v := g.commits[c]
	if v.signature != weakDigest {
		return Reason(v.signature)
	}
	guarded := g.format != GuixFormat || g.hasFile(c)
	for _, p := range v.parents {
		guarded = guarded || g.hasFile(p)
	}
	if guarded {
		return WeakSignature
	}
	return ""
}

// wrongIntroduction is what is wrong with the introduction, or "".
func (g *graph) wrongIntroduction() Reason {
	v := g.commits[g.introduction]
	switch {
	case v.malformed || v.file.kind == fileTwice:
		return MalformedCommit
	case v.file.kind != fileAbsent && v.file.kind != fileListed:
		return MalformedAuthorizations
	case v.signature == signatureState(UnknownKey) && g.signer == unknownKey:
		return UnknownKey
	case v.signature != "" || v.key != g.signer:
		return WrongIntroduction
	}
	return ""
}

// judge is the verdict on the tip, and for every commit that is to blame why.
func (g *graph) judge(tip int) (Outcome, map[int]Reason) {
	if wrong := g.wrongIntroduction(); wrong != "" {
		return Refused, map[int]Reason{g.introduction: wrong}
	}
	if !g.history(tip).has(g.introduction) {
		return Refused, map[int]Reason{tip: NotDescendant}
	}
	outcome, blamed := Authentic, map[int]Reason{}
	judged := g.history(tip) &^ g.closure(g.introduction)
	for c := range g.commits {
		wrong := g.wrong(c)
		if wrong == "" || !judged.has(c) {
			continue
		}
		blamed[c] = wrong
		if wrong != CannotCheck {
			outcome = Refused
		} else if outcome == Authentic {
			outcome = Unchecked
		}
	}
	return outcome, blamed
}
