package authz

import (
	"errors"
	"iter"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// notYet stands for a merge that has not been made. No commit has this id, as far as
// anybody can make one.
var notYet = gitwalk.ID{
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
}

var errRemoved = errors.New("it is removed")

// hypothetical is evidence of the mechanical merge of head into base, which does not
// exist yet, besides all that does.
type hypothetical struct {
	*reading
	base, head gitwalk.ID
	changes    *MergeChanges
}

// Changes implements Evidence. Of the merge it knows no less than what differs.
func (h *hypothetical) Changes(a, b gitwalk.ID) iter.Seq2[string, error] {
	if b != notYet {
		return h.reading.Changes(a, b)
	}
	return func(yield func(string, error) bool) {
		if h.changes.More {
			yield("", errTooManyChanges)
			return
		}
		for _, path := range h.changes.Paths {
			if !yield(path, nil) {
				return
			}
		}
	}
}

// Mechanical implements Evidence. A mechanical merge can be made where git finds no
// conflict.
func (h *hypothetical) Mechanical(merge gitwalk.ID) (gitwalk.Mechanics, error) {
	switch {
	case merge != notYet:
		return h.reading.Mechanical(merge)
	case h.changes.unrelated:
		return gitwalk.Mechanics{By: gitwalk.ByHistory, Detail: "base and head have no common ancestor"}, nil
	case h.changes.Exact:
		return gitwalk.Mechanics{Holds: true, By: gitwalk.ByTrees}, nil
	}
	merger := h.merger
	if merger == nil {
		merger = noMerger{}
	}
	_, clean, err := merger.MergeTree(h.ctx, h.graph, gitwalk.Merge{Ours: h.base, Theirs: h.head})
	if err != nil || clean {
		return gitwalk.Mechanics{Holds: clean, By: gitwalk.ByGit}, err
	}
	return gitwalk.Mechanics{By: gitwalk.ByGit, Path: h.changes.contested, Detail: "git finds a conflict between base and head; the branch must be brought up to date and signed again"}, nil
}
