package authz

import (
	"strings"
	"sync"

	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// A gist is what the rule needs of a commit that is in canonical form, as is its tree:
// who signed it, and its authorizations file. It has eight bytes, since a history can
// have millions of commits. The zero gist says nothing: the commit has to be gathered.
type gist struct {
	signature signatureRef
	file      fileRef
}

// known says whether the gist says anything.
func (g gist) known() bool { return g.signature != 0 }

// gistChunk is how many gists are allocated at a time.
const gistChunk = 4096

// gists has a gist for each number that the walk gives to a commit. Where a gist is
// stays the same while the table grows.
type gists struct{ chunks []*[gistChunk]gist }

// at is the gist of a number, for which the table grows.
func (g *gists) at(number int) *gist {
	for number/gistChunk >= len(g.chunks) {
		g.chunks = append(g.chunks, new([gistChunk]gist))
	}
	return &g.chunks[number/gistChunk][number%gistChunk]
}

// A signatureRef stands for the outcome of checking a signature: 1 for a commit
// without one, more for a place in signatures.
type signatureRef uint32

const (
	noSignature    signatureRef = 1
	firstSignature signatureRef = 2
)

// maxSignatures is how many different outcomes are remembered, in all some megabytes.
// Honest histories have one or two for each key. An SSH signature brings its own key,
// so that a hostile one can have as many as it has commits: what is over the limit is
// checked once more when it is judged.
const maxSignatures = 10_000

// signatures remembers the outcomes of checking signatures. It is safe for concurrent
// use.
type signatures struct {
	mu   sync.Mutex
	refs map[outcome]signatureRef
	all  []signer.Result
}

// outcome is a signer.Result that can be compared.
type outcome struct {
	kind               signer.Kind
	weakness           signer.Weakness
	key, also, comment string
}

func outcomeOf(r signer.Result) outcome {
	if p := r.Problem; p != nil {
		return outcome{p.Kind, r.Weakness, p.Claimed, "", p.Detail}
	}
	i := r.Identity
	also := make([]string, len(i.Primaries))
	for n, primary := range i.Primaries {
		also[n] = string(primary)
	}
	return outcome{0, r.Weakness, string(i.Key), strings.Join(also, " "), i.Algorithm}
}

// ref is the reference to an outcome, 0 if there are too many.
func (s *signatures) ref(r signer.Result) signatureRef {
	o := outcomeOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	ref, ok := s.refs[o]
	if !ok && len(s.all) < maxSignatures {
		ref = firstSignature + signatureRef(len(s.all))
		s.all = append(s.all, r)
		s.refs[o] = ref
	}
	return ref
}

// put adds to the facts of a commit what ref stands for.
func (s *signatures) put(facts *Facts, ref signatureRef) {
	if ref >= firstSignature {
		facts.Signed = true
		facts.Signature = s.all[ref-firstSignature]
	}
}
