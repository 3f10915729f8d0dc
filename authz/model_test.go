package authz

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// This file and modelmerge_test.go say again what semantics demand, for small
// graphs and without regard to cost. They are meant to be compared with
// docs/spec.md by eye.

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
	content   content
}

// A content is what a tree has besides the authorizations file: for each path a text.
type content map[string]string

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

// A listing is what a file says: what each key may do and where, the rule for merges,
// and how many keys a change needs.
type listing struct {
	may       [modelKeys + 1]Right
	paths     [modelKeys + 1]string // empty: everywhere
	merges    MergeRule
	threshold int
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
	return g.reach(c, func(c int) []int { return g.commits[c].parents })
}

// history is a commit with all that its rules make it depend on.
func (g *graph) history(c int) commitSet { return g.reach(c, g.counting) }

func (g *graph) reach(c int, parents func(int) []int) commitSet {
	set := commitSet(1) << c
	for ; c >= 0; c-- {
		if set.has(c) {
			for _, p := range parents(c) {
				set |= 1 << p
			}
		}
	}
	return set
}

// counting are the parents that have a say: only the first of a merge that is not
// judged by the strict rule.
func (g *graph) counting(c int) []int {
	if parents := g.commits[c].parents; g.mergeRule(c) == MergesStrict {
		return parents
	}
	return g.commits[c].parents[:1]
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

func (g *graph) changesFile(c, p int) bool { return g.commits[c].file != g.commits[p].file }

// needs are the rights that the signer of c needs in A(p).
func (g *graph) needs(c, p int) Right {
	needs := RightCommit
	if len(g.commits[c].parents) > 1 {
		needs = RightMerge
	}
	if g.changesFile(c, p) {
		needs |= RightAuthorize
	}
	return needs
}

// wrong is the first thing that keeps a commit from being authentic, or "".
func (g *graph) wrong(c int) Reason {
	v, rule := g.commits[c], g.mergeRule(c)
	switch {
	case v.malformed || v.file.kind == fileTwice:
		return MalformedCommit
	case rule != MergesStrict && len(v.parents) > 2:
		return Unauthorized
	}
	var wrong Reason
	for _, part := range []func(int) Reason{g.wrongSignature, g.wrongKey, g.wrongFile, g.wrongPaths, g.wrongThreshold} {
		if wrong = part(c); wrong != "" {
			break
		}
	}
	if rule == MergesVouched && slices.Contains([]Reason{Unsigned, BadSignature, UnknownKey, WeakSignature, Unauthorized}, wrong) {
		return g.wrongVouched(c)
	}
	return wrong
}

// wrongKey is why the key of a commit is not authorized by every parent that counts.
func (g *graph) wrongKey(c int) Reason {
	for _, p := range g.counting(c) {
		a := g.authorizations(p)
		switch {
		case a == nil && g.commits[p].file.kind != fileAbsent:
			return MalformedAuthorizations
		case a == nil || a.may[g.commits[c].key]&g.needs(c, p) != g.needs(c, p):
			return Unauthorized
		}
	}
	if len(g.commits[c].parents) == 0 {
		return Unauthorized
	}
	return ""
}

func (g *graph) wrongFile(c int) Reason {
	v := g.commits[c]
	if v.file.kind != fileListed && v.file.kind != fileAbsent {
		return MalformedAuthorizations
	}
	for _, p := range g.counting(c) {
		if v.file.kind == fileAbsent && g.hasFile(p) {
			return AuthorizationsRemoved
		}
	}
	return ""
}

// wrongPaths is whether a key with paths has changed something else.
func (g *graph) wrongPaths(c int) Reason {
	for _, p := range g.counting(c) {
		if !g.covered(g.authorizations(p), c, p, c) {
			return PathForbidden
		}
	}
	return ""
}

// covered says whether the paths that a lists for the signer of a commit have all
// that differs between two others.
func (g *graph) covered(a *listing, signed, from, to int) bool {
	path := a.paths[g.commits[signed].key]
	if path == "" {
		return true
	}
	old, now := g.commits[from], g.commits[to]
	if old.file != now.file || old.file.kind == fileTwice && !maps.Equal(old.content, now.content) {
		return false
	}
	for _, one := range []content{old.content, now.content} {
		for changed := range one {
			below := strings.HasPrefix(changed, strings.TrimSuffix(path, "/")+"/")
			if old.content[changed] != now.content[changed] && changed != path && !below {
				return false
			}
		}
	}
	return true
}

// wrongThreshold is whether too few keys agree to a change of the file.
func (g *graph) wrongThreshold(c int) Reason {
	v := g.commits[c]
	for _, p := range g.counting(c) {
		a, agree := g.authorizations(p), 0
		if !g.changesFile(c, p) {
			continue
		}
		for key, may := range a.may {
			if may&RightAuthorize != 0 && (key == v.key || g.approves(key, p, c)) {
				agree++
			}
		}
		if agree < a.threshold {
			return Threshold
		}
	}
	return ""
}

// approves says whether the tree of c has an approval by a key of what c makes of the
// file of p.
func (g *graph) approves(key, p, c int) bool {
	for path, text := range g.commits[c].content {
		if strings.HasPrefix(path, ApprovalDir+"/") && text == approval(key, g.fileText(p), g.fileText(c)) {
			return true
		}
	}
	return false
}

// approval is what a key signs to approve of a change.
func approval(key int, from, to string) string {
	text := fmt.Sprintf("nix-authorize approval v1\nprevious %x\nnext %x\n", sha256.Sum256([]byte(from)), sha256.Sum256([]byte(to)))
	return modelKey(key).sign("nix-authorize\n" + text)
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
