package update

import (
	"context"
	"errors"
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/movement"
	"github.com/nix-authorize/nix-authorize/internal/verification"
	"github.com/nix-authorize/nix-authorize/keyring"
)

// An Incoming is what a pull brings, for people to look at.
type Incoming struct {
	Target Target
	// From is the branch's commit before, zero if it has none, and To the commit
	// that it can move to.
	From, To gitwalk.ID
	// Relation is where To stands with respect to From.
	Relation movement.Relation
	// Moves says that the branch can move to To: forward, or anywhere if the user
	// has allowed that and no commits of the user's own would be lost.
	Moves bool
	// Commits is how many commits To has that From does not have, and Signers
	// who has signed those of them that had to be authentic.
	Commits int
	Signers []authz.SignerCount
	// Authorizations is how To changes the rights: those of From, or where the
	// branch cannot move, those of the commit that both descend from.
	Authorizations *authz.FileChange
	// NewKeys and GoneKeys are how the remote's keyring differs from the one here.
	NewKeys, GoneKeys []keyring.Key
	// Signed is the date that vouches for the age of To.
	Signed time.Time
	// TipSigner has signed To, nil if that was known from before.
	TipSigner *authz.Signer

	added   *gitwalk.Range
	signers authz.SignerCounts
	missing map[gitwalk.ID]bool // objects without which some commit could not be judged
}

// newIncoming finds out which commits come in.
func newIncoming(ctx context.Context, p *puller, v *verification.Verification, tip gitwalk.ID) (*Incoming, error) {
	in := &Incoming{Target: p.target, From: p.before.local, To: tip}
	from := in.From
	if from.IsZero() {
		from = v.Policy.Introduction.Commit
	}
	var err error
	in.Relation, in.added, err = movement.Compare(ctx, p.repository, from, tip)
	if err == nil && in.Relation == movement.Vanished { // an introduction that is not here: the verdict will say so
		_, in.added, err = movement.Compare(ctx, p.repository, tip, tip)
	}
	if err != nil {
		return nil, verification.Classify(p.repository, err)
	}
	if in.From.IsZero() {
		in.Relation = movement.Forward
	}
	in.Commits = in.added.Len()
	return in, nil
}

func (in *Incoming) contains(id gitwalk.ID) bool {
	_, ok := in.added.Index(id)
	return ok
}

// begin forgets what was observed when it was judged before.
func (in *Incoming) begin() {
	in.signers, in.missing, in.TipSigner = make(authz.SignerCounts), make(map[gitwalk.ID]bool), nil
}

// observe counts the signers of what comes in and passes everything on.
func (in *Incoming) observe(next func(authz.Event)) func(authz.Event) {
	return func(e authz.Event) {
		if v, ok := e.(*authz.Verdict); ok {
			in.judged(v)
		}
		if next != nil {
			next(e)
		}
	}
}

func (in *Incoming) judged(v *authz.Verdict) {
	if v.Unchecked != nil {
		in.lacking([]*authz.UncheckedError{v.Unchecked})
	}
	if !v.Authentic() || v.Signer == nil {
		return
	}
	if v.Commit == in.To {
		in.TipSigner = v.Signer
	}
	if in.contains(v.Commit) {
		in.signers.Add(v.Signer)
	}
}

// lacking notes what is missing for a verdict.
func (in *Incoming) lacking(unchecked []*authz.UncheckedError) {
	for _, u := range unchecked {
		if missing, ok := errors.AsType[*gitwalk.MissingError](u); ok {
			in.missing[missing.ID] = true
		}
	}
}

// complete adds what only an authentic tip has.
func (in *Incoming) complete(ctx context.Context, p *puller, v *verification.Verification) error {
	in.Signers = in.signers.Sorted()
	if err := in.compareRights(ctx, v); err != nil {
		return err
	}
	return in.compareKeys(p)
}

// compareRights leaves the rights of those out who are new here, and have nothing to
// compare with.
func (in *Incoming) compareRights(ctx context.Context, v *verification.Verification) error {
	in.Authorizations = authz.Compare(nil, nil)
	base, err := in.base(ctx, v)
	if err != nil || base.IsZero() || base == in.To {
		return err
	}
	_, old, err := v.CommitAt(base)
	if err != nil {
		return err
	}
	_, now, err := v.CommitAt(in.To)
	if err != nil {
		return err
	}
	in.Authorizations = authz.Compare(old.Authorizations, now.Authorizations)
	return nil
}

// base is the commit whose rights To is compared with, or zero.
func (in *Incoming) base(ctx context.Context, v *verification.Verification) (gitwalk.ID, error) {
	if in.Moves || in.From.IsZero() {
		return in.From, nil
	}
	source, err := v.Repository.NewSource()
	if err != nil {
		return gitwalk.ID{}, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	bases, err := gitwalk.MergeBases(ctx, reader, in.From, in.To)
	if err != nil || len(bases) == 0 {
		return gitwalk.ID{}, verification.Classify(v.Repository, err)
	}
	return bases[0], nil
}

// compareKeys looks for keys that the remote's keyring has and the one here lacks,
// and the other way round. A repository that has no keyring has no keys.
func (in *Incoming) compareKeys(p *puller) error {
	ref := p.quarantine.Keyring
	if ref == "" || p.before.keyringRef == "" {
		return nil
	}
	now, _, err := p.repository.Ref(ref)
	if err != nil || now == p.before.keyring {
		return err
	}
	theirs, err := keysource.Load(p.repository, p.Verification.Dir, ref, "")
	if err != nil {
		return err
	}
	ours := keysource.None()
	if !p.before.keyring.IsZero() {
		if ours, err = keysource.Load(p.repository, p.Verification.Dir, p.before.keyringRef, ""); err != nil {
			return err
		}
	}
	in.NewKeys, in.GoneKeys = missingFrom(ours, theirs), missingFrom(theirs, ours)
	return nil
}

// missingFrom are the keys of b that a does not have.
func missingFrom(a, b *keysource.Loaded) []keyring.Key {
	var missing []keyring.Key
	for _, key := range b.Keys() {
		if _, ok := a.Lookup(key.Fingerprint); !ok {
			missing = append(missing, key)
		}
	}
	return missing
}
