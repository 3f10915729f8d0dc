package gitrepo

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A Revision is the commit that a name stands for.
type Revision struct {
	// ID is a commit whose content has been checked; tags are peeled.
	ID gitwalk.ID
	// Ref is the full name of the ref that the name starts from, at the end
	// of symbolic refs: for "main~3" or "HEAD" it may be "refs/heads/main".
	// It is "HEAD" if HEAD is detached, and "" if no ref is involved.
	Ref string
	// Branch is the short name of the branch that Ref is, of this
	// repository or of a remote, or "".
	Branch string
}

// Limits on names of revisions.
const (
	maxRevision = 4096    // bytes
	maxSteps    = 1 << 20 // commits that suffixes such as ~2 lead over
	maxTags     = 100     // tags that stand for each other
)

// Resolve finds the commit that a name stands for, which may be
//
//   - 40 hexadecimal digits, or at least 4 that only one commit starts with;
//   - HEAD, @, or a name that starts with refs/;
//   - the name of a tag, branch or remote-tracking branch;
//   - one of these with any of the suffixes ^ ^N ~ ~N ^{} ^{commit};
//   - whatever else "git rev-parse" knows, such as @{upstream}, if git is
//     installed.
//
// A name that stands for several things is never decided by an order of
// preference: what git would pick need not be what the caller means. Two
// different commits, or a tag and a branch, are an *AmbiguousError. Other
// errors are *UnknownRevisionError, *EmptyRepositoryError, *NotACommitError,
// those of a gitwalk.Reader and those of reading refs.
func (r *Repository) Resolve(rev string) (Revision, error) {
	if detail := checkRevision(rev); detail != "" {
		return Revision{}, &UnknownRevisionError{Name: rev, Detail: detail}
	}
	source, err := r.NewSource()
	if err != nil {
		return Revision{}, err
	}
	defer source.Close()
	v := resolver{repository: r, refs: r.refs(), reader: gitwalk.NewReader(source), rev: rev}
	return v.resolve()
}

// checkRevision says why a name can be refused without looking it up.
func checkRevision(rev string) string {
	switch {
	case rev == "":
		return "it is empty"
	case rev[0] == '-':
		return "it begins with a hyphen"
	case len(rev) > maxRevision:
		return fmt.Sprintf("it is longer than %d bytes", maxRevision)
	case strings.ContainsFunc(rev, unicode.IsControl):
		return "it has a control character"
	}
	return ""
}

// resolver holds what is needed for one call of Resolve.
type resolver struct {
	repository *Repository
	refs       refStore
	reader     *gitwalk.Reader
	rev        string
}

func (v *resolver) resolve() (Revision, error) {
	base, suffix := v.rev, ""
	if i := strings.IndexAny(v.rev, "^~"); i >= 0 {
		base, suffix = v.rev[:i], v.rev[i:]
	}
	steps, ok := parseSuffix(suffix)
	if !ok || base == "" || strings.Contains(base, "@{") || strings.ContainsAny(base, ":*?[\\ ") || strings.Contains(base, "..") {
		return v.askGit()
	}
	start, err := v.name(base)
	if err != nil {
		return Revision{}, err
	}
	commit, err := v.peel(start.id)
	if err != nil {
		return Revision{}, err
	}
	commit, err = v.walk(commit, steps)
	return Revision{ID: commit, Ref: start.ref, Branch: branchOf(start.ref)}, err
}

// name finds the object that a name without suffixes stands for.
func (v *resolver) name(name string) (hit, error) {
	switch {
	case name == "HEAD" || name == "@":
		return v.exact("HEAD")
	case strings.HasPrefix(name, "refs/"):
		return v.exact(name)
	case len(name) == 40 && isHex(name):
		return v.fullID(name)
	}
	return v.short(name)
}

func (v *resolver) exact(name string) (hit, error) {
	h, ok, err := follow(v.refs, name)
	if err == nil && !ok {
		err = v.unknown(name)
	}
	return h, err
}

