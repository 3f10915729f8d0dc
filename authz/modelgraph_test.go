package authz

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A growth makes random graphs.
type growth struct {
	*rand.Rand
	g *graph
	// mischief is how often out of a hundred something is done that could be
	// wrong; lies is whether dates are; forge is whether there are files with
	// other rules for merges than the strict one, and rights whether there are
	// keys with paths, and thresholds.
	mischief            int
	lies, forge, rights bool
	// calm is whether files change seldom.
	calm bool
}

// grow makes the graph of a number: the same one each time.
func grow(number uint64, f Format) (*graph, *growth) {
	r := &growth{Rand: rand.New(rand.NewPCG(number, 1)), g: &graph{format: f}}
	r.mischief = []int{0, 3, 10, 40}[r.IntN(4)]
	r.lies = r.IntN(2) == 0
	r.forge = f == NixFormat && r.IntN(3) > 0
	r.rights = f == NixFormat && r.IntN(2) == 0
	if r.IntN(3) == 0 {
		historical := r.listing()
		r.g.historical = &historical
	}
	if r.forge && r.IntN(4) > 0 {
		r.mischief /= 2
		r.orderly()
		return r.g, r
	}
	for range 4 + r.IntN(9) {
		r.grow(r.parents())
	}
	last := len(r.g.commits) - 1
	r.g.introduction = r.IntN(len(r.g.commits)/2 + 1)
	r.g.signer = r.g.commits[r.g.introduction].key
	if r.mischievous() {
		r.g.signer = r.IntN(modelKeys + 1)
	}
	r.g.tip = last - r.IntN(3)*r.IntN(2)
	return r.g, r
}

func (r *growth) mischievous() bool { return r.IntN(100) < r.mischief }

// orderly grows a main branch whose history begins at the introduction, and side
// branches that are merged into it and into one another.
func (r *growth) orderly() {
	r.calm = true
	r.grow(nil)
	r.g.signer = r.g.commits[0].key
	for range 8 + r.IntN(16) {
		number := len(r.g.commits)
		side, other := r.recent(), r.recent()
		switch r.IntN(8) {
		case 0:
			r.grow([]int{r.g.tip})
			r.g.tip = number
		case 1, 2, 3:
			r.grow([]int{side})
		case 4, 5:
			if !r.g.closure(side).has(other) || r.mischievous() {
				r.grow([]int{side, other})
			}
		default:
			if !r.g.closure(r.g.tip).has(other) || r.mischievous() {
				r.grow([]int{r.g.tip, other})
				r.g.tip = number
			}
		}
	}
}

// recent is one of the latest commits.
func (r *growth) recent() int {
	number := len(r.g.commits)
	return number - 1 - r.IntN(min(number, 6))
}

// grow adds a commit.
func (r *growth) grow(parents []int) {
	number := len(r.g.commits)
	v := vertex{parents: parents, malformed: r.mischievous() && r.IntN(4) == 0}
	v.date = 1700000000 + 60*int64(number)
	if r.lies {
		v.date = 1700000000 + r.Int64N(600) - r.Int64N(2)*r.Int64N(1800000000)
	}
	v.file, v.content = r.file(v.parents), r.content(v.parents)
	if len(v.parents) == 2 && r.forge && !r.mischievous() && r.IntN(12) > 0 {
		if merged, wrong := r.g.merge(v.parents[0], v.parents[1], &v); wrong == "" {
			v.file, v.content = merged.file, merged.content
		}
	}
	r.g.commits = append(r.g.commits, v)
	r.approve(number)
	r.sign(number)
}

// parents are mostly one of the latest commits, and seldom none.
func (r *growth) parents() (parents []int) {
	number := len(r.g.commits)
	if number == 0 || r.mischievous() && r.IntN(4) == 0 {
		return nil
	}
	for range []int{1, 1, 1, 1, 2, 2, 3}[r.IntN(7-r.IntN(2))] {
		parents = append(parents, number-1-min(r.IntN(4), number-1))
	}
	return parents
}

// file is mostly that of a parent.
func (r *growth) file(parents []int) fileState {
	if r.mischievous() && r.IntN(3) == 0 {
		return fileState{kind: []fileKind{fileAbsent, fileWrong, fileLink, fileFolder, fileTwice}[r.IntN(5)]}
	}
	if len(parents) > 0 && (r.IntN(4) > 0 || r.calm && r.IntN(4) > 0) {
		return r.g.commits[parents[r.IntN(len(parents))]].file
	}
	if len(parents) == 0 && r.IntN(4) == 0 && !r.calm {
		return fileState{}
	}
	return fileState{kind: fileListed, executable: r.IntN(8) == 0, listing: r.listing()}
}

