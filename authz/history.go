package authz

import (
	"bytes"
	"context"
	"slices"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// walk finds the commits between the tip and the introduction, less those that
// are known, and checks them on the way.
func (r *run) walk(ctx context.Context, tip gitwalk.ID, known []gitwalk.ID) (*gitwalk.Range, error) {
	r.survey = startSurvey(ctx, r.Verifier, r.files)
	commits, err := r.between(ctx, tip, known, r.survey.found)
	if failed := r.survey.end(); err == nil {
		err = failed
	}
	return commits, err
}

// between is walk without the checks; found may be nil.
func (r *run) between(ctx context.Context, tip gitwalk.ID, known []gitwalk.ID, found gitwalk.Found) (*gitwalk.Range, error) {
	return gitwalk.Walk(ctx, r.reader, tip, []gitwalk.ID{r.Policy.Introduction.Commit}, gitwalk.Options{
		Known:        known,
		KnownDescend: r.KnownDescend,
		Follow:       r.follow,
		Found:        found,
		Progress:     func(found int) { r.observe(Walking{found}) },
	})
}

// known are the commits of Known that the repository has.
func (r *run) known() []gitwalk.ID {
	var known []gitwalk.ID
	for _, id := range r.Known {
		if _, err := r.reader.Commit(id); err == nil {
			known = append(known, id)
		}
	}
	return known
}

// follow leaves out the side branches of merges that are not judged by the
// strict rule: they are content there, not history. Which rule it is may be
// unknown in an incomplete repository. That matters only if the merge does not
// turn out to be an ancestor of the introduction.
func (r *run) follow(merge gitwalk.ID, links gitwalk.Links) ([]gitwalk.ID, error) {
	if r.Policy.Introduction.Format != NixFormat {
		return links.Parents, nil
	}
	first := links.Parents[0]
	file, err := r.firstParentFile(first)
	if err != nil {
		if unchecked := uncheckedFrom(first, err); unchecked != nil {
			r.blind[merge] = unchecked
			return links.Parents[:1], nil
		}
		return nil, err
	}
	parents := make([]Parent, len(links.Parents))
	parents[0] = Parent{first, file}
	if r.Policy.mergeRule(parents) != MergesStrict {
		return links.Parents[:1], nil
	}
	return links.Parents, nil
}

// firstParentFile is the file of a commit that is likely to be in the range, so
// that nothing is gained by remembering it.
func (r *run) firstParentFile(commit gitwalk.ID) (*File, error) {
	ref, err := r.files.find(commit)
	if err != nil {
		return nil, err
	}
	return r.files.get(ref)
}

// descends says whether the tip descends from the introduction. Where a known
// commit stands between the two, the way to the introduction was not walked.
func (r *run) descends(ctx context.Context, commits *gitwalk.Range, known []gitwalk.ID) (bool, error) {
	introduction := r.Policy.Introduction.Commit
	if commits.Touches(introduction) || r.KnownDescend && slices.ContainsFunc(known, commits.Touches) {
		return true, nil
	}
	if len(known) == 0 {
		return false, nil
	}
	whole, err := r.between(ctx, r.report.Tip, nil, nil)
	return err == nil && whole.Touches(introduction), err
}

// refuseUnrelated refuses a tip that does not descend from the introduction. Where
// the form of a commit hides its parents from the walk, that is the cause, and the
// commit is what is refused.
func (r *run) refuseUnrelated(ctx context.Context, commits *gitwalk.Range, tip gitwalk.ID) error {
	for id := range commits.Commits() {
		hidden, err := r.hidden(ctx, id, commits)
		if err != nil {
			return r.uncheckedAt(id, err)
		}
		if hidden != nil {
			r.refuse(&Refusal{Commit: id, Reason: MalformedCommit, Detail: hidden.Error()})
		}
		if r.MaxRefusals > 0 && len(r.report.Refusals) >= r.MaxRefusals {
			break
		}
	}
	if len(r.report.Refusals) == 0 {
		r.refuse(r.notDescendant(ctx, tip))
	}
	return nil
}

// hidden says why a commit of the range hides its parents, or returns nil.
func (r *run) hidden(ctx context.Context, id gitwalk.ID, commits *gitwalk.Range) (hidden, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	raw, err := r.reader.Commit(id)
	if err != nil && !isMalformed(err) {
		return nil, err
	}
	if hidden = hiddenParents(id, raw); hidden == nil {
		return nil, nil
	}
	if below, err := commits.Excluded(ctx, id); below || err != nil {
		return nil, err
	}
	return hidden, nil
}

// hiddenParents says why a commit is malformed that names parents, but not where
// ParseLinks looks for them; else it returns nil.
func hiddenParents(id gitwalk.ID, raw []byte) error {
	headers, _, _ := bytes.Cut(raw, []byte("\n\n"))
	links, _ := gitwalk.ParseLinks(raw)
	named := bytes.HasPrefix(headers, []byte("parent ")) || bytes.Contains(headers, []byte("\nparent "))
	if len(links.Parents) > 0 || !named {
		return nil
	}
	_, err := gitwalk.ParseCommit(id, raw)
	return err
}

func (r *run) notDescendant(ctx context.Context, tip gitwalk.ID) *Refusal {
	detail := "it does not descend from the introduction"
	if older, err := gitwalk.IsAncestor(ctx, r.reader, tip, r.Policy.Introduction.Commit); err == nil && older {
		detail = "it is older than the introduction"
	}
	refusal := &Refusal{Commit: tip, Reason: NotDescendant, Detail: detail}
	if raw, err := r.reader.Commit(tip); err == nil {
		if commit, err := gitwalk.ParseCommit(tip, raw); err == nil {
			refusal.Subject = commit.Subject()
		}
	}
	return refusal
}
