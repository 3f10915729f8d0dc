package authz

import (
	"context"
	"fmt"
	"time"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// maxUnsigned is how many merges without an authorized signature SignedDate looks
// behind.
const maxUnsigned = 10_000

// SignedDate is the newest committer date that an authorized key has signed on the way
// from an authentic tip: that of the tip itself or, where it is a merge that others
// vouch for and whose own date nobody does, those of their commits and, further along
// first parents, of the next commit that is signed. It looks no further than it must
// to find a date that is not before since.
func (v *Verifier) SignedDate(ctx context.Context, tip gitwalk.ID, since time.Time) (time.Time, error) {
	source, err := v.Objects.NewSource()
	if err != nil {
		return time.Time{}, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	d := dating{run: run{Verifier: v, reader: reader, files: newFiles(v.Policy.Introduction.Format, reader)}}
	d.evidence = newReading(ctx, reader, v)
	id := tip
	for range maxUnsigned {
		next, err := d.step(ctx, id)
		if err != nil || next.IsZero() || len(d.dates) > 0 && !d.newest().Before(since) {
			return d.newest(), err
		}
		id = next
	}
	return d.newest(), fmt.Errorf("none of %d commits along first parents from %s is signed", maxUnsigned, tip)
}

// dating is one call of SignedDate.
type dating struct {
	run
	evidence *reading
	dates    []time.Time
}

func (d *dating) newest() (newest time.Time) {
	for _, date := range d.dates {
		if date.After(newest) {
			newest = date
		}
	}
	return newest
}

// step takes the dates that a commit gives, and returns its first parent if it is not
// signed itself.
func (d *dating) step(ctx context.Context, id gitwalk.ID) (gitwalk.ID, error) {
	commit, err := d.commit(id)
	if err != nil {
		return gitwalk.ID{}, err
	}
	if len(commit.Parents) > 1 && id != d.Policy.Introduction.Commit {
		facts, err := d.facts(ctx, id)
		if err != nil {
			return gitwalk.ID{}, err
		}
		d.evidence.next()
		facts.Evidence = d.evidence
		verdict := d.Policy.Judge(facts)
		switch {
		case !verdict.Authentic():
			return gitwalk.ID{}, unsure(verdict)
		case verdict.Mechanics != nil:
			return commit.Parents[0], d.vouchers(verdict)
		}
	}
	d.dates = append(d.dates, commit.CommitTime)
	return gitwalk.ID{}, nil
}

// unsure is that a merge which was once found authentic is not now: a key or git is not
// there any more. Then nobody can tell whether its own date is signed.
func unsure(v *Verdict) error {
	if v.Unchecked != nil {
		if err := cancelled(v); err != nil {
			return err
		}
		return v.Unchecked
	}
	return &UncheckedError{Commit: v.Commit, Reason: CannotCheck, Detail: "nobody can be found who vouches for its date: " + v.Refusal.Detail, Cause: v.Refusal}
}

func (d *dating) vouchers(v *Verdict) error {
	for _, voucher := range v.Vouchers {
		commit, err := d.commit(voucher.Commit)
		if err != nil {
			return err
		}
		d.dates = append(d.dates, commit.CommitTime)
	}
	return nil
}

func (d *dating) commit(id gitwalk.ID) (*gitwalk.Commit, error) {
	raw, err := d.reader.Commit(id)
	if err != nil {
		return nil, d.uncheckedAt(id, err)
	}
	return gitwalk.ParseCommit(id, raw)
}
