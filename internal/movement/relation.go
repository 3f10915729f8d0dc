// Package movement decides whether a branch may move from one authentic commit to
// another: forward only, and not to a tip that nobody has signed for too long. An
// authentic history that is old is a way to keep a repair of a hole from users, so
// a verifier that has seen a newer tip refuses an older one.
package movement

import (
	"context"
	"errors"
	"slices"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A Relation is where a new tip stands with respect to an old one.
type Relation string

// The relations.
const (
	Same     Relation = "same"
	Forward  Relation = "forward"  // it descends from the old tip
	Backward Relation = "backward" // it is an ancestor of the old tip
	Diverged Relation = "diverged" // neither
	Vanished Relation = "vanished" // the repository does not have the old tip
)

// Relate finds out how tip relates to old by the parents of commits alone, whatever
// their dates say. A tip that is missing is a *gitwalk.MissingError.
func Relate(ctx context.Context, objects gitwalk.Store, old, tip gitwalk.ID) (Relation, error) {
	relation, _, err := Compare(ctx, objects, old, tip)
	return relation, err
}

// Compare is Relate that also returns the commits that tip has and old has not. With
// Vanished that is nil.
func Compare(ctx context.Context, objects gitwalk.Store, old, tip gitwalk.ID) (Relation, *gitwalk.Range, error) {
	source, err := objects.NewSource()
	if err != nil {
		return "", nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	if _, err := reader.Commit(old); errors.As(err, new(*gitwalk.MissingError)) {
		return Vanished, nil, nil
	} else if err != nil {
		return "", nil, err
	}
	return compare(ctx, reader, old, tip)
}

func compare(ctx context.Context, reader *gitwalk.Reader, old, tip gitwalk.ID) (Relation, *gitwalk.Range, error) {
	added, err := gitwalk.Walk(ctx, reader, tip, []gitwalk.ID{old}, gitwalk.Options{})
	switch {
	case err != nil:
		return "", nil, err
	case old == tip:
		return Same, added, nil
	case added.Touches(old):
		return Forward, added, nil
	}
	common, err := gitwalk.MergeBases(ctx, reader, old, tip)
	if errors.As(err, new(*gitwalk.MalformedError)) {
		return Diverged, added, nil // it is no history that anybody could want
	}
	if err != nil {
		return "", nil, err
	}
	relation := Diverged
	if slices.Contains(common, tip) {
		relation = Backward
	}
	// What lies below a common commit with a wrong date is known to be old now.
	added, err = gitwalk.Walk(ctx, reader, tip, append(common, old), gitwalk.Options{})
	return relation, added, err
}

// Count is how many commits tip has that other does not have.
func Count(ctx context.Context, objects gitwalk.Store, tip, other gitwalk.ID) (int, error) {
	relation, added, err := Compare(ctx, objects, other, tip)
	if err != nil || relation == Vanished {
		return 0, err
	}
	return added.Len(), nil
}
