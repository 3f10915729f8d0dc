package gitrepo

import (
	"errors"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// askGit resolves the syntax that only git knows. The name before that syntax
// must not be ambiguous: git would decide by itself.
func (v *resolver) askGit() (Revision, error) {
	base := v.rev
	if i := strings.IndexAny(v.rev, "^~"); i >= 0 {
		base = v.rev[:i]
	}
	name, start := nameBefore(base), hit{}
	if name != "" {
		var err error
		if start, err = v.name(name); err != nil {
			return Revision{}, err
		}
	}
	git := v.repository.git
	out, err := git.Output(v.repository.ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", v.rev)
	switch {
	case errors.Is(err, gitcli.ErrNotInstalled):
		return Revision{}, &UnknownRevisionError{Name: v.rev, Detail: "only git knows this syntax, and it is not installed"}
	case gitcli.ExitCode(err) > 0:
		return Revision{}, v.unknown("") // the name itself is known
	case err != nil:
		return Revision{}, err
	}
	id, err := gitwalk.ParseID(strings.TrimSpace(string(out)))
	if err != nil { // such as "^main", which excludes a commit
		return Revision{}, &UnknownRevisionError{Name: v.rev, Detail: "it does not stand for one commit"}
	}
	if id, err = v.peel(id); err != nil {
		return Revision{}, err
	}
	ref := start.ref
	if name != base {
		ref = v.fullName(base)
	}
	return Revision{ID: id, Ref: ref, Branch: branchOf(ref)}, nil
}

// nameBefore is what stands before the syntax "@{…}" or ":…", or all of it.
func nameBefore(base string) string {
	for _, mark := range []string{"@{", ":"} {
		base, _, _ = strings.Cut(base, mark)
	}
	return base
}

// fullName is the ref that git takes a name such as "@{upstream}" for, or "".
func (v *resolver) fullName(name string) string {
	if !strings.Contains(name, "@{") {
		return ""
	}
	out, err := v.repository.git.Output(v.repository.ctx, "rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", name)
	ref := strings.TrimSpace(string(out))
	if err != nil || !validRefName(ref) {
		return ""
	}
	return ref
}
