// Package movement decides whether a branch may move from one authentic commit to
// another: forward only, and not to a tip that nobody has signed for too long. An
// authentic history that is old is a way to keep a repair of a hole from users, so
// a verifier that has seen a newer tip refuses an older one.
package movement

import (
	"context"
	"errors"

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

// Relate finds out how tip relates to old by the parents of commits alone. Forward
// is proven by a path; with wrong committer dates Backward may come as Diverged,
// never as Forward.
func Relate(ctx context.Context, objects gitwalk.Store, old, tip gitwalk.ID) (Relation, error) {
	if old == tip {
		return Same, nil
	}
	source, err := objects.NewSource()
	if err != nil {
		return "", err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	if _, err := reader.Commit(old); errors.As(err, new(*gitwalk.MissingError)) {
		return Vanished, nil
	} else if err != nil {
		return "", err
	}
	added, err := gitwalk.Walk(ctx, reader, tip, []gitwalk.ID{old}, gitwalk.Options{})
	switch {
	case err != nil:
		return "", err
	case added.Touches(old):
		return Forward, nil
	case added.Len() == 0:
		return Backward, nil
	}
	return Diverged, nil
}

// Count is how many commits tip has that other does not have.
func Count(ctx context.Context, objects gitwalk.Store, tip, other gitwalk.ID) (int, error) {
	source, err := objects.NewSource()
	if err != nil {
		return 0, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	added, err := gitwalk.Walk(ctx, reader, tip, []gitwalk.ID{other}, gitwalk.Options{})
	if err != nil {
		return 0, err
	}
	return added.Len(), nil
}
