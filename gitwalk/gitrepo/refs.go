package gitrepo

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
)

// A target is what a ref says: an object id, or the name of another ref.
type target struct {
	id  gitwalk.ID
	ref string
}

// refStore is where refs are kept. All names are valid.
type refStore interface {
	// lookup reads refs without following them. A ref that does not exist
	// is not in the result.
	lookup(names ...string) (map[string]target, error)
	// each calls visit for the refs whose names start with prefix, which
	// ends in a slash, until it returns false.
	each(prefix string, visit func(name string) bool) error
}

func (r *Repository) refs() refStore {
	if r.layout.NeedsGit() {
		return gitRefs{ctx: r.ctx, git: r.git}
	}
	return &fileRefs{dir: r.commonDir}
}

// symbolicDepth is how many symbolic refs may follow upon each other, as in git.
const symbolicDepth = 5

// Ref returns the object that a ref names. The name is HEAD or starts with
// refs/; symbolic refs are followed. It is false for a ref that does not exist
// and for a branch that has no commit yet.
func (r *Repository) Ref(name string) (gitwalk.ID, bool, error) {
	hit, ok, err := follow(r.refs(), name)
	return hit.id, ok, err
}

// HeadBranch is the short name of the branch that HEAD is on, even if it has no
// commit yet, or "" if HEAD is detached or stands for a ref that is no branch.
func (r *Repository) HeadBranch() string {
	found, err := r.refs().lookup("HEAD")
	if err != nil {
		return ""
	}
	branch, ok := strings.CutPrefix(found["HEAD"].ref, "refs/heads/")
	if !ok {
		return ""
	}
	return branch
}

// A hit is an object and the ref that names it, at the end of symbolic refs.
type hit struct {
	id  gitwalk.ID
	ref string
}

// follow reads a ref and those that it stands for.
func follow(refs refStore, name string) (hit, bool, error) {
	for range symbolicDepth {
		if !validRefName(name) {
			return hit{}, false, nil
		}
		found, err := refs.lookup(name)
		if err != nil {
			return hit{}, false, err
		}
		t, ok := found[name]
		if !ok {
			return hit{}, false, nil
		}
		if t.ref == "" {
			return hit{t.id, name}, true, nil
		}
		name = t.ref
	}
	return hit{}, false, fmt.Errorf("symbolic ref %s: more than %d follow upon each other", name, symbolicDepth)
}

var errBadRef = errors.New("neither an object id nor the name of another ref")

// parseRef reads the content of the file of a ref: "ref: NAME", or an object id
// and possibly, in FETCH_HEAD, more.
func parseRef(content []byte) (target, error) {
	if name, ok := bytes.CutPrefix(content, []byte("ref:")); ok {
		t := target{ref: string(bytes.TrimSpace(name))}
		if !strings.HasPrefix(t.ref, "refs/") || !validRefName(t.ref) {
			return target{}, errBadRef
		}
		return t, nil
	}
	if len(content) < 40 || len(content) > 40 && !isBlank(content[40]) && content[40] != '\n' {
		return target{}, errBadRef
	}
	id, err := gitwalk.ParseID(string(content[:40]))
	if err != nil || id.IsZero() {
		return target{}, errBadRef
	}
	return target{id: id}, nil
}