// fullID takes an object id for what it is, unless "git checkout" would take it
// for the name of a branch or tag at another commit.
func (v *resolver) fullID(name string) (hit, error) {
	id, err := gitwalk.ParseID(name)
	if err != nil {
		return hit{}, err
	}
	hits, err := v.find("refs/heads/"+name, "refs/tags/"+name)
	if err != nil {
		return hit{}, err
	}
	for _, h := range hits {
		if !v.sameCommit(h.id, id) {
			return hit{}, &AmbiguousError{Name: name, Candidates: append([]string{"commit " + id.String()}, refNames(hits)...)}
		}
	}
	return hit{id: id}, nil
}

// short finds a ref by a part of its name, or a commit by a part of its id.
func (v *resolver) short(name string) (hit, error) {
	hits, err := v.find(name, "refs/"+name, "refs/tags/"+name, "refs/heads/"+name,
		"refs/remotes/"+name, "refs/remotes/"+name+"/HEAD")
	if err != nil {
		return hit{}, err
	}
	ids, err := v.abbreviation(name)
	if err != nil {
		return hit{}, err
	}
	if len(hits)+len(ids) == 0 {
		return hit{}, v.unknown(name)
	}
	candidates := refNames(hits)
	for _, id := range ids {
		candidates = append(candidates, "commit "+id.String())
		hits = append(hits, hit{id: id})
	}
	both := slices.Contains(candidates, "refs/tags/"+name) && slices.Contains(candidates, "refs/heads/"+name)
	for _, other := range hits[1:] {
		if both || !v.sameCommit(hits[0].id, other.id) {
			return hit{}, &AmbiguousError{Name: name, Candidates: candidates}
		}
	}
	return hits[0], nil
}

// find follows those of the refs that exist. Refs that lead to the same one are
// found once.
func (v *resolver) find(names ...string) ([]hit, error) {
	names = slices.DeleteFunc(names, func(name string) bool { return !validRefName(name) })
	if len(names) == 0 {
		return nil, nil
	}
	found, err := v.refs.lookup(names...)
	if err != nil {
		return nil, err
	}
	var hits []hit
	for _, name := range names {
		t, ok := found[name]
		if !ok {
			continue
		}
		h := hit{t.id, name}
		if t.ref != "" {
			if h, ok, err = follow(v.refs, t.ref); err != nil {
				return nil, err
			}
		}
		if ok && !slices.Contains(hits, h) {
			hits = append(hits, h)
		}
	}
	return hits, nil
}

func refNames(hits []hit) []string {
	var names []string
	for _, h := range hits {
		names = append(names, h.ref)
	}
	return names
}

// sameCommit says whether two objects are, or are tags of, the same commit. What
// cannot be read is the same as nothing else.
func (v *resolver) sameCommit(a, b gitwalk.ID) bool {
	if a == b {
		return true
	}
	commitA, err := v.peel(a)
	if err != nil {
		return false
	}
	commitB, err := v.peel(b)
	return err == nil && commitA == commitB
}

// unknown says what can be said about a name that stands for nothing.
func (v *resolver) unknown(name string) error {
	e := &UnknownRevisionError{Name: v.rev}
	empty := true
	err := v.refs.each("refs/", func(ref string) bool {
		empty = false
		rest, ok := strings.CutPrefix(ref, "refs/remotes/")
		_, branch, _ := strings.Cut(rest, "/")
		if ok && branch == name && len(e.Remotes) < 10 && !slices.Contains(e.Remotes, ref) {
			e.Remotes = append(e.Remotes, ref)
		}
		return true
	})
	if err != nil {
		return err
	}
	if _, ok, err := follow(v.refs, "HEAD"); empty && !ok && err == nil {
		return &EmptyRepositoryError{GitDir: v.repository.gitDir}
	}
	if name == "HEAD" {
		if branch := v.repository.HeadBranch(); branch != "" {
			e.Detail = fmt.Sprintf("the branch %q has no commit yet", branch)
		}
	}
	return e
}
