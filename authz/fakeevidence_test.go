package authz

import (
	"iter"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// fakeEvidence answers as its functions do, and panics where there is none.
type fakeEvidence struct {
	changes    func(a, b gitwalk.ID) iter.Seq2[string, error]
	mechanical func(merge gitwalk.ID) (gitwalk.Mechanics, error)
	side       func(commit gitwalk.ID) (*SideCommit, error)
	chain      func(head, base gitwalk.ID) ([]gitwalk.ID, bool, error)
	approvals  func(message string) iter.Seq2[signer.Result, error]
}

func (e *fakeEvidence) Changes(a, b gitwalk.ID) iter.Seq2[string, error] { return e.changes(a, b) }

func (e *fakeEvidence) Mechanical(merge gitwalk.ID) (gitwalk.Mechanics, error) {
	return e.mechanical(merge)
}

func (e *fakeEvidence) Side(commit gitwalk.ID) (*SideCommit, error) { return e.side(commit) }

func (e *fakeEvidence) Chain(head, base gitwalk.ID, most int) ([]gitwalk.ID, bool, error) {
	return e.chain(head, base)
}

func (e *fakeEvidence) Approvals(_ gitwalk.ID, message []byte) iter.Seq2[signer.Result, error] {
	return e.approvals(string(message))
}

// all yields values, and then an error if there is one.
func all[T any](err error, values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// goodEvidence is of a mechanical merge of one commit that bob has signed, in which
// nothing has changed and nobody approves of anything.
func goodEvidence() *fakeEvidence {
	return &fakeEvidence{
		changes:    func(_, _ gitwalk.ID) iter.Seq2[string, error] { return all[string](nil) },
		mechanical: func(gitwalk.ID) (gitwalk.Mechanics, error) { return gitwalk.Mechanics{Holds: true}, nil },
		side: func(gitwalk.ID) (*SideCommit, error) {
			return &SideCommit{Parents: []gitwalk.ID{parentID(9)}, Signed: true, Signature: signedBy(bob, 0)}, nil
		},
		chain:     func(head, _ gitwalk.ID) ([]gitwalk.ID, bool, error) { return []gitwalk.ID{head}, true, nil },
		approvals: func(string) iter.Seq2[signer.Result, error] { return all[signer.Result](nil) },
	}
}

type iterResults = iter.Seq2[signer.Result, error]
