package hook

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/gitwalk/gitrepo"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/verification"
)

// A Run is a hook that git has started.
type Run struct {
	Name Name
	Args []string // as git gives them
	// Dir is the directory that git has started the hook in.
	Dir    string
	Getenv func(string) string
	// MaxRefusals is as in authz.Verifier.
	MaxRefusals int
	// Pace is told before the first judgement how much of the machine the user wants
	// the hook to take. It may be nil.
	Pace func(Pace)
	// Observe is told how far the judgement of a long history is. It may be nil.
	Observe func(authz.Event)
	// Veto is told of each ref that must not move, and why.
	Veto func(Veto)
}

// A Veto is why git must not do something: Err, or if that is nil what Report says.
type Veto struct {
	Ref string // full name
	New gitwalk.ID
	// Old is what the ref is now, zero if it does not exist or is in another
	// repository.
	Old gitwalk.ID
	// Verification has judged New, unless Err came before.
	Verification *verification.Verification
	Report       *authz.Report
	Err          error
	// Hint says what state git leaves things in, and what to do.
	Hint string
}

// Class is the class of the outcome that git is told.
func (v Veto) Class() outcome.Class {
	if v.Err != nil {
		return outcome.From(v.Err).Class
	}
	return outcome.Of(v.Report.Outcome())
}

// Do judges what git tells on stdin and returns the class of the first veto, or
// outcome.Authentic if there is none. Refs that nobody has configured an introduction
// for cost nothing but a look at the configuration. An error is a veto too.
func (r *Run) Do(ctx context.Context, stdin io.Reader) (outcome.Class, error) {
	updates, err := r.read(stdin)
	if err != nil || len(updates) == 0 {
		return outcome.Authentic, err
	}
	repository, err := verification.Open(ctx, r.Dir, r.Getenv)
	if err != nil {
		return outcome.Authentic, r.unlessUnconfigured(ctx, err)
	}
	config, err := repository.Config()
	if err != nil {
		return outcome.Authentic, verification.Classify(repository, err)
	}
	protection := ProtectionIn(config)
	if !protection.Any() {
		return outcome.Authentic, nil
	}
	j := &judge{Run: r, ctx: ctx, repository: repository, config: config, protection: protection}
	return j.all(updates)
}

// read takes in what git is about to do. Of the states of a transaction only one can
// be vetoed; the script does not come here in the others.
func (r *Run) read(stdin io.Reader) ([]update, error) {
	switch r.Name {
	case ReferenceTransaction:
		if len(r.Args) != 1 {
			return nil, outcome.UsageError(fmt.Errorf("the hook %s takes one argument, the state", r.Name), "")
		}
		if r.Args[0] != "prepared" {
			return nil, nil
		}
	case PrePush, PreReceive:
	default:
		return nil, outcome.UsageError(fmt.Errorf("there is no hook %q", r.Name), "git runs this by itself")
	}
	return readUpdates(r.Name, stdin)
}

// directory is what a relative name of a keyring directory starts from: the work
// tree, also where git runs a hook within the repository.
func directory(repository *gitrepo.Repository, dir string) string {
	if dir == repository.GitDir() && filepath.Base(dir) == ".git" {
		return filepath.Dir(dir)
	}
	return dir
}
