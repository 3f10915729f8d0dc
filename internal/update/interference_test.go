package update_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nix-authorize/nix-authorize/internal/gittest"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/internal/update"
)

// atStep does something at one step of a pull.
func atStep(step update.Step, do func()) func(*update.Options) {
	return func(o *update.Options) {
		o.AtStep = func(at update.Step) {
			if at == step {
				do()
			}
		}
	}
}

// TestBranchSwitchedMeanwhile: git would move whatever branch is checked out.
func TestBranchSwitchedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	old := checkout.Git("rev-parse", "HEAD")
	tip := s.grow(1)
	s.ends(outcome.Unchecked)(s.pull(atStep(update.StepBranch, func() { checkout.Git("checkout", "--quiet", "-b", "mine") })))
	isAt(t, checkout, "mine", old)
	isAt(t, checkout, "main", old)
	isClean(t, checkout)
	checkout.Git("checkout", "--quiet", "main")
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
}

// TestMergeOptions: a fast-forward is one, whatever git is configured to make of
// merges.
func TestMergeOptions(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	for _, setting := range [][2]string{
		{"branch.main.mergeOptions", "--squash"}, {"branch.main.mergeOptions", "--no-ff"}, {"branch.main.mergeOptions", "--no-commit"},
		{"branch.main.mergeOptions", "--verify-signatures"}, {"branch.main.mergeOptions", "--strategy=ours"},
		{"merge.ff", "false"}, {"merge.verifySignatures", "true"}, {"pull.rebase", "true"}, {"pull.ff", "false"},
		{"merge.autoStash", "true"}, {"fetch.prune", "true"}, {"remote.origin.tagOpt", "--tags"}, {"remote.origin.prune", "true"},
		{"fetch.writeCommitGraph", "true"}, {"submodule.recurse", "true"}, {"core.logAllRefUpdates", "always"}, {"diff.relative", "true"},
	} {
		checkout.Git("config", setting[0], setting[1])
		s.server.Git("tag", "--force", "moving", "HEAD")
		tip := s.grow(1)
		result := s.ends(outcome.Authentic)(s.pull(nil))
		s.at(checkout, tip)
		if result.Branch.String() != tip {
			t.Errorf("%s: the branch is said to be at %s", setting, result.Branch)
		}
		checkout.Git("config", "--unset", setting[0])
	}
	if tags := checkout.Git("tag"); tags != "" {
		t.Errorf("tags have come: %s", tags)
	}
}

