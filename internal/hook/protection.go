package hook

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/keysource"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/trust"
)

// A Protection says which branches are judged before they move: those that have an
// introduction of their own, and, where the whole repository has one, those that a
// pattern names. All of it is the configuration of the repository's user.
type Protection struct {
	// Own are the branches with an introduction of their own.
	Own []string
	// General says that there is an introduction for all other branches.
	General bool
	// Patterns are names of branches in which * stands for any characters,
	// slashes too.
	Patterns []string

	config  gitrepo.Config
	remotes []string
	// fold says that the file system takes two names for one if only their case is
	// different: whoever serves a branch MAIN can then move main.
	fold bool
}

// ProtectionIn reads what is configured.
func ProtectionIn(config gitrepo.Config) *Protection {
	p := &Protection{
		config: config, Patterns: trust.Protected(config), remotes: config.Subsections("remote"),
		fold: config.IsTrue("core", "", "ignorecase"),
	}
	for _, branch := range config.Subsections(trust.Section) {
		if configured(config, trust.Section, branch) {
			p.Own = append(p.Own, branch)
		}
	}
	recorded := trust.Recorded(config, "")
	p.General = recorded.Introduction != "" || recorded.Signer != ""
	return p
}

// configured says whether there is at least half of an introduction. A half is a
// mistake, which the judgement tells the user; it must not mean no protection.
func configured(config gitrepo.Config, section, branch string) bool {
	_, commit := config.Get(section, branch, "introduction")
	_, signer := config.Get(section, branch, "signer")
	return commit || signer
}

// Any says whether any introduction is configured.
func (p *Protection) Any() bool { return p.General || len(p.Own) > 0 }

// covers says whether a branch with this short name is judged, and the name of the
// branch whose settings count.
func (p *Protection) covers(branch string) (settings string, ok bool) {
	for _, own := range p.Own {
		if p.folded(own) == p.folded(branch) {
			return own, true
		}
	}
	byName := func(pattern string) bool { return p.folded(plain(pattern)) == p.folded(branch) }
	byPattern := func(pattern string) bool { return matches(p.folded(plain(pattern)), p.folded(branch)) }
	switch {
	case !p.General:
		return "", false
	case slices.ContainsFunc(p.Patterns, byName):
		return branch, true
	case p.isKeyring(branch):
		return "", false // nobody signs it, and a pattern such as * does not mean it
	}
	return branch, slices.ContainsFunc(p.Patterns, byPattern)
}

func (p *Protection) folded(name string) string {
	if p.fold {
		return strings.ToLower(name)
	}
	return name
}

// isKeyring says whether keys are looked up in the branch, here or in a remote.
func (p *Protection) isKeyring(branch string) bool {
	refs := keysource.Refs(trust.Recorded(p.config, branch).Keyring)
	return slices.Contains(refs, "refs/heads/"+branch) || slices.ContainsFunc(p.remotes, func(remote string) bool {
		return slices.Contains(refs, "refs/remotes/"+remote+"/"+branch)
	})
}

// plain is a pattern without what people may write in front of a branch.
func plain(pattern string) string { return strings.TrimPrefix(pattern, "refs/heads/") }

// matches says whether a name is one that a pattern stands for.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	name, ok := strings.CutPrefix(name, parts[0])
	if len(parts) == 1 || !ok {
		return ok && name == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, rest, ok := strings.Cut(name, part)
		if !ok {
			return false
		}
		name = rest
	}
	return strings.HasSuffix(name, parts[last])
}

// A protectedRef is a ref that is judged.
type protectedRef struct {
	ref    string
	branch string // whose settings count
	// remote is the remote that the ref follows, and served its branch there. Both
	// are empty for a branch of the user's own.
	remote, served string
}

// find says whether a ref, by its full name, is judged.
func (p *Protection) find(ref string) (protectedRef, bool) {
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		settings, ok := p.covers(branch)
		return p.local(ref, settings), ok
	}
	rest, ok := strings.CutPrefix(ref, "refs/remotes/")
	if !ok {
		return protectedRef{}, false
	}
	for _, remote := range p.remotesOf(rest) {
		branch := strings.TrimPrefix(rest, remote+"/")
		settings, ok := p.covers(branch)
		if branch == "HEAD" || !ok {
			continue
		}
		served, ok := servedBranch(p.config.All("remote", remote, "fetch"), ref)
		if !ok {
			served = branch
		}
		return protectedRef{ref, settings, remote, served}, true
	}
	return protectedRef{}, false
}

// local is a branch of this repository. In a mirror it follows a remote.
func (p *Protection) local(ref, settings string) protectedRef {
	found := protectedRef{ref: ref, branch: settings}
	if !p.config.IsTrue("core", "", "bare") {
		return found
	}
	for _, remote := range p.remotes {
		if served, ok := servedBranch(p.config.All("remote", remote, "fetch"), ref); ok {
			found.remote, found.served = remote, served
			break
		}
	}
	return found
}

// remotesOf are the remotes that a name "REMOTE/BRANCH" can belong to: the names of
// both can have slashes.
func (p *Protection) remotesOf(name string) []string {
	var remotes []string
	for _, remote := range p.remotes {
		if strings.HasPrefix(name, remote+"/") {
			remotes = append(remotes, remote)
		}
	}
	if len(remotes) == 0 {
		remote, _, _ := strings.Cut(name, "/")
		remotes = append(remotes, remote)
	}
	return remotes
}

// CheckPattern makes sure that a pattern can be the name of a branch.
func CheckPattern(pattern string) error {
	if gitrepo.ValidBranch(strings.ReplaceAll(plain(pattern), "*", "x")) {
		return nil
	}
	return outcome.UsageError(fmt.Errorf("%q can be no branch", pattern), "write a name such as main, or a pattern such as 'release-*'")
}

// Usual are the branches that most people want judged: the one that is checked out
// and the one that the remote "origin" calls its own.
func Usual(repository *gitrepo.Repository) ([]string, error) {
	var branches []string
	if head := repository.HeadBranch(); head != "" {
		branches = append(branches, head)
	}
	if main, err := repository.Resolve("refs/remotes/origin/HEAD"); err == nil && main.Branch != "" && !slices.Contains(branches, main.Branch) {
		branches = append(branches, main.Branch)
	}
	if len(branches) == 0 {
		return nil, outcome.UsageError(errors.New("it is not clear which branches are to be protected: HEAD is detached"),
			"name them: nix-authorize hook install --protect main")
	}
	return branches, nil
}
