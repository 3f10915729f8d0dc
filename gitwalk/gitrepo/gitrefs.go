package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/gitcli"
)

// gitRefs asks git for refs.
type gitRefs struct {
	ctx context.Context
	git gitcli.Repository
}

func (g gitRefs) lookup(names ...string) (map[string]target, error) {
	found := make(map[string]target)
	var below []string
	for _, name := range names {
		if strings.HasPrefix(name, "refs/") {
			below = append(below, name)
			continue
		}
		t, ok, err := g.pseudo(name)
		if err != nil {
			return nil, err
		}
		if ok {
			found[name] = t
		}
	}
	if len(below) == 0 {
		return found, nil
	}
	err := g.list(below, func(name string, t target) bool {
		for _, wanted := range below {
			if name == wanted {
				found[name] = t
			}
		}
		return true
	})
	return found, err
}

// pseudo reads HEAD or a ref like it.
func (g gitRefs) pseudo(name string) (target, bool, error) {
	out, err := g.git.Output(g.ctx, "symbolic-ref", "--quiet", name)
	if err == nil {
		t, err := parseRef(append([]byte("ref: "), out...))
		return t, err == nil, err
	}
	if gitcli.ExitCode(err) < 0 {
		return target{}, false, err
	}
	out, err = g.git.Output(g.ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
	if gitcli.ExitCode(err) == 1 {
		return target{}, false, nil
	}
	if err != nil {
		return target{}, false, err
	}
	// Git would also take a branch or tag of this name. Where there are several
	// it has found the first, and does not say which that is.
	full, err := g.git.Output(g.ctx, "rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", name)
	if other := string(bytes.TrimSpace(full)); err == nil && other != "" && other != name {
		return target{}, false, nil
	}
	t, err := parseRef(out)
	return t, err == nil, err
}

// list calls visit for the refs that are named by patterns or lie below them.
func (g gitRefs) list(patterns []string, visit func(string, target) bool) error {
	args := append([]string{"for-each-ref", "--format=%(refname) %(objectname) %(symref)", "--"}, patterns...)
	out, err := g.git.Output(g.ctx, args...)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(fields) != 3 {
			return fmt.Errorf("git for-each-ref wrote the line %q", line)
		}
		t := target{ref: fields[2]}
		if t.ref == "" {
			if t.id, err = gitwalk.ParseID(fields[1]); err != nil {
				return fmt.Errorf("ref %s: %w", fields[0], err)
			}
		}
		if !visit(fields[0], t) {
			return nil
		}
	}
	return nil
}

func (g gitRefs) each(prefix string, visit func(string) bool) error {
	return g.list([]string{strings.TrimSuffix(prefix, "/")}, func(name string, _ target) bool {
		return visit(name)
	})
}
