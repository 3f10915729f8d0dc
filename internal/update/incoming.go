package update

import (
	"context"
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
	// Relation is where To stands with respect to From: Forward can move,
	// Diverged needs a decision of the user.
	Relation movement.Relation
	// Commits is how many commits To has that From does not have, and Signers
	// who has signed those of them that had to be authentic.
	Commits int
	Signers []authz.SignerCount
	// Authorizations is how the rights differ between From and To.
	Authorizations *authz.FileChange
	// NewKeys and GoneKeys are how the remote's keyring differs from the one here.
	NewKeys, GoneKeys []keyring.Key
	// Signed is the date that vouches for the age of To.
	Signed time.Time
	// TipSigner has signed To, nil if that was known from before.
	TipSigner *authz.Signer

	added   *gitwalk.Range
	signers authz.SignerCounts
}

// newIncoming finds out which commits come in.
func newIncoming(ctx context.Context, p *puller, v *verification.Verification, tip gitwalk.ID) (*Incoming, error) {
	in := &Incoming{Target: p.target, From: p.before.local, To: tip, signers: make(authz.SignerCounts)}
	base := in.From
	in.Relation = movement.Forward
	if base.IsZero() {
		base = v.Policy.Introduction.Commit
	} else {
		var err error
		if in.Relation, err = movement.Relate(ctx, p.repository, base, tip); err != nil {
			return nil, verification.Classify(p.repository, err)
		}
	}
	source, err := p.repository.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	if in.added, err = gitwalk.Walk(ctx, reader, tip, []gitwalk.ID{base}, gitwalk.Options{}); err != nil {
		return nil, verification.Classify(p.repository, err)
	}
	in.Commits = in.added.Len()
	return in, nil
}

func (in *Incoming) contains(id gitwalk.ID) bool {
	_, ok := in.added.Index(id)
	return ok
}

// observe counts the signers of what comes in and passes everything on.
func (in *Incoming) observe(next func(authz.Event)) func(authz.Event) {
	return func(e authz.Event) {
		if v, ok := e.(*authz.Verdict); ok && v.Authentic() && v.Signer != nil {
			if v.Commit == in.To {
				in.TipSigner = v.Signer
			}
			if in.contains(v.Commit) {
				in.signers.Add(v.Signer)
			}
		}
		if next != nil {
			next(e)
		}
	}
}

// complete adds what only an authentic tip has.
func (in *Incoming) complete(p *puller, v *verification.Verification) error {
	in.Signers = in.signers.Sorted()
	commit, now, err := v.CommitAt(in.To)
	if err != nil {
		return err
	}
	in.Signed = commit.CommitTime
	if in.From.IsZero() { // a person who starts here has nothing to compare with
		in.Authorizations = authz.Compare(nil, nil)
		return nil
	}
	_, old, err := v.CommitAt(in.From)
	if err != nil {
		return err
	}
	in.Authorizations = authz.Compare(old.Authorizations, now.Authorizations)
	return in.compareKeys(p)
}

// compareKeys looks for keys that the remote's keyring has and the one here lacks,
// and the other way round. A repository that has no keyring has no keys.
func (in *Incoming) compareKeys(p *puller) error {
	if p.quarantine.Keyring == "" {
		return nil
	}
	theirs, err := keysource.Load(p.repository, p.Verification.Dir, p.quarantine.Keyring, "")
	if err != nil {
		return err
	}
	ours := keysource.None()
	if ref := p.before.keyringRef; ref != "" && !p.before.keyring.IsZero() {
		if ours, err = keysource.Load(p.repository, p.Verification.Dir, ref, ""); err != nil {
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
