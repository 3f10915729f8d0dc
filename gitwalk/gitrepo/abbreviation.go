package gitrepo

import (
	"errors"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// maxPrefixed is how many objects with the same abbreviation are looked at.
const maxPrefixed = 4096

// abbreviation returns the commits whose ids start with the digits. It is empty
// for a name that is no abbreviation.
func (v *resolver) abbreviation(name string) ([]gitwalk.ID, error) {
	if len(name) < 4 || len(name) >= 40 || !isHex(name) {
		return nil, nil
	}
	ids, err := v.repository.prefixed(strings.ToLower(name))
	if err != nil {
		return nil, err
	}
	var commits []gitwalk.ID
	for _, id := range ids {
		_, err := v.reader.Commit(id)
		switch {
		case err == nil:
			commits = append(commits, id)
		case !errors.As(err, new(*gitwalk.KindError)) && !errors.As(err, new(*gitwalk.TooLargeError)):
			return nil, err
		}
	}
	return commits, nil
}

// prefixed returns the objects whose ids start with 4 to 39 lower-case digits.
func (r *Repository) prefixed(digits string) ([]gitwalk.ID, error) {
	if !r.layout.NeedsGit() {
		return r.packs.prefixed(digits)
	}
	out, err := r.git.Output(r.ctx, "rev-parse", "--disambiguate="+digits)
	if err != nil {
		return nil, err
	}
	var ids []gitwalk.ID
	for line := range strings.Lines(string(out)) {
		id, err := gitwalk.ParseID(strings.TrimSpace(line))
		if err != nil {
			return nil, err
		}
		if ids = append(ids, id); len(ids) > maxPrefixed {
			return nil, errTooManyPrefixed
		}
	}
	return ids, nil
}

var errTooManyPrefixed = errors.New("too many objects have ids with the same beginning")