// refuse installs a hook of the user's that says no to a ref.
func refuse(t *testing.T, r *gittest.Repo, ref string) {
	t.Helper()
	script := "#!/bin/sh\n[ \"$1\" != prepared ] || ! grep -q ' " + ref + "$' || { echo not here >&2; exit 1; }\n"
	if err := os.WriteFile(filepath.Join(r.Dir, ".git", "hooks", "reference-transaction"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestHookRefuses: where a hook of the user's says no, nothing moves, and the error
// does not say that somebody else has moved something.
func TestHookRefuses(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	before := picture(t, checkout)
	s.grow(1)
	if err := os.MkdirAll(filepath.Join(s.dir, ".git", "hooks"), 0o777); err != nil {
		t.Fatal(err)
	}
	refuse(t, checkout, "refs/remotes/origin/main")
	_, err := s.pull(nil)
	s.ends(outcome.Unchecked)(nil, err)
	if text, hint := err.Error(), outcome.From(err).Hint; !strings.Contains(text, "its refs cannot move") || !strings.Contains(text, "not here") || !strings.Contains(hint, "hook") {
		t.Errorf("the error is %q, the hint %q", text, hint)
	}
	s.unmoved(checkout, before)
	refuse(t, checkout, "refs/nix-authorize/quarantine/.*")
	s.ends(outcome.Unchecked)(s.pull(nil))
	s.unmoved(checkout, before)
}

// TestQuarantineStays: refs that cannot be deleted are no reason to say that the
// pull has failed.
func TestQuarantineStays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	tip := s.grow(1)
	result := s.ends(outcome.Authentic)(s.pull(atStep(update.StepDiscard, func() {
		if err := os.MkdirAll(filepath.Join(s.dir, ".git", "hooks"), 0o777); err != nil {
			t.Fatal(err)
		}
		refuse(t, checkout, "refs/nix-authorize/quarantine/.*")
	})))
	isAt(t, checkout, "HEAD", tip)
	if w := result.Warnings; len(w) != 1 || w[0].Code != "quarantine-left" {
		t.Errorf("warnings %+v", w)
	}
	if err := os.Remove(filepath.Join(s.dir, ".git", "hooks", "reference-transaction")); err != nil {
		t.Fatal(err)
	}
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
}

// smudge makes git run a shell command for the file "late", which comes last.
func smudge(t *testing.T, r *gittest.Repo, command string) {
	t.Helper()
	r.Git("config", "filter.late.smudge", command)
	r.Git("config", "filter.late.clean", "cat")
	r.Git("config", "filter.late.required", "true")
	if err := os.WriteFile(filepath.Join(r.Dir, ".git", "info", "attributes"), []byte("late filter=late\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

// halfWay is a checkout in which git fails to move the work tree when it has changed
// some of it. The commit before has a branch that is named like it.
func halfWay(t *testing.T, command string) (s *scene, checkout *gittest.Repo, before string) {
	s = newScene(t)
	s.server.CommitAs(s.alice, "gone", "gone\n")
	s.server.CommitAs(s.alice, "late", "1\n")
	checkout = s.clone()
	evil := checkout.CommitAs(s.mallory, "file", "evil\n")
	checkout.Git("reset", "--quiet", "--hard", "HEAD^")
	checkout.Git("update-ref", "refs/heads/"+checkout.Git("rev-parse", "HEAD"), evil)
	checkout.Write("mine", "mine\n")
	checkout.Write("newer/mine", "mine\n")
	before = picture(t, checkout)
	s.grow(1)
	s.server.CommitAs(s.alice, "a", "new\n")
	s.server.CommitAs(s.alice, "newer/a", "new\n")
	s.server.Git("rm", "--quiet", "gone")
	s.server.CommitAs(s.alice, "late", "2\n")
	smudge(t, checkout, command)
	return s, checkout, before
}

// wholly requires that nothing is left of a move that has failed, but for the tracking
// ref, and that the next one succeeds.
func (s *scene) wholly(checkout *gittest.Repo, before string) {
	s.t.Helper()
	tip := checkout.Git("rev-parse", "refs/remotes/origin/main")
	checkout.Git("update-ref", "refs/remotes/origin/main", "HEAD")
	s.unmoved(checkout, before)
	checkout.Git("config", "--remove-section", "filter.late")
	s.ends(outcome.Authentic)(s.pull(nil))
	isAt(s.t, checkout, "HEAD", tip)
	if status := checkout.Git("status", "--porcelain", "--untracked-files=no"); status != "" {
		s.t.Errorf("the work tree is %s", status)
	}
	for _, name := range []string{"mine", "newer/mine"} {
		if content, err := os.ReadFile(filepath.Join(s.dir, name)); string(content) != "mine\n" {
			s.t.Errorf("%s has become %q, %v", name, content, err)
		}
	}
}

// TestFailsHalfWay: what git has changed when it fails is put back.
func TestFailsHalfWay(t *testing.T) {
	t.Parallel()
	s, checkout, before := halfWay(t, "grep -v 2")
	checkout.Git("config", "status.showUntrackedFiles", "no")
	s.ends(outcome.Usage)(s.pull(nil))
	s.wholly(checkout, before)
}

// TestInterruptedHalfWay: and when the user has had enough.
func TestInterruptedHalfWay(t *testing.T) {
	t.Parallel()
	// The filter goes on when it is told to, or in a minute.
	s, checkout, before := halfWay(t, "touch .git/began; i=0; while ! [ -e .git/on ] && [ $i -lt 6000 ]; do sleep 0.01; i=$((i+1)); done; cat")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.ctx = ctx
	began, on := filepath.Join(s.dir, ".git", "began"), filepath.Join(s.dir, ".git", "on")
	var watch sync.WaitGroup
	_, err := s.pull(atStep(update.StepBranch, func() {
		watch.Go(func() {
			for ctx.Err() == nil {
				if _, err := os.Stat(began); err == nil {
					cancel()
				}
				time.Sleep(time.Millisecond)
			}
			time.Sleep(200 * time.Millisecond) // so that git has ended before its filter
			if err := os.WriteFile(on, nil, 0o600); err != nil {
				t.Error(err)
			}
		})
	}))
	cancel() // if it has not come so far
	watch.Wait()
	if !errors.Is(err, context.Canceled) || outcome.From(err).Class != outcome.Interrupted {
		t.Errorf("the pull ends with %v", err)
	}
	s.ctx = nil
	s.wholly(checkout, before)
}

// TestInterruptedFetch: the quarantine is gone and nothing is locked.
func TestInterruptedFetch(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	checkout := s.clone()
	before := picture(t, checkout)
	tip := s.grow(1)
	for _, step := range []update.Step{update.StepFetch, update.StepJudge, update.StepRemember} {
		ctx, cancel := context.WithCancel(t.Context())
		s.ctx = ctx
		_, err := s.pull(atStep(step, cancel))
		cancel()
		if outcome.From(err).Class != outcome.Interrupted {
			t.Errorf("%s: the pull ends with %v", step, err)
		}
		s.ctx = nil
		if step != update.StepRemember {
			s.unmoved(checkout, before)
		}
		if refs := checkout.Git("for-each-ref", "refs/nix-authorize"); refs != "" {
			t.Errorf("%s: left %s", step, refs)
		}
	}
	s.ends(outcome.Authentic)(s.pull(nil))
	s.at(checkout, tip)
}