// content is that of a parent with a few changes.
func (r *growth) content(parents []int) content {
	c := content{}
	if len(parents) > 0 {
		maps.Copy(c, r.g.commits[parents[r.IntN(len(parents))]].content)
	}
	for range 1 + r.IntN(2) {
		path := []string{"a/b/x", "a/b/y", "a/c", "d"}[r.IntN(4)]
		c[path] = fmt.Sprint("version ", r.IntN(3))
		if r.IntN(4) == 0 {
			delete(c, path)
		}
	}
	return c
}

func (r *growth) listing() listing {
	l := listing{merges: MergesStrict, threshold: 1}
	authorizers := 1 // nobody
	for k := range modelKeys {
		switch {
		case r.IntN(5) == 0:
		case r.rights && r.IntN(4) == 0:
			l.may[k], l.paths[k] = RightCommit, []string{"a/", "a", "a/b/", "a/c", "d/"}[r.IntN(5)]
		case r.IntN(4) == 0 && r.g.format == NixFormat:
			l.may[k] = Right(1 + r.IntN(int(allRights)))
		default:
			l.may[k] = allRights
		}
		if l.may[k]&RightAuthorize != 0 {
			authorizers++
		}
	}
	if r.forge {
		l.merges = []MergeRule{MergesStrict, MergesSigned, MergesVouched, MergesVouched}[r.IntN(4)]
	}
	if r.rights {
		l.threshold = 1 + r.IntN(min(authorizers, 3))
	}
	return l
}

// approve puts approvals into the tree, mostly those that are needed.
func (r *growth) approve(number int) {
	c := r.g.commits[number].content
	for _, p := range r.g.counting(number) {
		a := r.g.authorizations(p)
		if a == nil || a.threshold < 2 || !r.g.changesFile(number, p) {
			continue
		}
		for k := range modelKeys {
			if r.IntN(4) > 0 {
				c[r.approvalPath(k)] = approval(k, r.g.fileText(p), r.g.fileText(number))
			}
			if r.mischievous() {
				c[r.approvalPath(k)] = r.wrongApproval(k, p, number)
			}
		}
	}
}

func (r *growth) approvalPath(key int) string {
	return fmt.Sprintf("%s/%d%d", ApprovalDir, key, r.IntN(2))
}

// wrongApproval is one of another change, by another key, or no good.
func (r *growth) wrongApproval(key, p, c int) string {
	from, to := r.g.fileText(p), r.g.fileText(c)
	return []string{
		approval(key, to, from), approval(key, from, r.g.fileText(r.IntN(c+1))),
		approval((key+1)%modelKeys, from, to), approval(unknownKey, from, to), "approved",
	}[r.IntN(5)]
}

// sign signs with a key that may, if there is one, or not at all where that does.
func (r *growth) sign(number int) {
	v := &r.g.commits[number]
	v.signature = signatureState(Unsigned)
	switch wrong := r.g.wrong(number); {
	case len(v.parents) == 2 && r.IntN(4) > 0 && (wrong == "" || wrong == CannotCheck || r.calm && (wrong == NotVouched || wrong == NotMechanical) && r.IntN(4) == 0):
		return
	case r.calm && len(v.parents) == 1 && v.parents[0] != r.g.tip && r.IntN(6) == 0:
		return
	}
	v.signature = ""
	for _, v.key = range r.Perm(modelKeys) {
		if r.g.wrong(number) == "" {
			break
		}
	}
	if !r.mischievous() {
		return
	}
	v.key = r.IntN(modelKeys)
	v.signature = []signatureState{"", signatureState(Unsigned), signatureState(BadSignature), signatureState(UnknownKey), weakDigest}[r.IntN(5)]
	if v.signature == signatureState(UnknownKey) {
		v.key = unknownKey
	}
}

