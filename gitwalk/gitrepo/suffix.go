package gitrepo

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A step is one suffix of a revision: count times to the parent number which.
// Neither of them is 0.
type step struct{ which, count int }

// parseSuffix reads suffixes that lead from commit to commit. It is false for
// those that only git knows, and for numbers that no history has a use for.
func parseSuffix(suffix string) ([]step, bool) {
	var steps []step
	total := 0
	for suffix != "" {
		if rest, ok := cutPeel(suffix); ok {
			suffix = rest
			continue
		}
		kind := suffix[0]
		end := 1
		for end < len(suffix) && '0' <= suffix[end] && suffix[end] <= '9' {
			end++
		}
		number := 1
		if end > 1 {
			var err error
			if number, err = strconv.Atoi(suffix[1:end]); err != nil {
				return nil, false
			}
		}
		s := step{1, number}
		if kind == '^' {
			s = step{number, 1}
		}
		if total += s.count; kind != '^' && kind != '~' || number > maxSteps || total > maxSteps {
			return nil, false
		}
		if number > 0 {
			steps = append(steps, s)
		}
		suffix = suffix[end:]
	}
	return steps, true
}

// cutPeel takes off a suffix that stands for the commit itself.
func cutPeel(suffix string) (rest string, ok bool) {
	for _, peel := range []string{"^{commit}", "^{}"} {
		if rest, ok = strings.CutPrefix(suffix, peel); ok {
			return rest, true
		}
	}
	return suffix, false
}

// walk goes from a commit to the one that the steps lead to.
func (v *resolver) walk(id gitwalk.ID, steps []step) (gitwalk.ID, error) {
	for _, s := range steps {
		for range s.count {
			if err := v.repository.ctx.Err(); err != nil {
				return gitwalk.ID{}, err
			}
			raw, err := v.reader.Commit(id)
			if err != nil {
				return gitwalk.ID{}, err
			}
			links, err := gitwalk.ParseLinks(raw)
			if err != nil {
				return gitwalk.ID{}, fmt.Errorf("commit %s: %w", id, err)
			}
			if len(links.Parents) < s.which {
				detail := fmt.Sprintf("commit %s has %d parents", id, len(links.Parents))
				return gitwalk.ID{}, &UnknownRevisionError{Name: v.rev, Detail: detail}
			}
			id = links.Parents[s.which-1]
		}
	}
	if len(steps) > 0 {
		_, err := v.reader.Commit(id)
		return id, err
	}
	return id, nil
}

// peel returns the commit that an object is or, through tags, stands for.
func (v *resolver) peel(id gitwalk.ID) (gitwalk.ID, error) {
	for range maxTags {
		_, err := v.reader.Commit(id)
		var other *gitwalk.KindError
		if !errors.As(err, &other) {
			return id, err
		}
		if other.Is != gitwalk.KindTag {
			return gitwalk.ID{}, &NotACommitError{Name: v.rev, Kind: other.Is}
		}
		raw, err := v.reader.Tag(id)
		if err != nil {
			return gitwalk.ID{}, err
		}
		if id, err = tagged(id, raw); err != nil {
			return gitwalk.ID{}, err
		}
	}
	return gitwalk.ID{}, &UnknownRevisionError{Name: v.rev, Detail: fmt.Sprintf("more than %d tags stand for each other", maxTags)}
}

// tagged is the object that a tag stands for.
func tagged(tag gitwalk.ID, raw []byte) (gitwalk.ID, error) {
	line, _, _ := strings.Cut(string(raw), "\n")
	name, ok := strings.CutPrefix(line, "object ")
	id, err := gitwalk.ParseID(name)
	if !ok || err != nil {
		return gitwalk.ID{}, &gitwalk.MalformedError{ID: tag, Kind: gitwalk.KindTag, Line: 1, Detail: "it does not name an object"}
	}
	return id, nil
}
