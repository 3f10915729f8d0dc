package update

import (
	"context"
	"errors"
	"slices"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// newestAuthentic finds the newest commit along the first parents of a tip, down to
// from or the introduction, whose history is authentic, or none. What an authentic
// commit descends from is authentic as well, back to the introduction, so each step
// halves what is in question.
func newestAuthentic(ctx context.Context, v *verification.Verification, tip, from gitwalk.ID) (gitwalk.ID, error) {
	chain, err := candidates(ctx, v, tip, from)
	if err != nil {
		return gitwalk.ID{}, verification.Classify(v.Repository, err)
	}
	var newest gitwalk.ID
	for len(chain) > 0 {
		middle := len(chain) / 2
		report, _, err := v.Judge(ctx, chain[middle], nil)
		if err != nil {
			return gitwalk.ID{}, err
		}
		if report.Outcome() == authz.Authentic {
			newest, chain = chain[middle], chain[:middle]
		} else {
			chain = chain[middle+1:]
		}
	}
	return newest, nil
}

// candidates are the first-parent ancestors of tip, newest first, that descend from
// the introduction or are it. The others cannot be authentic.
func candidates(ctx context.Context, v *verification.Verification, tip, from gitwalk.ID) ([]gitwalk.ID, error) {
	source, err := v.Repository.NewSource()
	if err != nil {
		return nil, err
	}
	reader := gitwalk.NewReader(source)
	defer reader.Close()
	introduction := v.Policy.Introduction.Commit
	chain, err := firstParents(ctx, reader, tip, from, introduction)
	if err != nil || len(chain) == 0 || chain[len(chain)-1] == introduction {
		return chain, err
	}
	// Those that descend come first, without a gap, and mostly that is all.
	descend, all := 0, len(chain)
	for probe := all - 1; descend < all; probe = (descend + all) / 2 {
		ok, err := gitwalk.IsAncestor(ctx, reader, introduction, chain[probe])
		if err != nil {
			return nil, err
		}
		if ok {
			descend = probe + 1
		} else {
			all = probe
		}
	}
	return chain[:descend], nil
}

// firstParents are the first-parent ancestors of tip down to one of the ends, newest
// first. What git could not read as a commit is the last: nothing above it is
// authentic, and what lies below it is not known.
func firstParents(ctx context.Context, reader *gitwalk.Reader, tip gitwalk.ID, ends ...gitwalk.ID) ([]gitwalk.ID, error) {
	var chain []gitwalk.ID
	for id := tip; ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if id != tip {
			chain = append(chain, id)
		}
		parent, err := firstParent(reader, id)
		if err != nil || parent.IsZero() || slices.Contains(ends, id) {
			return chain, err
		}
		id = parent
	}
}

// firstParent is zero for a commit that has none or that cannot be understood.
func firstParent(reader *gitwalk.Reader, id gitwalk.ID) (gitwalk.ID, error) {
	raw, err := reader.Commit(id)
	if errors.As(err, new(*gitwalk.TooLargeError)) || errors.As(err, new(*gitwalk.KindError)) {
		return gitwalk.ID{}, nil
	}
	if err != nil {
		return gitwalk.ID{}, err
	}
	links, err := gitwalk.ParseLinks(raw)
	if err != nil || len(links.Parents) == 0 {
		return gitwalk.ID{}, nil
	}
	return links.Parents[0], nil
}