// realise makes the graph a repository and returns the ids of its commits.
func (g *graph) realise(t testing.TB) (*world, []gitwalk.ID) {
	w := newWorld(t, g.format)
	if g.historical != nil {
		w.policy.Historical = mustParse(t, g.format, g.historical.text(g.format))
	}
	ids := make([]gitwalk.ID, len(g.commits))
	for c, v := range g.commits {
		raw := rawCommit{tree: g.tree(w, &v), date: v.date, message: fmt.Sprintf("commit %d", c)}
		for _, p := range v.parents {
			raw.parents = append(raw.parents, ids[p])
		}
		if v.malformed {
			raw.message += "\x00"
		}
		ids[c] = w.put(gitwalk.KindCommit, raw.signed(v.signer()))
	}
	w.introduce(ids[g.introduction], modelKey(g.signer))
	return w, ids
}

func modelKey(k int) fakeKey { return []fakeKey{alice, bob, carol, eve}[k] }

func (v *vertex) signer() func(string) string {
	switch key := modelKey(v.key); v.signature {
	case signatureState(Unsigned):
		return nil
	case signatureState(BadSignature):
		return key.signOther
	case weakDigest:
		return key.signWeakly(signer.WeakSHA1)
	default:
		return key.sign
	}
}

func (g *graph) tree(w *world, v *vertex) gitwalk.ID {
	files := []gitwalk.Entry{{Mode: gitwalk.ModeFile, Name: "README", ID: w.blob("read me")}}
	for path, text := range v.content {
		files = append(files, gitwalk.Entry{Mode: gitwalk.ModeFile, Name: path, ID: w.blob(text)})
	}
	file := gitwalk.Entry{Mode: gitwalk.ModeFile, Name: g.format.FileName()}
	if v.file.executable {
		file.Mode = gitwalk.ModeExecutable
	}
	switch v.file.kind {
	case fileAbsent:
		return w.treeWithin(files...)
	case fileLink:
		file.Mode = gitwalk.ModeSymlink
	case fileFolder:
		file.Name += "/README"
	case fileTwice:
		files = append(files, file)
	}
	file.ID = w.blob(v.file.text(g.format))
	if v.file.kind == fileTwice {
		files[len(files)-1] = file
	}
	return w.treeWithin(append(files, file)...)
}

// fileText is what the file of a commit has as content.
func (g *graph) fileText(c int) string { return g.commits[c].file.text(g.format) }

func (f *fileState) text(format Format) string {
	switch f.kind {
	case fileAbsent:
		return ""
	case fileListed:
		return f.listing.text(format)
	}
	return "{"
}

// text is a file that says the same as a listing.
func (l *listing) text(f Format) string {
	var nix, guix strings.Builder
	fmt.Fprintf(&nix, "version: 1\nmerges: %s\nthreshold: %d\nkeys:\n- {name: nobody, openpgp: %s}\n", l.merges, l.threshold, fakeKey("nobody").fingerprint())
	for k, may := range l.may {
		if may == 0 {
			continue
		}
		key := modelKey(k)
		fmt.Fprintf(&nix, "- {name: %s, openpgp: %s, may: [%s]", key, key.fingerprint(), may)
		if l.paths[k] != "" {
			fmt.Fprintf(&nix, ", paths: [%s]", l.paths[k])
		}
		nix.WriteString("}\n")
		fmt.Fprintf(&guix, "(%q)", key.fingerprint())
	}
	if f == GuixFormat {
		return guixWith(guix.String())
	}
	return nix.String()
}

func (g *graph) String() string {
	var b strings.Builder
	for c, v := range g.commits {
		fmt.Fprintf(&b, "%2d %+v\n", c, v)
	}
	fmt.Fprintf(&b, "%s, introduction %d by %d, tip %d, historical %+v", g.format, g.introduction, g.signer, g.tip, g.historical)
	return b.String()
}

// known are some of the commits that the model finds authentic.
func (r *growth) known(descend bool) []int {
	var known []int
	for c := range r.g.commits {
		outcome, blamed := r.g.judge(c)
		beside := !descend && outcome == Refused && blamed[c] == NotDescendant && r.blameless(c)
		if (outcome == Authentic || beside) && r.IntN(3) == 0 {
			known = append(known, c)
		}
	}
	slices.Reverse(known)
	return known
}

// blameless says whether a commit and all below it that the introduction does not
// cover would be authentic, wherever the commit stands.
func (r *growth) blameless(c int) bool {
	for below := range r.g.commits {
		if (r.g.closure(c) &^ r.g.closure(r.g.introduction)).has(below) && r.g.wrong(below) != "" {
			return false
		}
	}
	return true
}
