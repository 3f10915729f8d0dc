package authz

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// Limits on how far the rule follows the side branches of one merge: commits of
// all their chains of first parents together, and merges of such chains into one
// another.
const (
	maxLinks = 100_000
	maxNests = 50
)

// A Voucher is a signed commit by which somebody answers for what a merge brings in.
type Voucher struct {
	Commit gitwalk.ID
	Signer Signer
}

// A vouching is the search for vouchers by one list of keys: that of the first
// parent of the merge that is judged, whatever other files the side branches have.
type vouching struct {
	keys     *Authorizations
	evidence Evidence
	links    int // that were looked at
	vouchers []Voucher
}

// A notVouchedError says in words why nobody answers for a commit.
type notVouchedError struct {
	commit gitwalk.ID
	why    string
}

func (e *notVouchedError) Error() string { return fmt.Sprintf("commit %s %s", e.commit, e.why) }

func notVouched(commit gitwalk.ID, format string, args ...any) error {
	return &notVouchedError{commit, fmt.Sprintf(format, args...)}
}

func isNotVouched(err error) bool { return errors.As(err, new(*notVouchedError)) }

// merge requires that somebody answers for what the merge of base and head brings
// in: the signer of the head, or the signers along its chain of first parents. The
// error is a *notVouchedError or one of the evidence.
func (v *vouching) merge(merge, base, head gitwalk.ID, nests int) error {
	if nests > maxNests {
		return notVouched(head, "is merged through more than %d branches", maxNests)
	}
	side, err := v.evidence.Side(head)
	if err != nil {
		return err
	}
	err = v.head(merge, base, head, side, nests)
	if !isNotVouched(err) {
		return err
	}
	return bothWhys(err, v.chain(base, head, nests))
}

// bothWhys says why neither the head nor its chain is vouched for.
func bothWhys(head, chain error) error {
	var first, second *notVouchedError
	if !errors.As(head, &first) || !errors.As(chain, &second) {
		return chain
	}
	switch {
	case first.commit != second.commit:
		return notVouched(first.commit, "%s, and %s", first.why, chain)
	case strings.HasPrefix(second.why, first.why):
		return chain
	}
	return notVouched(first.commit, "%s, and %s", first.why, second.why)
}

// head requires that the head is signed by a key that may change all that the merge
// changes.
//
// Within a side branch a key with paths cannot answer for more than the commits
// that it signs. What a merge changes there is not what the branch changes in the
// end: a head can have taken in commits of the main branch without their content,
// which shows in no difference until the branch is merged, and undoes them.
func (v *vouching) head(merge, base, head gitwalk.ID, side *SideCommit, nests int) error {
	entry, err := v.signer(head, side, RightCommit)
	switch {
	case err != nil:
		return err
	case nests > 0 && len(entry.Paths) > 0:
		return notVouched(head, "is signed by %q, whose paths allow to answer for single commits of a side branch, and not for what lies below them", entry.Name)
	}
	return v.signed(head, side, entry, base, merge)
}

// chain requires that the head and each commit below it along first parents, down to
// an ancestor of base, is a signed commit or a mechanical merge for which somebody
// answers.
func (v *vouching) chain(base, head gitwalk.ID, nests int) error {
	if err := v.link(head, nests); err != nil {
		return err
	}
	links, joins, err := v.evidence.Chain(head, base, maxLinks)
	if err != nil {
		return err
	}
	for _, link := range links {
		if link == head {
			continue
		}
		if err := v.link(link, nests); err != nil {
			return err
		}
	}
	if !joins {
		return notVouched(head, "leads along %d first parents to no ancestor of the first parent of the merge", len(links)-1)
	}
	return nil
}

// link requires that a commit of a chain satisfies the rule for merges, or for
// commits with one parent, by the keys of the search.
func (v *vouching) link(link gitwalk.ID, nests int) error {
	if v.links++; v.links > maxLinks {
		return notVouched(link, "is one of more than %d commits of side branches", maxLinks)
	}
	side, err := v.evidence.Side(link)
	if err != nil {
		return err
	}
	var first gitwalk.ID
	right := RightCommit
	switch n := len(side.Parents); {
	case n > 2:
		return notVouched(link, "merges %d branches at once", n-1)
	case n == 2:
		first, right = side.Parents[0], RightMerge
	case n == 1:
		first = side.Parents[0]
	}
	entry, err := v.signer(link, side, right)
	if err == nil {
		err = v.signed(link, side, entry, first, link)
	}
	if len(side.Parents) < 2 || !isNotVouched(err) {
		return err
	}
	return v.mechanical(link, side, err, nests)
}

// mechanical requires that a merge without an authorized signature has nothing but
// what it merges, and that somebody answers for that.
func (v *vouching) mechanical(merge gitwalk.ID, side *SideCommit, unsigned error, nests int) error {
	mechanics, err := v.evidence.Mechanical(merge)
	switch {
	case err != nil:
		return err
	case !mechanics.Holds:
		var why *notVouchedError
		errors.As(unsigned, &why)
		return notVouched(merge, "%s, and it is no mechanical merge: %s", why.why, describeMechanics(mechanics))
	}
	return v.merge(merge, side.Parents[0], side.Parents[1], nests+1)
}

func describeMechanics(m gitwalk.Mechanics) string {
	if m.Path == "" {
		return m.Detail
	}
	return fmt.Sprintf("%q: %s", m.Path, m.Detail)
}
