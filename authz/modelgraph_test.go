package authz

import (
	"fmt"
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
	// other rules for merges than the strict one.
	mischief    int
	lies, forge bool
}

// grow makes the graph of a number: the same one each time.
func grow(number uint64, f Format) (*graph, *growth) {
	r := &growth{Rand: rand.New(rand.NewPCG(number, 1)), g: &graph{format: f}}
	r.mischief = []int{0, 3, 10, 40}[r.IntN(4)]
	r.lies = r.IntN(2) == 0
	r.forge = f == NixFormat && r.IntN(3) == 0
	if r.IntN(3) == 0 {
		historical := r.listing()
		r.g.historical = &historical
	}
	for range 4 + r.IntN(9) {
		r.g.commits = append(r.g.commits, r.vertex())
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

func (r *growth) vertex() vertex {
	number := len(r.g.commits)
	v := vertex{parents: r.parents(number), malformed: r.mischievous() && r.IntN(4) == 0}
	v.date = 1700000000 + 60*int64(number)
	if r.lies {
		v.date = 1700000000 + r.Int64N(600) - r.Int64N(2)*r.Int64N(1800000000)
	}
	v.file = r.file(v.parents)
	r.sign(&v)
	return v
}

// parents are mostly one of the latest commits, and seldom none.
func (r *growth) parents(number int) (parents []int) {
	if number == 0 || r.mischievous() && r.IntN(4) == 0 {
		return nil
	}
	for range []int{1, 1, 1, 1, 2, 2, 3}[r.IntN(7)] {
		parents = append(parents, number-1-min(r.IntN(4), number-1))
	}
	return parents
}

// file is mostly that of a parent.
func (r *growth) file(parents []int) fileState {
	if r.mischievous() && r.IntN(3) == 0 {
		return fileState{kind: []fileKind{fileAbsent, fileWrong, fileLink, fileFolder, fileTwice}[r.IntN(5)]}
	}
	if len(parents) > 0 && r.IntN(4) > 0 {
		return r.g.commits[parents[r.IntN(len(parents))]].file
	}
	if len(parents) == 0 && r.IntN(4) == 0 {
		return fileState{}
	}
	return fileState{kind: fileListed, executable: r.IntN(8) == 0, listing: r.listing()}
}

func (r *growth) listing() listing {
	l := listing{merges: MergesStrict}
	for k := range modelKeys {
		switch {
		case r.IntN(5) == 0:
		case r.IntN(4) == 0 && r.g.format == NixFormat:
			l.may[k] = Right(1 + r.IntN(int(allRights)))
		default:
			l.may[k] = allRights
		}
	}
	if r.forge {
		l.merges = []MergeRule{MergesStrict, MergesSigned, MergesVouched}[r.IntN(3)]
	}
	return l
}

// sign signs with a key that may, if there is one.
func (r *growth) sign(v *vertex) {
	r.g.commits = append(r.g.commits, *v) // for needs
	number := len(r.g.commits) - 1
	for _, v.key = range r.Perm(modelKeys) {
		r.g.commits[number].key = v.key
		if r.g.wrongKey(number) == "" {
			break
		}
	}
	r.g.commits = r.g.commits[:number]
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
		w.policy.Historical = mustParse(t, g.format, g.text(*g.historical))
	}
	ids := make([]gitwalk.ID, len(g.commits))
	for c, v := range g.commits {
		raw := rawCommit{tree: g.tree(w, v.file), date: v.date, message: fmt.Sprintf("commit %d", c)}
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

func (g *graph) tree(w *world, f fileState) gitwalk.ID {
	mode := gitwalk.ModeFile
	if f.executable {
		mode = gitwalk.ModeExecutable
	}
	switch f.kind {
	case fileAbsent:
		return w.treeWith(mode, "")
	case fileListed:
		return w.treeWith(mode, g.text(f.listing))
	case fileLink:
		return w.treeWith(gitwalk.ModeSymlink, "README")
	case fileFolder:
		return w.treeWith(gitwalk.ModeTree, "unused")
	case fileTwice:
		entry := gitwalk.Entry{Mode: mode, Name: g.format.FileName(), ID: w.blob(g.text(listing{merges: MergesStrict, may: [modelKeys + 1]Right{allRights}}))}
		return w.tree(entry, entry)
	}
	return w.treeWith(mode, "{")
}

// text is a file that says the same as a listing.
func (g *graph) text(l listing) string {
	var nix, guix strings.Builder
	fmt.Fprintf(&nix, "version: 1\nmerges: %s\nkeys:\n- {name: nobody, openpgp: %s}\n", l.merges, fakeKey("nobody").fingerprint())
	for k, may := range l.may {
		if may != 0 {
			fmt.Fprintf(&nix, "- {name: %s, openpgp: %s, may: [%s]}\n", modelKey(k), modelKey(k).fingerprint(), may)
			fmt.Fprintf(&guix, "(%q)", modelKey(k).fingerprint())
		}
	}
	if g.format == GuixFormat {
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
