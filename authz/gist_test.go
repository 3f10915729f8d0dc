package authz

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// countingKeys counts the signatures that are checked.
type countingKeys struct {
	fakeKeyring
	checks *atomic.Int64
}

func (k countingKeys) Check(payload, signature []byte) signer.Result {
	k.checks.Add(1)
	return k.fakeKeyring.Check(payload, signature)
}

// Where the introduction is refused, the signatures above it make no difference.
func TestWrongIntroductionChecksNothingElse(t *testing.T) {
	eachFormat(t, func(t *testing.T, w *world) {
		tip, _ := w.long(3 * batchSize)
		w.policy.Introduction.Signer = bob.fingerprint()
		var checks atomic.Int64
		v := w.verifier()
		v.Keys = countingKeys{checks: &checks}
		r, err := v.Verify(context.Background(), tip)
		if err != nil || r.Outcome() != Refused || r.Refusals[0].Reason != WrongIntroduction || r.Commits != 3*batchSize {
			t.Fatalf("%+v, %v", r, err)
		}
		if n := checks.Load(); n != 1 {
			t.Errorf("%d signatures are checked", n)
		}
	})
}

// Each outcome has a reference of its own, by all that it says, until there are too
// many.
func TestSignaturesAreToldApart(t *testing.T) {
	s := signatures{refs: make(map[outcome]signatureRef)}
	identity := func(key, primary, algorithm string) signer.Result {
		i := &signer.Identity{Key: signer.Fingerprint(key), Algorithm: algorithm}
		if primary != "" {
			i.Primaries = []signer.Fingerprint{signer.Fingerprint(primary)}
		}
		return signer.Result{Identity: i}
	}
	problem := func(kind signer.Kind, claimed, detail string) signer.Result {
		return signer.Result{Problem: &signer.Problem{Kind: kind, Claimed: claimed, Detail: detail}}
	}
	weak := identity("A", "", "x")
	weak.Weakness = signer.WeakSHA1
	results := []signer.Result{
		identity("A", "", "x"), identity("B", "", "x"), identity("A", "B", "x"), identity("A", "", "y"), weak,
		problem(signer.UnknownKey, "A", "x"), problem(signer.BadSignature, "A", "x"), problem(signer.UnknownKey, "B", "x"), problem(signer.UnknownKey, "A", "y"),
	}
	for range 2 {
		for i, r := range results {
			ref := s.ref(r)
			var facts Facts
			s.put(&facts, ref)
			if ref != firstSignature+signatureRef(i) || !facts.Signed || outcomeOf(facts.Signature) != outcomeOf(r) {
				t.Errorf("outcome %d has the reference %d, which is %+v", i, ref, facts.Signature)
			}
		}
	}
	for i := len(results); i < maxSignatures+5; i++ {
		if ref := s.ref(identity(fmt.Sprint(i), "", "x")); (ref == 0) != (i >= maxSignatures) {
			t.Fatalf("outcome %d has the reference %d", i, ref)
		}
	}
	var facts Facts
	if s.put(&facts, noSignature); facts.Signed {
		t.Error("no signature is one")
	}
}

// Commits that are too long to wait with their content are judged as any others.
func TestLongCommits(t *testing.T) {
	w := newWorld(t, GuixFormat)
	file := w.listing(alice)
	start := w.begin(alice)
	long := w.next(w.treeWith(gitwalk.ModeFile, file), start)
	long.message = fmt.Sprintf("%0*d", 2*maxWaiting, 1)
	tip := w.put(gitwalk.KindCommit, long.signed(alice.sign))
	w.accepts(w.commit(alice, file, tip))
	unsigned := w.put(gitwalk.KindCommit, long.signed(nil))
	w.refuses(w.commit(alice, file, unsigned), unsigned, Unsigned)
}
